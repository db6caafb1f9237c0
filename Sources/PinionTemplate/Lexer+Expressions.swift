/// The tokens inside `{{ }}` and `{% %}`.
extension Lexer {
    mutating func readExpression(endingWith end: Token.Kind) throws(TemplateError) {
        openBrackets = []
        while true {
            skipSpace()
            guard let scalar = peek() else { return }
            if openBrackets.isEmpty {
                let isBlock = end == .blockEnd
                if let after = closing(isBlock ? "%}" : "}}", at: offset, trimsLine: isBlock) {
                    append(end)
                    finish(at: after)
                    return
                }
            }
            if scalar.isASCIIDigit {
                try readNumber()
            } else if scalar == "_" || scalar.properties.isXIDStart {
                try readName()
            } else if scalar == "'" || scalar == "\"" {
                try readString(quote: scalar)
            } else {
                try readSymbol()
            }
        }
    }

    private mutating func readName() throws(TemplateError) {
        let start = offset
        while let scalar = peek(), scalar == "_" || scalar.properties.isXIDContinue { offset += 1 }
        guard offset - start <= TemplateLimits.nameLength else {
            throw fail("name longer than \(TemplateLimits.nameLength) characters", at: start)
        }
        let text = TemplateString(scalars: Array(source[start..<offset]), origin: .template)
        append(.name(TemplateName(text)), at: start)
    }

    private mutating func readSymbol() throws(TemplateError) {
        for symbol in Token.Symbol.allCases {
            let text = symbol.rawValue.unicodeScalars
            guard text.count <= source.count - offset, source[offset..<(offset + text.count)].elementsEqual(text) else {
                continue
            }
            try balance(symbol)
            append(.symbol(symbol))
            offset += text.count
            return
        }
        throw fail("unexpected character '\(source[offset])'", at: offset)
    }

    private mutating func balance(_ symbol: Token.Symbol) throws(TemplateError) {
        switch symbol {
        case .leftBracket: openBrackets.append(.rightBracket)
        case .leftParenthesis: openBrackets.append(.rightParenthesis)
        case .leftBrace: openBrackets.append(.rightBrace)
        case .rightBracket, .rightParenthesis, .rightBrace:
            guard let expected = openBrackets.popLast() else {
                throw fail("unexpected '\(symbol.rawValue)'", at: offset)
            }
            guard expected == symbol else {
                throw fail("unexpected '\(symbol.rawValue)', expected '\(expected.rawValue)'", at: offset)
            }
        default: break
        }
    }

    // MARK: - Numbers

    private mutating func readNumber() throws(TemplateError) {
        let start = offset
        if peek() == "0", let letter = peek(1), let radix = Self.radix(letter), let digit = peek(2),
            digit == "_" || Self.isDigit(digit, radix)
        {
            offset += 2
            try appendInteger(digits(radix), radix: radix, start: start)
            return
        }
        var text = digits(10)
        // After a dot the digits are an index, as in `messages.0.1`.
        let followsDot = start > 0 && source[start - 1] == "."
        var isFloat = false
        if !followsDot {
            if peek() == ".", let next = peek(1), next.isASCIIDigit {
                offset += 1
                text += "." + digits(10)
                isFloat = true
            }
            if let exponent = exponentDigits() {
                text += exponent
                isFloat = true
            }
        }
        guard isFloat else {
            try appendInteger(text, radix: 10, start: start)
            return
        }
        guard text.utf8.count <= TemplateLimits.literalLength, let value = Double(text) else {
            throw fail("invalid number", at: start)
        }
        append(.float(value), at: start)
    }

    private mutating func appendInteger(_ digits: String, radix: Int, start: Int) throws(TemplateError) {
        guard digits.utf8.count <= TemplateLimits.literalLength, let value = Int(digits, radix: radix) else {
            throw fail("integer literal does not fit in 64 bits", at: start)
        }
        append(.integer(value), at: start)
    }

    private mutating func digits(_ radix: Int) -> String {
        var text = String.UnicodeScalarView()
        while let scalar = peek() {
            if Self.isDigit(scalar, radix) {
                text.append(scalar)
            } else if !(scalar == "_" && peek(1).map { Self.isDigit($0, radix) } == true) {
                break
            }
            offset += 1
        }
        return String(text)
    }

    private mutating func exponentDigits() -> String? {
        guard peek() == "e" || peek() == "E" else { return nil }
        var text = "e"
        var length = 1
        if let sign = peek(1), sign == "+" || sign == "-" {
            text.unicodeScalars.append(sign)
            length = 2
        }
        guard let digit = peek(length), digit.isASCIIDigit else { return nil }
        offset += length
        return text + digits(10)
    }

    private static func radix(_ letter: Unicode.Scalar) -> Int? {
        switch letter {
        case "b", "B": 2
        case "o", "O": 8
        case "x", "X": 16
        default: nil
        }
    }

    private static func isDigit(_ scalar: Unicode.Scalar, _ radix: Int) -> Bool {
        guard scalar.isASCII, let value = Character(scalar).hexDigitValue else { return false }
        return value < radix
    }

    // MARK: - Strings

    private mutating func readString(quote: Unicode.Scalar) throws(TemplateError) {
        let start = offset
        var content: [Unicode.Scalar] = []
        offset += 1
        while let scalar = peek() {
            offset += 1
            if scalar == quote {
                append(.string(TemplateString(scalars: content, origin: .template)), at: start)
                return
            }
            if scalar == "\\" {
                try readEscape(into: &content)
            } else {
                content.append(scalar)
            }
        }
        throw fail("string is not closed", at: start)
    }

    /// One escape of a Python string literal, after its backslash.
    private mutating func readEscape(into content: inout [Unicode.Scalar]) throws(TemplateError) {
        guard let letter = peek() else { return }
        offset += 1
        switch letter {
        case "\n": break
        case "\\", "'", "\"": content.append(letter)
        case "n": content.append("\n")
        case "t": content.append("\t")
        case "r": content.append("\r")
        case "a": content.append("\u{07}")
        case "b": content.append("\u{08}")
        case "f": content.append("\u{0C}")
        case "v": content.append("\u{0B}")
        case "x": content.append(try readHexadecimal(2))
        case "u": content.append(try readHexadecimal(4))
        case "U": content.append(try readHexadecimal(8))
        case "N": throw fail("escapes by character name are not supported", at: offset - 2)
        case "0"..."7":
            var value = letter.value - 0x30
            var length = 1
            while length < 3, let digit = peek(), digit.isASCIIDigit, digit.value < 0x38 {
                value = value * 8 + digit.value - 0x30
                offset += 1
                length += 1
            }
            if let scalar = Unicode.Scalar(value) { content.append(scalar) }
        default:
            content.append("\\")
            content.append(letter)
        }
    }

    private mutating func readHexadecimal(_ length: Int) throws(TemplateError) -> Unicode.Scalar {
        let start = offset
        var value: UInt32 = 0
        for _ in 0..<length {
            guard let digit = peek(), digit.isASCII, let number = Character(digit).hexDigitValue else {
                throw fail("truncated escape in string, expected \(length) hexadecimal digits", at: start)
            }
            value = value << 4 | UInt32(number)
            offset += 1
        }
        if let scalar = Unicode.Scalar(value) { return scalar }
        if value & 0xFFFF_FC00 == 0xD800, length == 4, peek() == "\\", peek(1) == "u" {
            let rest = offset
            offset += 2
            var low: UInt32 = 0
            for _ in 0..<4 {
                guard let digit = peek(), digit.isASCII, let number = Character(digit).hexDigitValue else { break }
                low = low << 4 | UInt32(number)
                offset += 1
            }
            if low & 0xFFFF_FC00 == 0xDC00,
                let scalar = Unicode.Scalar(0x10000 + ((value & 0x3FF) << 10) + (low & 0x3FF))
            {
                return scalar
            }
            offset = rest
        }
        throw fail("escape in string is not a Unicode scalar", at: start)
    }
}
