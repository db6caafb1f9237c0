/// A JSON value, as a tree.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent.
    case integer(Int64)
    /// A number written without fraction and exponent that an `Int64` cannot hold, as it was written; always within a
    /// double's range.
    case bigInteger(String)
    /// A number written with a fraction or an exponent; always finite.
    case decimal(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Parses a JSON text, RFC 8259 to the letter.
    ///
    /// - Throws: ``JSONError`` with the byte offset of the fault.
    package static func parse(_ bytes: [UInt8], limits: JSONLimits) throws(JSONError) -> JSONValue {
        try JSONReader.read(bytes, limits: limits) { (reader) throws(JSONError) in try reader.readValue() }
    }

    /// The number as a double, whichever way it was written; nil when this is no number.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .bigInteger(let digits): Double(digits)
        case .decimal(let value): value
        default: nil
        }
    }

    /// The type with its article, as error messages name it.
    package var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .bigInteger: "an integer"
        case .decimal: "a decimal number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) {
        self = .string(value)
    }
}

extension JSONValue: Equatable {
    /// Compares strings by their bytes; see ``ProtocolWord``.
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.bigInteger(let left), .bigInteger(let right)): ProtocolWord(left) == ProtocolWord(right)
        case (.decimal(let left), .decimal(let right)): left == right
        case (.string(let left), .string(let right)): ProtocolWord(left) == ProtocolWord(right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

/// A JSON object, its members in the order of the text; no two share a name.
package struct JSONObject: Sendable, Equatable {
    /// A name and its value.
    package struct Member: Sendable, Equatable {
        package var name: String
        package var value: JSONValue

        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }

        package static func == (left: Member, right: Member) -> Bool {
            ProtocolWord(left.name) == ProtocolWord(right.name) && left.value == right.value
        }
    }

    package var members: [Member]

    package init(_ members: [Member] = []) {
        self.members = members
    }

    /// The value under a name, compared as bytes; linear in the number of members.
    package subscript(name: String) -> JSONValue? {
        let name = ProtocolWord(name)
        return members.first { ProtocolWord($0.name) == name }?.value
    }
}
