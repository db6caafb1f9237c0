import PinionJSON

/// Types of JSON values, with whole numbers apart from others.
struct TypeSet: OptionSet, Hashable {
    var rawValue: UInt8

    static let null = TypeSet(rawValue: 1)
    static let boolean = TypeSet(rawValue: 2)
    static let integer = TypeSet(rawValue: 4)
    /// Numbers that are not whole.
    static let fraction = TypeSet(rawValue: 8)
    static let string = TypeSet(rawValue: 16)
    static let array = TypeSet(rawValue: 32)
    static let object = TypeSet(rawValue: 64)
    static let number: TypeSet = [.integer, .fraction]
    static let word: TypeSet = [.null, .boolean]
    static let all = TypeSet(rawValue: 127)

    /// The types that a word of `type` names; nil for another word.
    static func named(_ name: String) -> TypeSet? {
        switch ProtocolWord(name) {
        case "null": .null
        case "boolean": .boolean
        case "integer": .integer
        case "number": .number
        case "string": .string
        case "array": .array
        case "object": .object
        default: nil
        }
    }
}
