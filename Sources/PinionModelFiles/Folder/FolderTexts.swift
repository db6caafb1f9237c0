import Foundation
import PinionJSON
import PinionTensor
import PinionTokenizer

/// The files of a folder that only text needs: tokenizer, templates, defaults of generation.
struct FolderTexts: Sendable {
    static let templateFolder = "additional_chat_templates"
    /// Templates of a folder, far above any model's.
    static let maximumTemplates = 64

    /// The text files that the folder has, by name.
    private let byName: [FileWord: MappedFile]
    let files: [MappedFile]
    /// In the order in which they count: `chat_template.jinja`, `additional_chat_templates/`, `chat_template.json`,
    /// `tokenizer_config.json`; the first default one and the first of each name.
    let chatTemplates: [ChatTemplateSource]
    /// `generation_config.json`; empty when there is none.
    let generation: JSONObject

    /// - Throws: ``ModelError`` naming a file that cannot be read, is not UTF-8, or is no JSON object where it should be.
    init(folder: String) throws(ModelError) {
        var byName: [FileWord: MappedFile] = [:]
        var files: [MappedFile] = []
        for name in ModelFolder.textFiles {
            guard let file = try Self.file(folder + "/" + name) else { continue }
            byName[FileWord(name)] = file
            files.append(file)
        }
        func object(_ name: FileWord) throws(ModelError) -> JSONObject {
            try byName[name].map { file throws(ModelError) in try FolderConfiguration.object(of: file) } ?? JSONObject()
        }
        var templates = TemplateList(folder: folder)
        if let file = byName["chat_template.jinja"] { try templates.add(nil, Self.text(file)) }
        let named = folder + "/" + Self.templateFolder
        for name in ((try? FileManager.default.contentsOfDirectory(atPath: named)) ?? []).sorted()
        where name.hasSuffix(".jinja") {
            guard let file = try Self.file(named + "/" + name) else { continue }
            files.append(file)
            try templates.add(String(name.dropLast(".jinja".count)), Self.text(file))
        }
        try templates.add(object("chat_template.json")["chat_template"])
        try templates.add(object("tokenizer_config.json")["chat_template"])
        generation = try object("generation_config.json")
        chatTemplates = templates.sources
        self.byName = byName
        self.files = files
    }

    func bytes(_ name: FileWord) -> [UInt8]? { byName[name].map { [UInt8]($0.bytes) } }

    private static func file(_ path: String) throws(ModelError) -> MappedFile? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do throws(TensorError) {
            return try MappedFile(path: path)
        } catch { throw ModelError(error) }
    }

    private static func text(_ file: MappedFile) throws(ModelError) -> String {
        guard let text = String(validating: file.bytes, as: UTF8.self) else {
            throw ModelError(.invalidConfiguration, "\(file.path): is not UTF-8")
        }
        return text
    }
}

/// Templates as they are found, the first of each name.
private struct TemplateList {
    let folder: String
    private(set) var sources: [ChatTemplateSource] = []
    /// The names that are taken; nil for the default one.
    private var names: Set<FileWord?> = []

    init(folder: String) { self.folder = folder }

    mutating func add(_ name: String?, _ source: String) throws(ModelError) {
        guard names.insert(name.map { FileWord($0) }).inserted else { return }
        guard sources.count < FolderTexts.maximumTemplates else {
            throw ModelError(
                .invalidConfiguration, "\(folder): has more than \(FolderTexts.maximumTemplates) chat templates")
        }
        sources.append(ChatTemplateSource(name: name, source: source))
    }

    /// A template's text, or a list of objects with a name and a text each.
    mutating func add(_ value: JSONValue?) throws(ModelError) {
        switch value {
        case nil, .null: break
        case .string(let source): try add(nil, source)
        case .array(let entries):
            for entry in entries {
                guard case .object(let entry) = entry, case .string(let name)? = entry["name"],
                    case .string(let source)? = entry["template"]
                else {
                    throw ModelError(
                        .invalidConfiguration, "\(folder): a chat template in a list has no name and template")
                }
                try add(FileWord(name) == "default" ? nil : name, source)
            }
        case .some(let value):
            throw ModelError(
                .invalidConfiguration,
                "\(folder): 'chat_template' is \(value.typeName), expected a text or a list of templates")
        }
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
        let object = texts.generation
        func tokens(_ value: MetadataValue?) -> [Int32] {
            (value?.integers ?? value?.int.map { [Int64($0)] } ?? []).compactMap(Int32.init(exactly:))
        }
        defaults.endTokens = tokens(object["eos_token_id"].flatMap { MetadataValue($0) })
        if defaults.endTokens.isEmpty { defaults.endTokens = tokens(configuration["eos_token_id"]) }
        defaults.temperature = object["temperature"]?.double
        defaults.topP = object["top_p"]?.double
        defaults.topK = object["top_k"].flatMap { MetadataValue($0)?.int }
        defaults.minP = object["min_p"]?.double
        defaults.repetitionPenalty = object["repetition_penalty"]?.double
        return defaults
    }
}
