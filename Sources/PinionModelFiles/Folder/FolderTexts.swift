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
    /// In the order in which they count: `additional_chat_templates/`, `chat_template.jinja`, `chat_template.json`,
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
        let named = folder + "/" + Self.templateFolder
        for name in ((try? FileManager.default.contentsOfDirectory(atPath: named)) ?? []).sorted()
        where name.hasSuffix(".jinja") {
            guard let file = try Self.file(named + "/" + name) else { continue }
            files.append(file)
            try templates.add(String(name.dropLast(".jinja".count)), Self.text(file))
        }
        if let file = byName["chat_template.jinja"] { try templates.add(nil, Self.text(file)) }
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

    /// - Parameter name: nil, or the word `default`, for the default one.
    mutating func add(_ name: String?, _ source: String) throws(ModelError) {
        let template = ChatTemplateSource(name: name, source: source)
        guard names.insert(template.name.map { FileWord($0) }).inserted else { return }
        guard sources.count < FolderTexts.maximumTemplates else {
            throw ModelError(
                .invalidConfiguration, "\(folder): has more than \(FolderTexts.maximumTemplates) chat templates")
        }
        sources.append(template)
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
                try add(name, source)
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
        description.addEndTokens(try generationDefaults().endTokens)
        return description
    }

    var chatTemplates: [ChatTemplateSource] { texts.chatTemplates }

    /// `generation_config.json` counts before `config.json`.
    ///
    /// - Throws: ``ModelError`` naming a value of another type than it should have.
    func generationDefaults() throws(ModelError) -> GenerationDefaults {
        var defaults = GenerationDefaults()
        let keys = GenerationKeys(path: path + "/generation_config.json", object: texts.generation)
        defaults.endTokens = try keys.tokens("eos_token_id")
        if defaults.endTokens.isEmpty {
            let value = configuration["eos_token_id"]
            defaults.endTokens = (value?.integers ?? value?.int.map { [Int64($0)] } ?? [])
                .compactMap(Int32.init(exactly:))
        }
        defaults.temperature = try keys.number("temperature")
        defaults.topP = try keys.number("top_p")
        defaults.topK = try keys.integer("top_k")
        defaults.minP = try keys.number("min_p")
        defaults.repetitionPenalty = try keys.number("repetition_penalty")
        return defaults
    }
}

/// The values of `generation_config.json`; one that is missing or null is nil.
private struct GenerationKeys {
    let path: String
    let object: JSONObject

    private func value<Value>(
        _ key: String, _ expected: String, _ convert: (JSONValue) -> Value?
    ) throws(ModelError) -> Value? {
        guard let value = object[key], value != .null else { return nil }
        guard let converted = convert(value) else {
            throw ModelError(.invalidConfiguration, "\(path): '\(key)' is \(value.typeName), expected \(expected)")
        }
        return converted
    }

    func number(_ key: String) throws(ModelError) -> Double? { try value(key, "a number", \.double) }

    func integer(_ key: String) throws(ModelError) -> Int? {
        try value(key, "an integer") { $0.double.flatMap(Int.init(exactly:)) }
    }

    /// One token's id, or a list of them.
    func tokens(_ key: String) throws(ModelError) -> [Int32] {
        try value(key, "a token's id or a list of them") { value -> [Int32]? in
            guard case .array(let list) = value else { return Self.token(value).map { [$0] } }
            let tokens = list.compactMap(Self.token)
            return tokens.count == list.count ? tokens : nil
        } ?? []
    }

    private static func token(_ value: JSONValue) -> Int32? { value.double.flatMap(Int32.init(exactly:)) }
}
