extension JSONValue {
    /// Parses a JSON text, RFC 8259 to the letter.
    ///
    /// - Throws: ``APIError/bodyNotJSON(_:)`` with the byte offset of the fault.
    package static func parse(_ bytes: [UInt8]) throws(APIError) -> JSONValue {
        var parser = JSONParser(bytes)
        return try parser.parse()
    }
}

/// A strict, bounded JSON parser.
///
/// Foundation's was rejected: it keeps neither the paths nor the spelling of numbers that the error wording needs, and
/// lets pass what we refuse. Beyond the grammar these are refused, all as "not JSON": a name that an object holds twice
/// (which of the two counts is a guess), a lone surrogate (no Unicode text can hold it), a number beyond a double,
/// and whatever passes one of the limits. A byte order mark is refused as the RFC lets a parser do.
struct JSONParser {
    /// Deepest nesting of arrays and objects; it bounds the recursion.
    static let maximumDepth = 128
    /// Most values in one text; it bounds the memory a small body can claim.
    static let maximumValues = 250_000
    /// Longest spelling of a number, in bytes.
    static let maximumNumberLength = 1_024
    /// Longest name of an object's member, in bytes: names are copied into the paths of everything below them.
    static let maximumNameLength = 1_024
    /// Members up to which duplicate names are found by comparison rather than by hashing.
    private static let smallObject = 8

    let bytes: [UInt8]
    var position = 0
    private var depth = 0
    private var values = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func parse() throws(APIError) -> JSONValue {
        skipWhitespace()
        guard position < bytes.count else { throw .bodyNotJSON("the body is empty") }
        let result = try value()
        skipWhitespace()
        guard position == bytes.count else { throw unexpected("the end of the text") }
        return result
    }

    /// The byte at the position, 0 at the end: no place in the grammar takes a NUL.
    private var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

    private mutating func value() throws(APIError) -> JSONValue {
        values += 1
        guard values <= Self.maximumValues else { throw fault("more than \(Self.maximumValues) values") }
        switch current {
        case UInt8(ascii: "{"): return .object(try nested { (parser) throws(APIError) in try parser.object() })
        case UInt8(ascii: "["): return .array(try nested { (parser) throws(APIError) in try parser.array() })
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: throw unexpected("a value")
        }
    }

    private mutating func nested<Result>(
        _ body: (inout JSONParser) throws(APIError) -> Result
    ) throws(APIError) -> Result {
        guard depth < Self.maximumDepth else { throw fault("nesting deeper than \(Self.maximumDepth) levels") }
        depth += 1
        position += 1
        skipWhitespace()
        let result = try body(&self)
        depth -= 1
        return result
    }

    private mutating func array() throws(APIError) -> [JSONValue] {
        var elements: [JSONValue] = []
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try value())
            skipWhitespace()
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw unexpected("',' or ']'") }
            skipWhitespace()
        }
    }

    private mutating func object() throws(APIError) -> JSONObject {
        var object = JSONObject()
        var names: Set<ProtocolWord> = []
        if take(UInt8(ascii: "}")) { return object }
        while true {
            guard current == UInt8(ascii: "\"") else { throw unexpected("a name in double quotes") }
            let start = position
            let name = try string()
            guard name.utf8.count <= Self.maximumNameLength else {
                throw fault("a name is longer than \(Self.maximumNameLength) bytes", at: start)
            }
            guard isNew(name, in: object, &names) else {
                throw fault("the name '\(APIError.quoted(name))' is used twice in one object", at: start)
            }
            skipWhitespace()
            guard take(UInt8(ascii: ":")) else { throw unexpected("':'") }
            skipWhitespace()
            object.members.append(JSONObject.Member(name: name, value: try value()))
            skipWhitespace()
            if take(UInt8(ascii: "}")) { return object }
            guard take(UInt8(ascii: ",")) else { throw unexpected("',' or '}'") }
            skipWhitespace()
        }
    }

    private func isNew(_ name: String, in object: JSONObject, _ names: inout Set<ProtocolWord>) -> Bool {
        let name = ProtocolWord(name)
        if object.members.count < Self.smallObject {
            return !object.members.contains { ProtocolWord($0.name) == name }
        }
        if names.isEmpty { names = Set(object.members.map { ProtocolWord($0.name) }) }
        return names.insert(name).inserted
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(APIError) -> JSONValue {
        for offset in 0..<text.utf8CodeUnitCount {
            guard take(text.utf8Start[offset]) else { throw unexpected("'\(text)'") }
        }
        return value
    }
}

// MARK: - Numbers

extension JSONParser {
    private mutating func number() throws(APIError) -> JSONValue {
        let start = position
        let negative = take(UInt8(ascii: "-"))
        let digits = position
        try skipDigits()
        if bytes[digits] == UInt8(ascii: "0"), position > digits + 1 {
            throw fault("a number with a leading zero", at: start)
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
        guard position - start <= Self.maximumNumberLength else {
            throw fault("a number longer than \(Self.maximumNumberLength) characters", at: start)
        }
        if isInteger, let integer = integer(digits..<position, negative: negative) { return .integer(integer) }
        let spelling = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let double = Double(spelling), double.isFinite else {
            throw fault("the number \(APIError.quoted(spelling)) is out of range", at: start)
        }
        return isInteger ? .bigInteger(spelling) : .decimal(double)
    }

    private mutating func skipDigits() throws(APIError) {
        let start = position
        while case UInt8(ascii: "0")...UInt8(ascii: "9") = current { position += 1 }
        guard position > start else { throw unexpected("a digit") }
    }

    /// Sums downwards, because the magnitude of the least `Int64` has no positive counterpart.
    private func integer(_ digits: Range<Int>, negative: Bool) -> Int64? {
        var value: Int64 = 0
        for byte in bytes[digits] {
            let (scaled, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = scaled.subtractingReportingOverflow(Int64(byte &- UInt8(ascii: "0")))
            if tooLarge || overflow { return nil }
            value = sum
        }
        if negative { return value }
        return value == .min ? nil : -value
    }
}

// MARK: - Strings

extension JSONParser {
    /// Reads from the opening quote to past the closing one.
    private mutating func string() throws(APIError) -> String {
        let opening = position
        position += 1
        var pending: [UInt8] = []
        var start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let tail = bytes[start..<position]
                position += 1
                let text: String?
                if pending.isEmpty {
                    text = String(validating: tail, as: UTF8.self)
                } else {
                    pending.append(contentsOf: tail)
                    text = String(validating: pending, as: UTF8.self)
                }
                guard let text else { throw fault("invalid UTF-8 in the string", at: opening) }
                return text
            }
            if byte == UInt8(ascii: "\\") {
                pending.append(contentsOf: bytes[start..<position])
                try escape(into: &pending)
                start = position
            } else {
                guard byte >= 0x20 else { throw fault("an unescaped control character in a string") }
                position += 1
            }
        }
        throw fault("a string without end", at: opening)
    }

    private mutating func escape(into text: inout [UInt8]) throws(APIError) {
        let start = position
        position += 1
        let byte = current
        guard position < bytes.count else { throw fault("a string without end", at: start) }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(Character(try unicodeEscape(from: start))).utf8)
        default: throw fault("an unknown escape in a string", at: start)
        }
    }

    /// The scalar of `\uXXXX`, or of a surrogate pair written as two of them; the position is past the `u`.
    private mutating func unicodeEscape(from start: Int) throws(APIError) -> Unicode.Scalar {
        var code = try fourHexDigits()
        if case 0xD800...0xDBFF = code, take(UInt8(ascii: "\\")) {
            guard take(UInt8(ascii: "u")) else { throw fault("a lone surrogate", at: start) }
            let low = try fourHexDigits()
            guard case 0xDC00...0xDFFF = low else { throw fault("a lone surrogate", at: start) }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw fault("a lone surrogate", at: start) }
        return scalar
    }

    private mutating func fourHexDigits() throws(APIError) -> UInt32 {
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

// MARK: - Bytes and faults

extension JSONParser {
    private mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte, position < bytes.count else { return false }
        position += 1
        return true
    }

    private mutating func skipWhitespace() {
        while position < bytes.count, Self.isWhitespace(bytes[position]) { position += 1 }
    }

    private static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private func unexpected(_ expected: String) -> APIError {
        guard position < bytes.count else { return fault("expected \(expected), but the text ends") }
        let byte = bytes[position]
        let printable = (0x21...0x7E).contains(byte)
        let found = printable ? "'\(Unicode.Scalar(byte))'" : "the byte 0x" + String(byte, radix: 16, uppercase: true)
        return fault("expected \(expected), but found \(found)")
    }

    private func fault(_ what: String, at offset: Int? = nil) -> APIError {
        .bodyNotJSON("\(what) (at byte \(offset ?? position))")
    }
}
