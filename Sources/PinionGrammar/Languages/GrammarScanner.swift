/// Reads the text of a grammar from its beginning to its end.
struct GrammarScanner {
    let text: GrammarText
    var position = 0

    init(_ text: GrammarText) {
        self.text = text
    }

    var isAtEnd: Bool { position >= text.scalars.count }

    func peek(_ offset: Int = 0) -> Unicode.Scalar? {
        let index = position + offset
        return index < text.scalars.count ? text.scalars[index] : nil
    }

    mutating func next() -> Unicode.Scalar? {
        guard let scalar = peek() else { return nil }
        position += 1
        return scalar
    }

    /// Whether nothing but blanks stands before the position in its line.
    var isFirstInLine: Bool {
        var index = position
        while index > 0 {
            index -= 1
            switch text.scalars[index] {
            case " ", "\t": continue
            case "\n", "\r": return true
            default: return false
            }
        }
        return true
    }

    /// Steps over a scalar if it comes next.
    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard peek() == scalar else { return false }
        position += 1
        return true
    }

    /// Steps over a text if it comes next.
    mutating func skip(_ wanted: String) -> Bool {
        guard text.scalars[position...].starts(with: wanted.unicodeScalars) else { return false }
        position += wanted.unicodeScalars.count
        return true
    }

    /// The text up to the first scalar that does not satisfy the condition.
    mutating func take(while isWanted: (Unicode.Scalar) -> Bool) -> String {
        let start = position
        while let scalar = peek(), isWanted(scalar) { position += 1 }
        return text.slice(start..<position)
    }

    /// A number of decimal digits, saturating; nil if there is no digit.
    mutating func takeNumber() -> Int? {
        var value: Int?
        while let digit = peek(), ("0"..."9").contains(digit) {
            position += 1
            let (tens, overflow) = (value ?? 0).multipliedReportingOverflow(by: 10)
            value = overflow || tens > Int.max - 9 ? .max : tens + Int(digit.value - 0x30)
        }
        return value
    }

    /// The value of so many hexadecimal digits, which must be there.
    mutating func takeHexadecimal(_ digits: Int, of start: Int) throws(GrammarError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let digit = peek(),
                let number = digit.properties.isASCIIHexDigit ? Int(String(digit), radix: 16) : nil
            else {
                throw text.failure(
                    "expected \(digits) hexadecimal digits in an escape, found \(text.found(at: position))", at: start)
            }
            position += 1
            value = value << 4 | UInt32(number)
        }
        guard value <= 0x10FFFF else { throw text.failure("a character code is beyond U+10FFFF", at: start) }
        return value
    }

    /// An error that names what is expected at the position, and what stands there.
    func unexpected(_ expected: String) -> GrammarError {
        text.failure("expected \(expected), found \(text.found(at: position))", at: position)
    }
}
