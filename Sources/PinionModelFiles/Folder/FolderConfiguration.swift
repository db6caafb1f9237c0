import PinionJSON
import PinionTensor

/// The values of a folder's `config.json` by their paths (`rope_parameters.rope_theta`). The values of a nested text model
/// take the place of outer values.
struct FolderConfiguration: Sendable {
    static let fileName = "config.json"
    /// Bytes of a JSON file about a model, above any real one.
    static let maximumBytes = 1 << 22
    static let limits = JSONLimits(depth: 16, values: 1 << 18)
    /// What an outer configuration says of the text model too.
    private static let shared = [
        "tie_word_embeddings", "eos_token_id", "bos_token_id", "quantization_config.", "architectures",
    ]
    private static let nested = "text_config."

    let path: String
    /// In the order of the file; nil for null.
    let entries: [(key: String, value: MetadataValue?)]
    /// Whether the text model is one part of several.
    let isNested: Bool
    private let index: [FileWord: Int]

    /// - Throws: ``ModelError`` naming the file, and where it is no JSON object.
    init(_ file: MappedFile) throws(ModelError) {
        path = file.path
        let object = try Self.object(of: file)
        var all: [(key: String, value: MetadataValue?)] = []
        Self.flatten(object, "", into: &all)
        isNested = all.contains { $0.key.utf8.starts(with: Self.nested.utf8) }
        var entries: [(key: String, value: MetadataValue?)] = []
        var index: [FileWord: Int] = [:]
        func add(_ key: String, _ value: MetadataValue?) {
            guard index[FileWord(key)] == nil else { return }
            index[FileWord(key)] = entries.count
            entries.append((key, value))
        }
        if isNested {
            for (key, value) in all where key.utf8.starts(with: Self.nested.utf8) {
                // The outer value counts for the whole model; the loop below adds it.
                if key == "text_config.tie_word_embeddings", all.contains(where: { $0.key == "tie_word_embeddings" }) {
                    continue
                }
                add(String(key.dropFirst(Self.nested.count)), value)
            }
            for (key, value) in all where Self.shared.contains(where: { key.utf8.starts(with: $0.utf8) }) {
                add(key, value)
            }
            if let type = all.first(where: { $0.key == "model_type" }) { add("outer.model_type", type.value) }
        } else {
            for (key, value) in all { add(key, value) }
        }
        self.entries = entries
        self.index = index
    }

    /// nil when the key is absent or null.
    subscript(key: String) -> MetadataValue? { index[FileWord(key)].flatMap { entries[$0].value } }

    /// Whether the key is there, be it null.
    func has(_ key: String) -> Bool { index[FileWord(key)] != nil }

    /// Whether an object of this name is there and has members.
    func hasObject(_ name: String) -> Bool { entries.contains { $0.key.utf8.starts(with: (name + ".").utf8) } }

    /// The object that a JSON file holds.
    static func object(of file: MappedFile) throws(ModelError) -> JSONObject {
        guard file.bytes.count <= maximumBytes else {
            throw ModelError(
                .invalidConfiguration, "\(file.path): has \(file.bytes.count) bytes, expected at most \(maximumBytes)")
        }
        do {
            guard case .object(let object) = try JSONValue.parse([UInt8](file.bytes), limits: limits) else {
                throw ModelError(.invalidConfiguration, "\(file.path): is no JSON object")
            }
            return object
        } catch let error as JSONError {
            throw ModelError(.invalidConfiguration, "\(file.path): is not JSON: \(error)")
        } catch let error as ModelError {
            throw error
        } catch {
            throw ModelError(.invalidConfiguration, "\(file.path): \(error)")
        }
    }

    private static func flatten(
        _ object: JSONObject, _ prefix: String, into entries: inout [(key: String, value: MetadataValue?)]
    ) {
        for member in object.members {
            let key = prefix + member.name
            if case .object(let inner) = member.value {
                flatten(inner, key + ".", into: &entries)
            } else {
                entries.append((key, MetadataValue(member.value)))
            }
        }
    }
}

extension MetadataValue {
    /// nil for null and for objects.
    init?(_ value: JSONValue) {
        switch value {
        case .null, .object: return nil
        case .bool(let flag): self = .bool(flag)
        case .integer(let number): self = number < 0 ? .signed(number) : .unsigned(UInt64(number))
        case .bigInteger, .decimal: self = .float(value.double ?? .nan)
        case .string(let text): self = .string(text)
        case .array(let elements): self = Self.array(elements)
        }
    }

    private static func array(_ elements: [JSONValue]) -> MetadataValue {
        let integers = elements.compactMap { if case .integer(let number) = $0 { number } else { nil } }
        if integers.count == elements.count { return .integers(integers) }
        let numbers = elements.compactMap(\.double)
        if numbers.count == elements.count { return .floats(numbers.map(Float.init)) }
        let flags = elements.compactMap { if case .bool(let flag) = $0 { flag } else { nil } }
        if flags.count == elements.count { return .bools(flags) }
        let texts = elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
        if texts.count == elements.count { return .strings(texts) }
        return .nested(elements.compactMap { MetadataValue($0) })
    }
}
