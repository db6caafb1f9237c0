extension PatternParser {
    /// What an escape stands for.
    enum EscapedValue {
        case scalar(UInt32)
        case set(ScalarSet)
    }

    // MARK: - Escapes

    /// Parses what follows a backslash; the position stands on the character after it.
    mutating func parseEscapedValue(from start: Int, inBracket: Bool) throws(PatternError) -> EscapedValue {
        guard let scalar = next() else { throw failure("pattern ends after '\\'", at: start) }
        switch scalar {
        case "d": return .set(digit)
        case "D": return .set(digit.inverted)
        case "s": return .set(whitespace)
        case "S": return .set(whitespace.inverted)
        case "w": return .set(dialect.word)
        case "W": return .set(dialect.word.inverted)
        case "p", "P": return .set(try parseProperty(isNegated: scalar == "P", from: start))
        case "n": return .scalar(0x0A)
        case "r": return .scalar(0x0D)
        case "t": return .scalar(0x09)
        case "f": return .scalar(0x0C)
        case "v": return .scalar(0x0B)
        case "a" where dialect != .ecma: return .scalar(0x07)
        case "e" where dialect != .ecma: return .scalar(0x1B)
        case "c" where dialect == .ecma:
            guard let letter = next(), letter.isASCII, letter.properties.isAlphabetic else {
                throw failure("'\\c' needs a letter", at: start)
            }
            return .scalar(letter.value & 0x1F)
        case "b" where inBracket: return .scalar(0x08)
        case "h" where dialect == .oniguruma: return .set(Self.hexDigits)
        case "H" where dialect == .oniguruma: return .set(Self.hexDigits.inverted)
        case "0":
            if let digit = peek(), (0x30...0x39).contains(digit.value) {
                throw failure("octal escapes are not supported", at: start)
            }
            return .scalar(0)
        case "x": return .scalar(try parseHex(digits: 2, from: start))
        case "u": return .scalar(try parseUnicodeEscape(from: start))
        default: break
        }
        if (0x31...0x39).contains(scalar.value) || dialect == .ecma && scalar == "k" {
            throw unsupported("back-references are not supported", at: start)
        }
        if scalar.isASCII, scalar.properties.isAlphabetic {
            throw failure("unsupported escape '\\\(scalar)'", at: start)
        }
        return .scalar(scalar.value)
    }

    private var digit: ScalarSet { dialect == .ecma ? UnicodeClasses.asciiDigit : UnicodeClasses.digit }

    private var whitespace: ScalarSet {
        switch dialect {
        case .perl, .oniguruma: UnicodeClasses.whitespace
        case .ecma: UnicodeClasses.ecmaWhitespace
        case .python: UnicodeClasses.pythonWhitespace
        }
    }

    private static let hexDigits = ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66])

    /// `\xHH`, `\x{H…}`, `\uHHHH` and `\u{H…}`.
    private mutating func parseHex(digits: Int, from start: Int) throws(PatternError) -> UInt32 {
        let isBraced = skip("{")
        var value: UInt32 = 0
        var count = 0
        while isBraced || count < digits, let digit = peek(), let number = Self.hexValue(digit) {
            position += 1
            count += 1
            value = value << 4 | number
            guard count <= 8, value <= 0x10FFFF else { throw failure("character code is beyond 10FFFF", at: start) }
        }
        guard count > 0, isBraced ? skip("}") : count == digits else {
            throw failure("bad hexadecimal escape", at: start)
        }
        return value
    }

    /// A JSON Schema writes scalars beyond FFFF as two surrogate escapes; they are joined here. ECMA knows single surrogates,
    /// which no text holds: a ``ScalarSet`` drops them.
    private mutating func parseUnicodeEscape(from start: Int) throws(PatternError) -> UInt32 {
        let high = try parseHex(digits: 4, from: start)
        guard (0xD800...0xDFFF).contains(high) else { return high }
        let afterHigh = position
        if high < 0xDC00, skip("\\u"), let low = try? parseHex(digits: 4, from: start), (0xDC00...0xDFFF).contains(low)
        {
            return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
        }
        guard dialect == .ecma else { throw failure("unpaired surrogate", at: start) }
        position = afterHigh
        return high
    }

    private static func hexValue(_ scalar: Unicode.Scalar) -> UInt32? {
        switch scalar.value {
        case 0x30...0x39: scalar.value - 0x30
        case 0x41...0x46: scalar.value - 0x41 + 10
        case 0x61...0x66: scalar.value - 0x61 + 10
        default: nil
        }
    }

    /// `\pL`, `\p{Lu}`, `\p{^Lu}`, `\P{Lu}`.
    private mutating func parseProperty(isNegated: Bool, from start: Int) throws(PatternError) -> ScalarSet {
        var name = String.UnicodeScalarView()
        var isNegated = isNegated
        if skip("{") {
            if skip("^") { isNegated.toggle() }
            while let scalar = peek(), scalar != "}" {
                position += 1
                name.append(scalar)
            }
            guard skip("}") else { throw failure("property name is not closed", at: start) }
        } else if let scalar = next() {
            name.append(scalar)
        }
        guard let set = UnicodeClasses.named(String(name)) else {
            throw unsupported(
                "unsupported character property '\(String(name))'; general categories and the "
                    + "commonest scripts are known", at: start)
        }
        return isNegated ? set.inverted : set
    }

    // MARK: - Bracketed classes

    /// Parses a class after its `[`. A `]` that comes first is a member; `[` inside is an ordinary character, or opens a
    /// class within the class, by the dialect.
    mutating func parseBracket(from start: Int) throws(PatternError) -> ScalarSet {
        depth += 1
        defer { depth -= 1 }
        guard depth <= PatternLimits.nesting else {
            throw PatternError(
                .limitExceeded, "classes are nested deeper than \(PatternLimits.nesting)", line: 1, column: start + 1)
        }
        let isNegated = skip("^")
        var set = try parseClassMembers(from: start)
        while skip("&&") { set = set.intersection(try parseClassMembers(from: start)) }
        guard skip("]") else { throw failure("character class is not closed", at: start) }
        if flags.ignoresCase { set = CaseFolding.closure(of: set) }
        return isNegated ? set.inverted : set
    }

    /// The members up to the end of the class or to `&&`.
    private mutating func parseClassMembers(from start: Int) throws(PatternError) -> ScalarSet {
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while true {
            guard let scalar = peek() else { throw failure("character class is not closed", at: start) }
            if scalar == "]", !isFirst || dialect == .ecma { break }
            if scalar == "[", peek(1) == ":", dialect != .ecma || opensPOSIXClass {
                throw failure("POSIX classes such as [:alpha:] are not supported")
            }
            if scalar == "&", peek(1) == "&", dialect != .ecma {
                guard dialect == .oniguruma else { throw failure("set operations such as && are not supported") }
                break
            }
            isFirst = false
            if scalar == "[", dialect == .oniguruma {
                position += 1
                ranges += try parseBracket(from: position - 1).ranges
            } else {
                ranges += try parseClassItem()
            }
            guard ranges.count <= PatternLimits.setRanges else {
                throw PatternError(.limitExceeded, "character class is too large", line: 1, column: start + 1)
            }
        }
        return ScalarSet(ranges)
    }

    /// Whether `[:name:]` comes next. ECMA reads it as single characters, which nobody means who writes it.
    private var opensPOSIXClass: Bool {
        var offset = 2
        while let scalar = peek(offset), scalar.isASCII, scalar.properties.isAlphabetic || scalar == "^" { offset += 1 }
        return offset > 2 && peek(offset) == ":" && peek(offset + 1) == "]"
    }

    /// One character, one range or one class escape.
    private mutating func parseClassItem() throws(PatternError) -> [ClosedRange<UInt32>] {
        let start = position
        let lower: UInt32
        switch try parseClassEnd() {
        case .set(let set): return set.ranges
        case .scalar(let value): lower = value
        }
        guard peek() == "-", let after = peek(1), after != "]" else { return [lower...lower] }
        position += 1
        guard case .scalar(let upper) = try parseClassEnd() else {
            throw failure("a class cannot end a range", at: start)
        }
        guard lower <= upper else { throw failure("range is out of order", at: start) }
        return [lower...upper]
    }

    private mutating func parseClassEnd() throws(PatternError) -> EscapedValue {
        let start = position
        guard let scalar = next() else { throw failure("character class is not closed", at: start) }
        return scalar == "\\" ? try parseEscapedValue(from: start, inBracket: true) : .scalar(scalar.value)
    }
}
