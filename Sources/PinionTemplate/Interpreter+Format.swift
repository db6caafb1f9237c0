/// Text made from format strings: `%` and `str.format`.
///
/// The result of a format is the request's as soon as the format or any argument may be: pieces are not tracked.
extension Interpreter {
    /// How one value is laid out.
    struct Layout {
        var fill: Unicode.Scalar = " "
        /// One of `<`, `>`, `^`, `=`; absent means the kind's own.
        var alignment: Unicode.Scalar?
        var sign: Unicode.Scalar = "-"
        var isAlternate = false
        var groups = false
        var width = 0
        var precision: Int?
        var kind: Unicode.Scalar?
    }

    // MARK: - Percent

    func formatPercent(_ format: TemplateString, _ value: TemplateValue) throws(TemplateError) -> TemplateString {
        var values: [TemplateValue] = [value]
        // Anything that can be indexed passes for a mapping in Python, and no use need be made of it.
        if case .sequence(let sequence) = value, sequence.kind == .list {
            return try formatPercent(format, values, mapping: value, requiresAll: false)
        }
        if case .sequence(let sequence) = value, sequence.kind == .tuple || sequence.kind == .group {
            values = sequence.items
        }
        return try formatPercent(format, values, mapping: value)
    }

    func formatPercent(
        _ format: TemplateString, _ values: [TemplateValue], mapping: TemplateValue, requiresAll: Bool = true
    ) throws(TemplateError) -> TemplateString {
        try charge(text: format.count)
        var buffer = Buffer()
        buffer.isTainted = format.hasRequestContent
        var reader = FormatReader(format.scalars)
        var next = 0
        while let scalar = reader.next() {
            guard scalar == "%" else {
                buffer.scalars.append(scalar)
                continue
            }
            var key: TemplateString?
            if reader.skip("(") {
                key = TemplateString(scalars: try reader.read(until: ")"), origin: .template)
            }
            let layout = try readPercentLayout(&reader)
            if layout.kind == "%" {
                buffer.scalars.append("%")
                continue
            }
            let argument: TemplateValue
            if let key {
                guard case .mapping(let entries) = mapping, let found = try find(.string(key), in: entries) else {
                    throw Self.fail("format: no value for '\(TemplateName(key))'")
                }
                argument = found
            } else {
                guard next < values.count else { throw Self.fail("not enough arguments for format string") }
                argument = values[next]
                next += 1
            }
            try write(argument, percent: layout, into: &buffer)
        }
        if case .mapping = mapping { return buffer.string }
        guard next == values.count || !requiresAll else {
            throw Self.fail("not all arguments converted during string formatting")
        }
        return buffer.string
    }

    private func readPercentLayout(_ reader: inout FormatReader) throws(TemplateError) -> Layout {
        var layout = Layout()
        while let flag = reader.peek, "-+ #0".unicodeScalars.contains(flag) {
            _ = reader.next()
            switch flag {
            case "-": layout.alignment = "<"
            case "0": if layout.alignment == nil { layout.alignment = "=" }
            case "#": layout.isAlternate = true
            default: layout.sign = flag
            }
        }
        layout.fill = layout.alignment == "=" ? "0" : " "
        layout.width = try reader.number() ?? 0
        if reader.skip(".") { layout.precision = try reader.number() ?? 0 }
        guard let kind = reader.next() else { throw Self.fail("incomplete format") }
        layout.kind = kind
        return layout
    }

    private func write(
        _ value: TemplateValue, percent layout: Layout, into buffer: inout Buffer
    ) throws(TemplateError) {
        var layout = layout
        switch layout.kind {
        case "s", "r", "a":
            let text = layout.kind == "s" ? try string(value) : try repr(value)
            if layout.alignment != "<" { layout.alignment = ">" }
            layout.fill = " "
            try write(text, layout, into: &buffer)
        case "d", "i", "u":
            guard let number = value.number, number.isFinite || value.integer != nil else {
                throw Self.fail("%d format: a number is required, not \(value.typeName)")
            }
            guard let whole = value.integer ?? Int(exactly: number.rounded(.towardZero)) else {
                throw Self.fail("%d format: the number is out of range")
            }
            layout.kind = "d"
            layout.precision = nil
            try write(.int(whole), layout, into: &buffer)
        case "x", "X", "o", "f", "F", "e", "E", "g", "G":
            try write(value, layout, into: &buffer)
        case "c":
            if let code = value.integer, let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) {
                buffer.scalars.append(scalar)
                buffer.isTainted = true
            } else {
                try write(try string(value), layout, into: &buffer)
            }
        default:
            throw Self.fail("unsupported format character '\(layout.kind.map { "\($0)" } ?? "")'")
        }
    }

    // MARK: - Layout

    /// Text cut to the precision and padded to the width.
    func write(_ text: TemplateString, _ layout: Layout, into buffer: inout Buffer) throws(TemplateError) {
        try charge(text: max(text.count, layout.width) + buffer.scalars.count)
        if text.hasRequestContent { buffer.isTainted = true }
        let shown = text.scalars.prefix(layout.precision ?? text.count)
        pad(Array(shown), layout, standard: "<", into: &buffer)
    }

    private func pad(
        _ body: [Unicode.Scalar], sign: [Unicode.Scalar] = [], _ layout: Layout, standard: Unicode.Scalar,
        into buffer: inout Buffer
    ) {
        let missing = max(0, layout.width - body.count - sign.count)
        let padding = [Unicode.Scalar](repeating: layout.fill, count: missing)
        switch layout.alignment ?? standard {
        case "<": buffer.scalars += sign + body + padding
        case "=": buffer.scalars += sign + padding + body
        case "^":
            buffer.scalars += padding.prefix(missing / 2) + sign + body + padding.prefix(missing - missing / 2)
        default: buffer.scalars += padding + sign + body
        }
    }

    /// A number as its kind says.
    func write(_ value: TemplateValue, _ layout: Layout, into buffer: inout Buffer) throws(TemplateError) {
        try charge(text: layout.width + buffer.scalars.count)
        buffer.isTainted = true
        var digits: String
        var isNegative = false
        let needsInteger = layout.kind.map { "dnxXob".unicodeScalars.contains($0) } ?? (value.integer != nil)
        if needsInteger {
            guard let number = value.integer else {
                throw Self.fail("format '\(layout.kind.map { "\($0)" } ?? "")' needs an integer, not \(value.typeName)")
            }
            isNegative = number < 0
            let radixes: [Unicode.Scalar: Int] = ["x": 16, "X": 16, "o": 8, "b": 2]
            let radix = layout.kind.flatMap { radixes[$0] } ?? 10
            digits = String(number.magnitude, radix: radix, uppercase: layout.kind == "X")
            if layout.isAlternate, radix != 10, let kind = layout.kind { digits = "0\(kind)" + digits }
        } else {
            guard let number = value.number else {
                throw Self.fail("format needs a number, not \(value.typeName)")
            }
            isNegative = number.sign == .minus
            digits = try real(abs(number), layout)
        }
        if layout.groups { digits = Self.grouped(digits) }
        let sign: [Unicode.Scalar] = isNegative ? ["-"] : layout.sign == "-" ? [] : [layout.sign]
        pad(Array(digits.unicodeScalars), sign: sign, layout, standard: ">", into: &buffer)
    }

    private func real(_ number: Double, _ layout: Layout) throws(TemplateError) -> String {
        let precision = layout.precision ?? 6
        switch layout.kind {
        case "f", "F", "e", "E", "g", "G":
            return PythonFloat.format(number, Character(layout.kind ?? "f"), precision: precision)
        case "%": return PythonFloat.format(number * 100, "f", precision: precision) + "%"
        case nil:
            guard layout.precision != nil else { return PythonFloat.repr(number) }
            return PythonFloat.format(number, "g", precision: precision)
        default: throw Self.fail("unknown format code for a number")
        }
    }

    private static func grouped(_ digits: String) -> String {
        let whole = digits.prefix { $0.isNumber }
        var result = ""
        for (place, digit) in whole.enumerated() {
            if place > 0, (whole.count - place) % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return result + digits.dropFirst(whole.count)
    }
}

/// Walks over a format string.
struct FormatReader {
    private let scalars: [Unicode.Scalar]
    private var place = 0

    init(_ scalars: [Unicode.Scalar]) { self.scalars = scalars }

    var peek: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    mutating func next() -> Unicode.Scalar? {
        guard let scalar = peek else { return nil }
        place += 1
        return scalar
    }

    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        place += 1
        return true
    }

    mutating func read(until end: Unicode.Scalar) throws(TemplateError) -> [Unicode.Scalar] {
        let start = place
        while let scalar = next() {
            if scalar == end { return Array(scalars[start..<(place - 1)]) }
        }
        throw Interpreter.fail("format string misses '\(end)'")
    }

    /// A width or precision, which must not exceed ``TemplateLimits/formatWidth``.
    mutating func number() throws(TemplateError) -> Int? {
        var value: Int?
        while let scalar = peek, scalar.isASCIIDigit {
            let number = (value ?? 0) * 10 + Int(scalar.value - 0x30)
            guard number <= TemplateLimits.formatWidth else {
                throw TemplateError(
                    .limitExceeded, "format width or precision exceeds \(TemplateLimits.formatWidth)")
            }
            value = number
            place += 1
        }
        return value
    }
}
