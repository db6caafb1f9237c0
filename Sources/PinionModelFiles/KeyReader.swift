/// Reads typed values of a model's metadata by key, and remembers which keys were asked for.
///
/// A key that no reader asks for may change what the model computes, so the format's reader refuses it in the end.
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

    /// An integer within `range`; `fallback` when it is absent.
    func int(_ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil) throws(ModelError) -> Int {
        guard let value = value(key) else {
            guard let fallback else { throw missing(key) }
            return fallback
        }
        guard let number = value.int, range.contains(number) else {
            throw wrong(key, value, "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A finite positive number; `fallback` when it is absent.
    func positive(_ key: String, default fallback: Double? = nil) throws(ModelError) -> Double {
        guard let number = try positiveIfAny(key) ?? fallback else { throw missing(key) }
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

    /// A truth value; `fallback` when it is absent.
    func flag(_ key: String, default fallback: Bool) throws(ModelError) -> Bool {
        guard let value = value(key) else { return fallback }
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
