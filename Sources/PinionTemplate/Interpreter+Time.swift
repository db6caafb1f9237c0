import Foundation

/// `strftime_now`: the clock in UTC, in English, whatever the machine's locale.
extension Interpreter {
    private static let weekdays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ]

    /// A moment in the proleptic Gregorian calendar.
    private struct CivilTime {
        let year, month, day, hour, minute, second, microsecond, weekday, dayOfYear: Int
        let secondsSinceEpoch: Int

        init(_ date: Date) {
            // Years 1 to 9999, the range of Python's datetime.
            let limited = min(max(date.timeIntervalSince1970, -62_135_596_800), 253_402_300_799)
            secondsSinceEpoch = Int(limited.rounded(.down))
            microsecond = min(Int((limited - limited.rounded(.down)) * 1e6), 999_999)
            let days = Int((Double(secondsSinceEpoch) / 86_400).rounded(.down))
            let time = secondsSinceEpoch - days * 86_400
            (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60)
            weekday = ((days + 4) % 7 + 7) % 7
            // Days are counted in 400-year cycles that begin on 1 March, which puts leap days last.
            let shifted = days + 719_468
            let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
            let dayOfEra = shifted - era * 146_097
            let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
            let dayOfMarchYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
            let shiftedMonth = (5 * dayOfMarchYear + 2) / 153
            day = dayOfMarchYear - (153 * shiftedMonth + 2) / 5 + 1
            month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
            year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month - 1]
            dayOfYear = before + day + (isLeap && month > 2 ? 1 : 0)
        }
    }

    func formatTime(_ format: TemplateString) throws(TemplateError) -> TemplateString {
        try charge(text: format.count)
        let time = CivilTime(now)
        var buffer = Buffer()
        buffer.isTainted = format.hasRequestContent
        var reader = FormatReader(format.scalars)
        while let scalar = reader.next() {
            guard scalar == "%" else {
                buffer.scalars.append(scalar)
                continue
            }
            var flag: Unicode.Scalar?
            if let candidate = reader.peek, "-_0".unicodeScalars.contains(candidate) { flag = reader.next() }
            guard let directive = reader.next() else {
                buffer.append("%")
                break
            }
            try charge()
            buffer.append(Self.text(of: directive, flag, time))
        }
        try charge(text: buffer.scalars.count)
        return buffer.string
    }

    private static func text(of directive: Unicode.Scalar, _ flag: Unicode.Scalar?, _ time: CivilTime) -> String {
        func number(_ value: Int, _ width: Int = 2, pad: Character = "0") -> String {
            let pad: Character = flag == "_" ? " " : flag == "0" ? "0" : pad
            let digits = "\(value)"
            return flag == "-" ? digits : String(repeating: pad, count: max(0, width - digits.count)) + digits
        }
        func parts(_ directives: String) -> String {
            directives.unicodeScalars.map {
                "aAbBdeHIjmMpSyY".unicodeScalars.contains($0) ? text(of: $0, nil, time) : "\($0)"
            }
            .joined()
        }
        let hour12 = time.hour % 12 == 0 ? 12 : time.hour % 12
        switch directive {
        case "Y": return "\(time.year)"
        case "y": return number(time.year % 100)
        case "C": return number(time.year / 100)
        case "m": return number(time.month)
        case "d": return number(time.day)
        case "e": return number(time.day, pad: " ")
        case "H": return number(time.hour)
        case "k": return number(time.hour, pad: " ")
        case "I": return number(hour12)
        case "l": return number(hour12, pad: " ")
        case "M": return number(time.minute)
        case "S": return number(time.second)
        case "f": return number(time.microsecond, 6)
        case "j": return number(time.dayOfYear, 3)
        case "p": return time.hour < 12 ? "AM" : "PM"
        case "P": return time.hour < 12 ? "am" : "pm"
        case "a": return String(weekdays[time.weekday].prefix(3))
        case "A": return weekdays[time.weekday]
        case "b", "h": return String(months[time.month - 1].prefix(3))
        case "B": return months[time.month - 1]
        case "u": return "\(time.weekday == 0 ? 7 : time.weekday)"
        case "w": return "\(time.weekday)"
        case "U": return number((time.dayOfYear + 6 - time.weekday) / 7)
        case "W": return number((time.dayOfYear + 6 - (time.weekday + 6) % 7) / 7)
        case "s": return "\(time.secondsSinceEpoch)"
        case "F": return parts("Y-m-d")
        case "T", "X": return parts("H:M:S")
        case "R": return parts("H:M")
        case "r": return parts("I:M:S p")
        case "D", "x": return parts("m/d/y")
        case "c": return parts("a b e H:M:S Y")
        case "n": return "\n"
        case "t": return "\t"
        case "z", "Z": return ""
        case "%": return "%"
        default: return "%" + (flag.map { "\($0)" } ?? "") + "\(directive)"
        }
    }
}
