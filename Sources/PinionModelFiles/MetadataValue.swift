/// A value of a model file's metadata, whichever format it was written in.
package enum MetadataValue: Sendable, Equatable {
    case unsigned(UInt64)
    case signed(Int64)
    case float(Double)
    case bool(Bool)
    case string(String)
    case strings([String])
    case integers([Int64])
    case floats([Float])
    case bools([Bool])
    /// Arrays of arrays, of which no known model makes use.
    case nested([MetadataValue])

    /// The value as an Int, whatever integer type it was written with; nil when it does not fit.
    package var int: Int? {
        switch self {
        case .unsigned(let value): Int(exactly: value)
        case .signed(let value): Int(exactly: value)
        default: nil
        }
    }

    package var double: Double? {
        switch self {
        case .float(let value): value
        case .unsigned(let value): Double(value)
        case .signed(let value): Double(value)
        default: nil
        }
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var strings: [String]? {
        if case .strings(let value) = self { value } else { nil }
    }

    package var integers: [Int64]? {
        if case .integers(let value) = self { value } else { nil }
    }

    package var numbers: [Float]? {
        switch self {
        case .floats(let values): values
        case .integers(let values): values.map(Float.init)
        default: nil
        }
    }

    package var bools: [Bool]? {
        if case .bools(let values) = self { values } else { nil }
    }

    /// For tables and error messages: short values whole, arrays by their length and first elements.
    package var summary: String {
        switch self {
        case .unsigned(let value): "\(value)"
        case .signed(let value): "\(value)"
        case .float(let value): "\(value)"
        case .bool(let value): "\(value)"
        case .string(let value): Self.quoted(value, limit: 60)
        case .strings(let values):
            "[\(values.count) strings: \(values.prefix(3).map { Self.quoted($0, limit: 16) }.joined(separator: ", ")) ...]"
        case .integers(let values): "[\(values.count) integers: \(Self.list(values)) ...]"
        case .floats(let values): "[\(values.count) floats: \(Self.list(values)) ...]"
        case .bools(let values): "[\(values.count) booleans]"
        case .nested(let values): "[\(values.count) arrays]"
        }
    }

    package var typeName: String {
        switch self {
        case .unsigned, .signed: "integer"
        case .float: "float"
        case .bool: "boolean"
        case .string: "string"
        case .strings: "array of strings"
        case .integers: "array of integers"
        case .floats: "array of floats"
        case .bools: "array of booleans"
        case .nested: "array of arrays"
        }
    }

    private static func list(_ values: [some CustomStringConvertible]) -> String {
        values.prefix(6).map(\.description).joined(separator: ", ")
    }

    /// In quotes with control characters escaped, so that a file cannot drive a terminal.
    private static func quoted(_ text: String, limit: Int) -> String {
        var out = "\""
        for scalar in text.unicodeScalars.prefix(limit) { out += scalar.escaped(asASCII: false) }
        return out + (text.unicodeScalars.count > limit ? "...\"" : "\"")
    }
}
