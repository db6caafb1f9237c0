/// A JSON value; what a request may hold where any value is allowed.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent.
    case integer(Int64)
    /// A number written without fraction and exponent that an `Int64` cannot hold, as it was written;
    /// always within a double's range.
    case bigInteger(String)
    /// A number written with a fraction or an exponent; always finite.
    case decimal(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

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

/// A JSON object, its members in the order of the text; no two share a name.
package struct JSONObject: Sendable, Equatable {
    /// A name and its value.
    package struct Member: Sendable {
        package var name: String
        package var value: JSONValue

        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    package var members: [Member]

    package init(_ members: [Member] = []) {
        self.members = members
    }

    /// The value under a name; linear in the number of members.
    package subscript(name: String) -> JSONValue? {
        let name = ProtocolWord(name)
        return members.first { ProtocolWord($0.name) == name }?.value
    }
}

// MARK: - Equality

extension JSONValue: Equatable {
    /// Compares strings by their bytes; see ``ProtocolWord``.
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.decimal(let left), .decimal(let right)): left == right
        case (.bigInteger(let left), .bigInteger(let right)), (.string(let left), .string(let right)):
            ProtocolWord(left) == ProtocolWord(right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

extension JSONObject.Member: Equatable {
    package static func == (left: JSONObject.Member, right: JSONObject.Member) -> Bool {
        ProtocolWord(left.name) == ProtocolWord(right.name) && left.value == right.value
    }
}
