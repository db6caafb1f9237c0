/// Reads typed values of a model's metadata by key, and remembers which keys were asked for.
///
/// A key that is asked for by nobody may change what the model computes, so that its reader refuses it in the end.
final class KeyReader {
    /// The file that messages name.
    let path: String
    private let find: (String) -> MetadataValue?
    /// How messages name a key.
    private let spell: (String) -> String
    private var used: Set<FileWord> = []

    init(path: String, spell: @escaping (String) -> String, find: @escaping (String) -> MetadataValue?) {
        self.path = path
        self.spell = spell
        self.find = find
    }

    func value(_ key: String) -> MetadataValue? {
        used.insert(FileWord(key))
        return find(key)
    }

    func wasUsed(_ key: String) -> Bool { used.contains(FileWord(key)) }

    /// The first of several spellings that is there.
    func spelling(_ keys: String...) -> String {
        for key in keys where value(key) != nil { return key }
        return keys[0]
    }

    /// An integer within `range`; `standard` when it is absent.
    func int(_ key: String, in range: ClosedRange<Int>, default standard: Int? = nil) throws(ModelError) -> Int {
        guard let value = value(key) else {
            guard let standard else { throw missing(key) }
            return standard
        }
        guard let number = value.int, range.contains(number) else {
            throw wrong(key, value, "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A finite positive number; `standard` when it is absent.
    func positive(_ key: String, default standard: Double? = nil) throws(ModelError) -> Double {
        guard let number = try positiveIfAny(key) ?? standard else { throw missing(key) }
        return number
    }

    /// A finite positive number, if the key is there.
    func positiveIfAny(_ key: String) throws(ModelError) -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.double, number.isFinite, number > 0 else {
            throw wrong(key, value, "a positive number")
        }
        return number
    }

    /// A truth value; `standard` when it is absent.
    func flag(_ key: String, default standard: Bool) throws(ModelError) -> Bool {
        guard let value = value(key) else { return standard }
        guard let flag = value.bool else { throw wrong(key, value, "true or false") }
        return flag
    }

    /// Text, if the key is there.
    func text(_ key: String) throws(ModelError) -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.string else { throw wrong(key, value, "text") }
        return text
    }

    /// Finite positive numbers, if the key is there.
    func floats(_ key: String) throws(ModelError) -> [Float]? {
        guard let value = value(key) else { return nil }
        guard let numbers = value.numbers, numbers.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw wrong(key, value, "positive numbers")
        }
        return numbers
    }

    func missing(_ key: String) -> ModelError {
        ModelError(.invalidConfiguration, "\(path): \(spell(key)) is missing")
    }

    func wrong(_ key: String, _ value: MetadataValue, _ expected: String) -> ModelError {
        ModelError(
            .invalidConfiguration,
            "\(path): \(spell(key)) is \(value.summary) (\(value.typeName)), expected \(expected)")
    }

    func unsupported(_ key: String, _ value: MetadataValue, _ expected: String) -> ModelError {
        ModelError(
            .unsupportedArchitecture, "\(path): \(spell(key)) \(value.summary) is not supported, expected \(expected)")
    }

    func unknown(_ key: String, _ value: MetadataValue) -> ModelError {
        ModelError(
            .unsupportedArchitecture,
            "\(path): \(spell(key)) is \(value.summary), which this build does not know; it may change what the model "
                + "computes")
    }
}
