package import PinionJSON

/// Reads the fields of one JSON object and refuses what does not fit, in OpenAI's words.
///
/// Null means absent for every optional field, as at OpenAI.
package struct FieldReader {
    package let object: JSONObject
    /// The object's own path, such as `messages[0]`; empty for the body.
    package let path: String
    /// Whether ``refuseUnknown(_:spellings:)`` lets everything pass, here and in the objects within.
    private let allowsUnknownFields: Bool

    /// A reader of a body.
    package init(_ object: JSONObject, allowsUnknownFields: Bool) {
        self.object = object
        path = ""
        self.allowsUnknownFields = allowsUnknownFields
    }

    /// A reader of an object within that of another.
    ///
    /// - Throws: `invalid_type` when the value is no object.
    package init(_ value: JSONValue, at path: String, within parent: FieldReader) throws(APIError) {
        guard case .object(let object) = value else {
            throw .invalidType(path, expected: "an object", got: value.typeName)
        }
        self.object = object
        self.path = path
        allowsUnknownFields = parent.allowsUnknownFields
    }

    package func path(of name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }

    /// The value of a field; nil when it is absent or null.
    package func value(_ name: String) -> JSONValue? {
        let value = object[name]
        return value == .null ? nil : value
    }

    /// Refuses names that are not known, unless the server lets them pass.
    ///
    /// - Parameters:
    ///   - spellings: other engines' names for fields of ours, which the error answers with ours.
    ///   - ignoresNull: lets a field pass that is null. Clients that send back what they were told add fields of their own,
    ///     which hold nothing.
    package func refuseUnknown(
        _ known: Set<ProtocolWord>, spellings: [ProtocolWord: String] = [:], ignoresNull: Bool = false
    ) throws(APIError) {
        guard !allowsUnknownFields else { return }
        for member in object.members where !(ignoresNull && member.value == .null) {
            let name = ProtocolWord(member.name)
            if !known.contains(name) { throw .unknownParameter(path(of: member.name), spelling: spellings[name]) }
        }
    }

    package func string(_ name: String) throws(APIError) -> String? {
        guard let value = value(name) else { return nil }
        guard case .string(let string) = value else {
            throw .invalidType(path(of: name), expected: "a string", got: value.typeName)
        }
        return string
    }

    /// A field that must be there; null is a wrong type.
    package func requiredString(_ name: String) throws(APIError) -> String {
        switch object[name] {
        case .string(let string): return string
        case let other?: throw .invalidType(path(of: name), expected: "a string", got: other.typeName)
        case nil: throw .missingParameter(path(of: name))
        }
    }

    package func boolean(_ name: String) throws(APIError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let bool) = value else {
            throw .invalidType(path(of: name), expected: "a boolean", got: value.typeName)
        }
        return bool
    }

    /// One of the words that a type lists; in an error they have the order of their cases.
    package func word<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String, as: Word.Type = Word.self
    ) throws(APIError) -> Word? {
        guard let text = try string(name) else { return nil }
        let found = ProtocolWord(text)
        guard let word = Word.allCases.first(where: { ProtocolWord($0.rawValue) == found }) else {
            throw .invalidValue(path(of: name), got: text, supported: Word.allCases.map(\.rawValue))
        }
        return word
    }

    /// A field that must hold one of the words that a type lists; null is a wrong type.
    package func requiredWord<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String, as: Word.Type = Word.self
    ) throws(APIError) -> Word {
        _ = try requiredString(name)
        guard let word = try word(name, as: Word.self) else { throw .missingParameter(path(of: name)) }
        return word
    }

    /// A list of objects, each with a reader of its own.
    ///
    /// - Parameter most: How many there may be, which is checked before any of them is read.
    package func objects(_ name: String, most: Int = .max) throws(APIError) -> [FieldReader]? {
        guard let value = value(name) else { return nil }
        let path = path(of: name)
        guard case .array(let elements) = value else {
            throw .invalidType(path, expected: "an array of objects", got: value.typeName)
        }
        guard elements.count <= most else { throw .arrayTooLong(path, most: most, got: elements.count) }
        var readers: [FieldReader] = []
        readers.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            readers.append(try FieldReader(element, at: "\(path)[\(index)]", within: self))
        }
        return readers
    }

    package func nested(_ name: String) throws(APIError) -> FieldReader? {
        guard let value = value(name) else { return nil }
        return try FieldReader(value, at: path(of: name), within: self)
    }

    /// An object that must be there; null is a wrong type.
    package func requiredNested(_ name: String) throws(APIError) -> FieldReader {
        guard let value = object[name] else { throw .missingParameter(path(of: name)) }
        return try FieldReader(value, at: path(of: name), within: self)
    }
}

// MARK: - Numbers

extension FieldReader {
    /// A whole number; one written with a fraction or an exponent is a wrong type even when it is whole, as at OpenAI.
    package func integer(_ name: String, in range: ClosedRange<Int64>) throws(APIError) -> Int64? {
        guard let value = value(name) else { return nil }
        let path = path(of: name)
        let isBelow: Bool
        switch value {
        case .integer(let integer):
            if range.contains(integer) { return integer }
            isBelow = integer < range.lowerBound
        case .bigInteger(let digits): isBelow = digits.utf8.first == UInt8(ascii: "-")
        default: throw .invalidType(path, expected: "an integer", got: value.typeName)
        }
        if isBelow { throw .integerBelowMinimum(path, minimum: "\(range.lowerBound)", got: value.numeral) }
        throw .integerAboveMaximum(path, maximum: "\(range.upperBound)", got: value.numeral)
    }

    package func decimal(_ name: String, in range: DecimalRange) throws(APIError) -> Double? {
        guard let value = value(name) else { return nil }
        return try Self.decimal(value, at: path(of: name), in: range)
    }

    package static func decimal(_ value: JSONValue, at path: String, in range: DecimalRange) throws(APIError) -> Double
    {
        guard let number = value.double else {
            throw .invalidType(path, expected: "a decimal", got: value.typeName)
        }
        if number > range.maximum {
            throw .decimalAboveMaximum(path, maximum: DecimalRange.numeral(range.maximum), got: value.numeral)
        }
        if number < range.minimum || (range.excludesMinimum && number == range.minimum) {
            throw .decimalBelowMinimum(
                path, minimum: DecimalRange.numeral(range.minimum), exclusive: range.excludesMinimum,
                got: value.numeral)
        }
        return number
    }
}

/// The values a decimal field takes.
package struct DecimalRange {
    package var minimum: Double
    package var maximum: Double
    /// The minimum itself is refused too.
    package var excludesMinimum: Bool

    package init(_ range: ClosedRange<Double>, excludesMinimum: Bool = false) {
        minimum = range.lowerBound
        maximum = range.upperBound
        self.excludesMinimum = excludesMinimum
    }

    /// A bound as a message shows it: whole ones without a fraction.
    package static func numeral(_ value: Double) -> String {
        Int64(exactly: value)?.description ?? value.description
    }
}

extension JSONValue {
    /// A number as a message shows it.
    fileprivate var numeral: String {
        switch self {
        case .integer(let value): value.description
        case .bigInteger(let digits): digits
        case .decimal(let value): value.description
        default: typeName
        }
    }
}
