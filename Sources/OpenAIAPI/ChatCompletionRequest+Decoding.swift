import PinionJSON
package import PinionWire
import TextGeneration

extension ChatCompletionRequest {
    /// Every field that has a meaning, honoured or refused; the rest of OpenAI's stand in ``ForeignField/table``.
    private static let knownFields: Set<ProtocolWord> = Set([
        "model", "messages", "message", "temperature", "top_p", "top_k", "min_p", "presence_penalty",
        "frequency_penalty", "repetition_penalty", "logit_bias", "seed", "max_tokens", "max_completion_tokens", "stop",
        "ignore_eos", "n", "logprobs", "top_logprobs", "stream", "stream_options", "user", "chat_template_kwargs",
        FinalMessage.field,
    ]).union(ToolFields.names).union(ReasoningOptions.fieldNames).union(FormatField.names)
        .union(ForeignField.table.map { ProtocolWord($0.name) })

    /// What Ollama, llama.cpp, Transformers, Mistral and Google call fields of ours. Only names of the very same thing
    /// stand here: `num_ctx` has no field that it could be sent to.
    private static let foreignSpellings: [ProtocolWord: String] = [
        "repeat_penalty": "repetition_penalty",
        "num_predict": "max_tokens", "n_predict": "max_tokens", "max_new_tokens": "max_tokens",
        "max_length": "max_tokens", "max_output_tokens": "max_tokens", "max_tokens_to_sample": "max_tokens",
        "stop_sequences": "stop", "stop_strings": "stop",
        "num_return_sequences": "n", "n_probs": "top_logprobs", "random_seed": "seed",
    ]

    /// Reads and validates the body of `POST /v1/chat/completions`.
    ///
    /// - Throws: an ``APIError`` of status 400 that names the field at fault; unknown fields are reported first.
    package static func decode(
        _ body: [UInt8], options: DecodingOptions = DecodingOptions()
    ) throws(APIError) -> ChatCompletionRequest {
        let fields = try FieldReader(body: body, options: options)
        try fields.refuseUnknown(knownFields, spellings: foreignSpellings)

        let model = try fields.model()
        var request = ChatCompletionRequest(
            model: model, generation: GenerationRequest(Conversation(try messages(fields))))
        for field in ForeignField.table { try field.check(in: fields) }
        try request.readTools(fields)
        if let field = try FormatField.read(fields) {
            request.generation.format = field.format
            request.generation.isFormatCompact = field.isCompact
            request.paths.format = field.path
        }
        try request.generation.sampling.read(fields)
        try request.generation.readEnd(fields)
        try request.generation.readOutput(fields)
        try request.readStream(fields)
        try request.generation.readTemplateArguments(fields)
        try request.generation.reasoning.read(fields)
        try request.readFinalMessage(fields)
        return request
    }

    /// Reads `messages`, or `message` as the specification's table spells it; paths follow the client's spelling.
    private static func messages(_ fields: FieldReader) throws(APIError) -> [Message] {
        let value = fields.value("messages")
        let alias = fields.value("message")
        if value != nil, alias != nil {
            throw .invalidValue("message", "'message' and 'messages' name the same list. Send one of them.")
        }
        guard let list = value ?? alias ?? fields.object["messages"] else { throw .missingParameter("messages") }
        return try Message.decodeList(list, at: alias == nil ? "messages" : "message", within: fields)
    }
}

// MARK: - Groups of fields

extension SamplingOptions {
    private static let penaltyRange = DecimalRange(-2...2)
    private static let biasRange = DecimalRange(-100...100)

    mutating func read(_ fields: FieldReader) throws(APIError) {
        temperature = try fields.decimal("temperature", in: DecimalRange(Self.temperatureRange))
        topP = try fields.decimal("top_p", in: DecimalRange(Self.topPRange, excludesMinimum: true))
        // vLLM and llama.cpp spell "off" -1 and 0.
        topK = try fields.integer("top_k", in: -1...ChatCompletionRequest.maximumTokenNumber).map { max(Int($0), 0) }
        minP = try fields.decimal("min_p", in: DecimalRange(Self.minPRange))
        presencePenalty = try fields.decimal("presence_penalty", in: Self.penaltyRange) ?? presencePenalty
        frequencyPenalty = try fields.decimal("frequency_penalty", in: Self.penaltyRange) ?? frequencyPenalty
        repetitionPenalty = try fields.decimal("repetition_penalty", in: DecimalRange(Self.repetitionPenaltyRange))
        seed = try fields.integer("seed", in: Int64.min...Int64.max)
        logitBias = try Self.logitBias(fields)
    }

    private static func logitBias(_ fields: FieldReader) throws(APIError) -> [Int32: Double] {
        guard let biases = try fields.nested("logit_bias") else { return [:] }
        let most = ChatCompletionRequest.maximumLogitBiases
        guard biases.object.members.count <= most else {
            throw .invalidValue(
                "logit_bias",
                "too many entries. Expected at most \(most), but got \(biases.object.members.count) instead."
            )
        }
        var result: [Int32: Double] = [:]
        for member in biases.object.members {
            // Only the canonical spelling, so that no two names mean one token.
            guard let token = Int32(member.name), token >= 0, token.description == member.name else {
                throw .invalidValue(
                    "logit_bias",
                    "invalid key. Expected token ids as keys, but got '\(APIError.quoted(member.name))' instead.")
            }
            result[token] = try FieldReader.decimal(member.value, at: biases.path(of: member.name), in: biasRange)
        }
        return result
    }
}

extension GenerationRequest {
    fileprivate mutating func readEnd(_ fields: FieldReader) throws(APIError) {
        let old = try fields.integer("max_tokens", in: 1...ChatCompletionRequest.maximumTokenNumber)
        let new = try fields.integer("max_completion_tokens", in: 1...ChatCompletionRequest.maximumTokenNumber)
        if let old, let new, old != new {
            throw .invalidValue(
                "max_tokens", "'max_tokens' is \(old) and 'max_completion_tokens' is \(new). Send one of them.")
        }
        maximumTokens = (new ?? old).map { Int($0) }
        ignoresEnd = try fields.boolean("ignore_eos") ?? false
        stop = try fields.stopStrings("stop", most: ChatCompletionRequest.maximumStopSequences, allowsString: true)
    }

    fileprivate mutating func readOutput(_ fields: FieldReader) throws(APIError) {
        choices =
            try fields.integer("n", in: 1...Int64(ChatCompletionRequest.maximumChoices)).map { Int($0) } ?? choices
        let logprobs = try fields.boolean("logprobs") ?? false
        let most = Int64(ChatCompletionRequest.maximumTopLogprobs)
        let alternatives = try fields.integer("top_logprobs", in: 0...most).map { Int($0) } ?? 0
        if alternatives > 0, !logprobs { throw .onlyAllowed("top_logprobs", when: "'logprobs' is enabled") }
        reportedAlternatives = logprobs ? alternatives : nil
    }

    mutating func readTemplateArguments(_ fields: FieldReader) throws(APIError) {
        templateArguments = try fields.nested("chat_template_kwargs")?.object ?? templateArguments
    }
}

extension ChatCompletionRequest {
    private mutating func readTools(_ fields: FieldReader) throws(APIError) {
        let tools = try ToolFields(fields)
        generation.conversation.tools = tools.tools
        generation.conversation.toolChoice = tools.choice
        generation.conversation.allowsParallelToolCalls = tools.allowsParallelCalls
        usesFunctions = tools.usesFunctions
        paths.tools = tools.paths
        if usesFunctions { paths.toolChoice = "function_call" }
        warnings += tools.warnings
    }

    private mutating func readStream(_ fields: FieldReader) throws(APIError) {
        stream = try fields.boolean("stream") ?? false
        if let streamOptions = try fields.nested("stream_options") {
            try streamOptions.refuseUnknown(["include_usage", "include_obfuscation"])
            guard stream else { throw .onlyAllowed("stream_options", when: "'stream' is enabled") }
            includeUsage = try streamOptions.boolean("include_usage") ?? false
            if try streamOptions.boolean("include_obfuscation") == true {
                throw .unsupportedValue(
                    streamOptions.path(of: "include_obfuscation"), got: "true", "Chunks are never padded.")
            }
        }
        user = try fields.string("user")
        generation.client = fields.clientNote()
    }
}
