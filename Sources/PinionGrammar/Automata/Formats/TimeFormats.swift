/// Dates and times of RFC 3339, section 5.6 and appendix A.
enum TimeFormats {
    /// Days that exist: the 29th of February in leap years only.
    static let date: String = {
        let day28 = "(?:0[1-9]|1[0-9]|2[0-8])"
        let anyYear = "[0-9]{4}-(?:(?:0[1-9]|1[0-2])-\(day28)|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
        let fourths = "(?:0[48]|[2468][048]|[13579][26])"
        let leapYear = "(?:[0-9]{2}\(fourths)|(?:00|\(fourths))00)-02-29"
        return "\(anyYear)|\(leapYear)"
    }()

    private static let hour = "(?:[01][0-9]|2[0-3])"
    private static let minute = "[0-5][0-9]"
    private static let fraction = "(?:\\.[0-9]+)?"

    /// Times of the day with an offset. A second may be the 60th where the time is 23:59 in UTC; whether a leap second was
    /// inserted on some day is no question of form.
    static func time() throws(GrammarError) -> ByteAutomaton {
        try .union(
            [
                StringFormat.pattern("\(hour):\(minute):[0-5][0-9]\(fraction)(?:[Zz]|[+-]\(hour):\(minute))"),
                StringFormat.pattern("23:59:60\(fraction)[Zz]"),
                // East of UTC by whole hours.
                StringFormat.pattern(related(24) { "\($0):59:60\(fraction)\\+\(twoDigits(($1 + 1) % 24)):00" }),
                // East by other offsets: the time is the offset less a minute.
                StringFormat.pattern(
                    related(60) { "\(hour):\($0):60\(fraction)\\+\(hour):\(twoDigits(($1 + 1) % 60))" }
                )
                .intersection(
                    StringFormat.pattern(
                        related(24) { hour, _ in "\(hour):\(minute):60\(fraction)\\+\(hour):(?!00)\(minute)" })),
                // West: time and offset add up to 23:59.
                StringFormat.pattern(related(60) { "\(hour):\($0):60\(fraction)-\(hour):\(twoDigits(59 - $1))" })
                    .intersection(
                        StringFormat.pattern(
                            related(24) { "\($0):\(minute):60\(fraction)-\(twoDigits(23 - $1)):\(minute)" })),
            ])
    }

    /// One alternative for each number below a bound, made of the number's two digits and the number.
    private static func related(_ bound: Int, _ alternative: (String, Int) -> String) -> String {
        (0..<bound).map { alternative(twoDigits($0), $0) }.joined(separator: "|")
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    static let duration: String = {
        let seconds = "[0-9]+S"
        let minutes = "[0-9]+M(?:\(seconds))?"
        let time = "T(?:[0-9]+H(?:\(minutes))?|\(minutes)|\(seconds))"
        let days = "[0-9]+D"
        let months = "[0-9]+M(?:\(days))?"
        let date = "(?:\(days)|\(months)|[0-9]+Y(?:\(months))?)(?:\(time))?"
        return "P(?:\(date)|\(time)|[0-9]+W)"
    }()
}
