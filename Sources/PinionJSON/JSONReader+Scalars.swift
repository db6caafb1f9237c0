// MARK: - Words and numbers

extension JSONReader {
    package mutating func readNull() throws(JSONError) {
        try beginValue()
        guard current == UInt8(ascii: "n") else { throw wrongType("null") }
        try take("null")
    }

    package mutating func readBoolean() throws(JSONError) -> Bool {
        try beginValue()
        switch current {
        case UInt8(ascii: "t"):
            try take("true")
            return true
        case UInt8(ascii: "f"):
            try take("false")
            return false
        default: throw wrongType("a boolean")
        }
    }

    private mutating func take(_ word: StaticString) throws(JSONError) {
        for offset in 0..<word.utf8CodeUnitCount {
            guard take(word.utf8Start[offset]) else { throw unexpected("'\(word)'") }
        }
    }

    /// A number as one of the three cases of ``JSONValue``.
    package mutating func readNumber() throws(JSONError) -> JSONValue {
        try beginValue()
        let start = position
        let isNegative = take(UInt8(ascii: "-"))
        guard isNegative || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(current) else {
            throw wrongType("a number")
        }
        let digits = position
        try skipDigits()
        if bytes[digits] == UInt8(ascii: "0"), position > digits + 1 {
            throw fault(.syntax, "a number with a leading zero", at: start)
        }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try skipDigits()
        }
        if current | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try skipDigits()
        }
        guard position - start <= limits.numberLength else {
            throw fault(.limit, "a number longer than \(limits.numberLength) characters", at: start)
        }
        if isInteger, let integer = integer(digits..<position, isNegative: isNegative) { return .integer(integer) }
        let spelling = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let double = Double(spelling), double.isFinite else {
            throw fault(.limit, "the number \(JSONValue.quoted(spelling)) is out of range", at: start)
        }
        return isInteger ? .bigInteger(spelling) : .decimal(double)
    }

    private mutating func skipDigits() throws(JSONError) {
        let start = position
        while case UInt8(ascii: "0")...UInt8(ascii: "9") = current { position += 1 }
        guard position > start else { throw unexpected("a digit") }
    }

    /// Sums downwards, because the magnitude of the least `Int64` has no positive counterpart.
    private func integer(_ digits: Range<Int>, isNegative: Bool) -> Int64? {
        var value: Int64 = 0
        for byte in bytes[digits] {
            let (scaled, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = scaled.subtractingReportingOverflow(Int64(byte &- UInt8(ascii: "0")))
            if tooLarge || overflow { return nil }
            value = sum
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }
}

// MARK: - Bytes and faults

extension JSONReader {
    mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func skipWhitespace() {
        while position < bytes.count, Self.isWhitespace(bytes[position]) { position += 1 }
    }

    private static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// The fault of a place where nothing that the grammar allows stands.
    func unexpected(_ expected: String) -> JSONError {
        guard position < bytes.count else { return fault(.syntax, "expected \(expected), but the text ends") }
        let byte = bytes[position]
        let isPrintable = (0x21...0x7E).contains(byte)
        let found = isPrintable ? "'\(Unicode.Scalar(byte))'" : "the byte 0x" + String(byte, radix: 16, uppercase: true)
        return fault(.syntax, "expected \(expected), but found \(found)")
    }

    /// The fault of a value of another type than its reader asked for, or of no value at all.
    func wrongType(_ expected: StaticString) -> JSONError {
        do {
            let found =
                switch try nextKind() {
                case .null: "null"
                case .boolean: "a boolean"
                case .number: "a number"
                case .string: "a string"
                case .array: "an array"
                case .object: "an object"
                }
            return fault(.type, "expected \(expected), but found \(found)")
        } catch {
            return error
        }
    }

    func fault(_ code: JSONError.Code, _ message: String, at offset: Int? = nil) -> JSONError {
        JSONError(code, message, offset: offset ?? position)
    }
}
