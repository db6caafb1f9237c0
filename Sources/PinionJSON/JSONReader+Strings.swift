// MARK: - What a reader asks of strings

extension JSONReader {
    /// Reads a string, which is then the text of ``isText(_:)``, ``textString`` and ``textBytes``.
    package mutating func readText() throws(JSONError) {
        try beginValue()
        guard current == UInt8(ascii: "\"") else { throw wrongType("a string") }
        try scanString()
    }

    package mutating func readString() throws(JSONError) -> String {
        try readText()
        return textString
    }

    /// Whether the last name or string is this word, byte by byte.
    package func isText(_ word: StaticString) -> Bool {
        guard text.count == word.utf8CodeUnitCount else { return false }
        let word = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        return isEscaped ? unescaped[text].elementsEqual(word) : bytes[text].elementsEqual(word)
    }

    /// The last name or string.
    package var textString: String {
        isEscaped ? String(decoding: unescaped[text], as: UTF8.self) : String(decoding: bytes[text], as: UTF8.self)
    }

    /// The last name or string as UTF-8.
    package var textBytes: [UInt8] {
        isEscaped ? Array(unescaped[text]) : Array(bytes[text])
    }

    /// Calls `body` with the UTF-8 of the last name or string, without copying it.
    package func withText<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        guard isEscaped else { return body(UnsafeBufferPointer(rebasing: bytes[text])) }
        return unescaped.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[text])) }
    }
}

// MARK: - Scanning

extension JSONReader {
    /// Scans from the opening quote to past the closing one, and checks that the string is UTF-8.
    mutating func scanString() throws(JSONError) {
        textOffset = position
        position += 1
        isEscaped = false
        var start = position
        var isASCII = true
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                if isEscaped {
                    unescaped.append(contentsOf: bytes[start..<position])
                    text = 0..<unescaped.count
                } else {
                    text = start..<position
                }
                position += 1
                guard isASCII || isValidText else {
                    throw fault(.syntax, "invalid UTF-8 in the string", at: textOffset)
                }
                return
            }
            if byte == UInt8(ascii: "\\") {
                if !isEscaped { unescaped.removeAll(keepingCapacity: true) }
                isEscaped = true
                unescaped.append(contentsOf: bytes[start..<position])
                try scanEscape()
                start = position
            } else {
                guard byte >= 0x20 else { throw fault(.syntax, "an unescaped control character in a string") }
                if byte >= 0x80 { isASCII = false }
                position += 1
            }
        }
        throw fault(.syntax, "a string without end", at: textOffset)
    }

    private var isValidText: Bool {
        withText { String(validating: $0, as: UTF8.self) != nil }
    }

    private mutating func scanEscape() throws(JSONError) {
        let start = position
        position += 1
        let byte = current
        guard position < bytes.count else { throw fault(.syntax, "a string without end", at: start) }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"): unescaped.append(contentsOf: UTF8.encode(try unicodeEscape(from: start)) ?? .init())
        default: throw fault(.syntax, "an unknown escape in a string", at: start)
        }
    }

    /// The scalar of `\uXXXX`, or of a surrogate pair written as two of them; the position is past the `u`.
    private mutating func unicodeEscape(from start: Int) throws(JSONError) -> Unicode.Scalar {
        var code = try fourHexDigits()
        if case 0xD800...0xDBFF = code, take(UInt8(ascii: "\\")) {
            guard take(UInt8(ascii: "u")) else { throw fault(.syntax, "a lone surrogate", at: start) }
            let low = try fourHexDigits()
            guard case 0xDC00...0xDFFF = low else { throw fault(.syntax, "a lone surrogate", at: start) }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw fault(.syntax, "a lone surrogate", at: start) }
        return scalar
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch current {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = current - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = current - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = current - UInt8(ascii: "A") + 10
            default: throw unexpected("a hexadecimal digit")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}
