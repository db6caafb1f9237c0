import PinionTokenizer

/// The metadata of a GGUF file that say a folder's texts: its name, tokenizer, chat templates and advice on sampling.
struct TextsInGGUF {
    private static let templateKey = "tokenizer.chat_template"
    private static let prefix = "tokenizer.ggml."

    private(set) var entries: [(key: String, value: GGUFValue)] = []

    /// - Throws: ``ModelError`` for a file that is missing or malformed, or a tokenizer that GGUF files cannot describe.
    init(_ folder: ModelFolder, _ family: ModelFamily, vocabulary: Int) throws(ModelError) {
        let metadata: TokenizerMetadata
        do {
            metadata = try TokenizerMetadata(
                describing: folder.tokenizer(), vocabulary: vocabulary, architecture: family.rawValue)
        } catch let error as ModelError {
            throw error
        } catch {
            throw ModelError(
                .unsupportedArchitecture,
                "\(folder.path)/tokenizer.json: \(error); serve the folder itself, with --quantize")
        }
        addTokenizer(metadata)
        addTemplates(folder.chatTemplates)
        try addAdvice(folder.generationDefaults())
    }

    private mutating func add(_ key: String, _ value: GGUFValue?) {
        if let value { entries.append((key, value)) }
    }

    private mutating func addTokenizer(_ metadata: TokenizerMetadata) {
        func key(_ name: String) -> String { Self.prefix + name }
        func number(_ token: Int32?) -> GGUFValue? { token.map { .uint32(UInt32($0)) } }
        add(key("model"), .text(metadata.model))
        add(key("pre"), .text(metadata.preTokenizer))
        add(key("tokens"), .strings(metadata.tokens))
        if !metadata.scores.isEmpty { add(key("scores"), .float32s(metadata.scores)) }
        add(key("token_type"), .int32s(metadata.types))
        if !metadata.merges.isEmpty || metadata.scores.isEmpty {
            add(key("merges"), .strings(metadata.merges.map { Array($0.utf8) }))
        }
        add(key("bos_token_id"), number(metadata.beginToken))
        add(key("eos_token_id"), number(metadata.endToken))
        add(key("eot_token_id"), number(metadata.endOfTurnToken))
        add(key("eom_token_id"), number(metadata.endOfMessageToken))
        add(key("unknown_token_id"), number(metadata.unknownToken))
        add(key("padding_token_id"), number(metadata.paddingToken))
        add(key("add_bos_token"), metadata.addsBeginToken.map(GGUFValue.bool))
        add(key("add_eos_token"), metadata.addsEndToken.map(GGUFValue.bool))
        add(key("add_space_prefix"), metadata.addsSpacePrefix.map(GGUFValue.bool))
    }

    private mutating func addTemplates(_ templates: [ChatTemplateSource]) {
        let names = templates.compactMap(\.name)
        if !names.isEmpty { add("tokenizer.chat_templates", .strings(names.map { Array($0.utf8) })) }
        for template in templates {
            add(template.name.map { "\(Self.templateKey).\($0)" } ?? Self.templateKey, .text(template.source))
        }
    }

    private mutating func addAdvice(_ defaults: GenerationDefaults) {
        func number(_ value: Double?) -> GGUFValue? { value.map { .float32(Float($0)) } }
        add("general.sampling.temp", number(defaults.temperature))
        add("general.sampling.top_p", number(defaults.topP))
        add("general.sampling.top_k", defaults.topK.flatMap(Int32.init(exactly:)).map(GGUFValue.int32))
        add("general.sampling.min_p", number(defaults.minP))
        add("general.sampling.penalty_repeat", number(defaults.repetitionPenalty))
    }
}
