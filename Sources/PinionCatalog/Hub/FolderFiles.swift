import PinionJSON

/// The files of a Hugging Face folder that a model is made of; the rest of the repository is left where it is.
///
/// Whole names at the folder's top, so that `original/`, `onnx/`, `consolidated.*` and weights in other formats are
/// never among them.
struct FolderFiles {
    enum Weights {
        case whole(RemoteFile)
        /// The index, which names the others.
        case indexed(RemoteFile)
    }

    /// What `PinionModelFiles` reads of a folder beside its weights.
    static let textNames = [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "chat_template.jinja", "chat_template.json",
    ]
    static let templateFolder = "additional_chat_templates/"
    static let weightName = "model.safetensors"
    static let indexName = "model.safetensors.index.json"
    /// Bytes of an index: one of a model with 100,000 tensors has some ten million.
    static let maximumIndexSize = 64 << 20
    private static let indexLimits = JSONLimits(depth: 8, values: 1_000_000)

    let texts: [RemoteFile]
    let weights: Weights?
    let hasConfiguration: Bool
    let hasTokenizer: Bool
    /// Weights of kinds that cannot be read, to tell the user of.
    private let foreign: String?

    init(of files: [RemoteFile], in folder: String) {
        let top = folder.isEmpty ? "" : folder + "/"
        func file(_ name: String) -> RemoteFile? { files.first { $0.name == top + name } }
        let templates = files.filter {
            $0.name.hasPrefix(top + Self.templateFolder) && $0.name.hasSuffix(".jinja")
                && !$0.name.dropFirst(top.count + Self.templateFolder.count).contains("/")
        }
        texts = Self.textNames.compactMap(file) + templates
        weights = file(Self.weightName).map(Weights.whole) ?? file(Self.indexName).map(Weights.indexed)
        hasConfiguration = file("config.json") != nil
        hasTokenizer = file("tokenizer.json") != nil
        foreign =
            files.first { file in
                [".bin", ".pth", ".pt", ".h5", ".msgpack", ".onnx"].contains { file.name.hasSuffix($0) }
            }?.name
    }

    /// What a folder lacks.
    var missing: String {
        var parts: [String] = []
        if !hasConfiguration { parts.append("config.json") }
        if !hasTokenizer { parts.append("tokenizer.json") }
        if weights == nil { parts.append("\(Self.weightName) or \(Self.indexName)") }
        let found = foreign.map { "; weights like \(FileWords.quoted($0)) are not read" } ?? ""
        return "a folder, which lacks \(parts.joined(separator: ", "))\(found)"
    }

    /// The weights' files that an index names, in order, each once.
    ///
    /// - Throws: `unexpectedReply` when it is no index, `hostileName` for a name that leaves the folder.
    static func shards(namedBy index: [UInt8]) throws(CatalogError) -> [String] {
        let value: JSONValue
        do {
            value = try JSONValue.parse(index, limits: indexLimits)
        } catch {
            throw CatalogError(.unexpectedReply, "\(indexName) is not JSON: \(error)")
        }
        guard case .object(let object) = value, case .object(let map)? = object["weight_map"], !map.members.isEmpty
        else { throw CatalogError(.unexpectedReply, "\(indexName) has no weight_map") }
        var names: Set<String> = []
        for member in map.members {
            guard case .string(let name) = member.value else {
                throw CatalogError(.unexpectedReply, "\(indexName): a value of weight_map is \(member.value.typeName)")
            }
            names.insert(try StoredFileName(name).text)
        }
        return names.sorted()
    }
}
