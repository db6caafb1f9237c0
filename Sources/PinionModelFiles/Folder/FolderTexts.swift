import Foundation
import PinionJSON
import PinionTensor
import PinionTokenizer

/// The files of a folder that only text needs: tokenizer, templates, defaults of generation.
struct FolderTexts: Sendable {
    static let templateFolder = "additional_chat_templates"
    /// Named templates, far above any model's.
    static let maximumTemplates = 64

    /// The text files that the folder has, by name.
    private let byName: [String: MappedFile]
    let files: [MappedFile]
    private let named: [(name: String, file: MappedFile)]

    init(folder: String) throws(ModelError) {
        var byName: [String: MappedFile] = [:]
        var files: [MappedFile] = []
        var named: [(name: String, file: MappedFile)] = []
        func open(_ path: String) throws(ModelError) -> MappedFile? {
            guard FileManager.default.fileExists(atPath: path) else { return nil }
            do throws(TensorError) {
                return try MappedFile(path: path)
            } catch { throw ModelError(error) }
        }
        for name in ModelFolder.textFiles {
            guard let file = try open(folder + "/" + name) else { continue }
            byName[name] = file
            files.append(file)
        }
        let templates = folder + "/" + Self.templateFolder
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: templates)) ?? []).sorted()
        for name in names.filter({ $0.hasSuffix(".jinja") }).prefix(Self.maximumTemplates) {
            guard let file = try open(templates + "/" + name) else { continue }
            named.append((String(name.dropLast(".jinja".count)), file))
            files.append(file)
        }
        self.byName = byName
        self.files = files
        self.named = named
    }

    func bytes(_ name: String) -> [UInt8]? { byName[name].map { [UInt8]($0.bytes) } }

    /// A small JSON file as a tree; nil when it is not there or is none.
    func object(_ name: String) -> JSONObject? {
        byName[name].flatMap { try? FolderConfiguration.object(of: $0) }
    }

    func text(_ file: MappedFile) -> String? { String(validating: file.bytes, as: UTF8.self) }

    /// In the order in which they count: `chat_template.jinja`, `chat_template.json`, then what `tokenizer_config.json` says;
    /// the first default one and the first of each name.
    var chatTemplates: [ChatTemplateSource] {
        var found: [ChatTemplateSource] = []
        func add(_ name: String?, _ source: String?) {
            guard let source, !found.contains(where: { $0.name == name }) else { return }
            found.append(ChatTemplateSource(name: name, source: source))
        }
        func add(_ value: JSONValue?) {
            switch value {
            case .string(let source): add(nil, source)
            case .array(let entries):
                for case .object(let entry) in entries {
                    guard case .string(let name)? = entry["name"], case .string(let source)? = entry["template"] else {
                        continue
                    }
                    add(name == "default" ? nil : name, source)
                }
            default: break
            }
        }
        add(nil, byName["chat_template.jinja"].flatMap(text))
        for template in named { add(template.name, text(template.file)) }
        add(object("chat_template.json")?["chat_template"])
        add(object("tokenizer_config.json")?["chat_template"])
        return found
    }
}

extension ModelFolder {
    /// From `tokenizer.json` and the files beside it; the end tokens of `generation_config.json` end a reply as well.
    func tokenizer() throws -> TokenizerDescription {
        guard let file = texts.bytes("tokenizer.json") else {
            throw ModelError(.invalidConfiguration, "\(path): has no tokenizer.json")
        }
        var description = try TokenizerDescription(
            TokenizerFiles(
                tokenizer: file, configuration: texts.bytes("tokenizer_config.json"),
                specialTokens: texts.bytes("special_tokens_map.json")))
        description.addEndTokens(generationDefaults.endTokens)
        return description
    }

    var chatTemplates: [ChatTemplateSource] { texts.chatTemplates }

    /// `generation_config.json` counts before `config.json`.
    var generationDefaults: GenerationDefaults {
        var defaults = GenerationDefaults()
        let object = texts.object("generation_config.json")
        func tokens(_ value: MetadataValue?) -> [Int32] {
            (value?.integers ?? value?.int.map { [Int64($0)] } ?? []).compactMap(Int32.init(exactly:))
        }
        defaults.endTokens = tokens(object?["eos_token_id"].flatMap { MetadataValue($0) })
        if defaults.endTokens.isEmpty { defaults.endTokens = tokens(configuration["eos_token_id"]) }
        defaults.temperature = object?["temperature"]?.double
        defaults.topP = object?["top_p"]?.double
        defaults.topK = object?["top_k"].flatMap { MetadataValue($0)?.int }
        defaults.minP = object?["min_p"]?.double
        defaults.repetitionPenalty = object?["repetition_penalty"]?.double
        return defaults
    }
}
