import PinionJSON
package import PinionWire
import TextGeneration

extension MessagesRequest {
    /// What a body asks for, and so which fields it has.
    enum Purpose {
        case reply, count
    }

    /// Every field that has a meaning, honoured or refused; the rest stand in ``PinionWire/ForeignField``'s tables.
    private static let knownFields: Set<ProtocolWord> = Set([
        "model", "messages", "system", "max_tokens", "stop_sequences", "temperature", "top_p", "top_k", "thinking",
    ]).union(ToolFields.names).union(OutputFields.names).union(ForeignField.table.map { ProtocolWord($0.name) })

    /// What other dialects call fields of this one.
    private static let foreignSpellings: [ProtocolWord: String] = [
        "stop": "stop_sequences", "max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens",
        "max_tokens_to_sample": "max_tokens", "instructions": "system",
    ]

    /// Reads and validates the body of `POST /v1/messages`.
    ///
    /// - Parameter seal: Opens the thinking that the conversation brings back.
    /// - Throws: an ``APIError`` of status 400 that names the field at fault; unknown fields are reported first.
    package static func decode(
        _ body: [UInt8], options: DecodingOptions = DecodingOptions(), seal: any ReasoningSeal
    ) throws(APIError) -> MessagesRequest {
        try decode(body, for: .reply, options: options, seal: seal)
    }

    static func decode(
        _ body: [UInt8], for purpose: Purpose, options: DecodingOptions, seal: any ReasoningSeal
    ) throws(APIError) -> MessagesRequest {
        let fields = try FieldReader(body: body, options: options)
        try fields.refuseUnknown(
            purpose == .reply ? knownFields.union(["stream"]) : knownFields, spellings: foreignSpellings)

        let model = try fields.model()
        for field in ForeignField.table { try field.check(in: fields) }
        let conversation = try ConversationFields(fields, seal: seal)
        var request = MessagesRequest(
            model: model, generation: GenerationRequest(Conversation(conversation.messages)))
        request.thoughts = conversation.thoughts
        request.warnings = conversation.warnings
        request.generation.prefill = conversation.prefill?.text
        try request.readTools(fields)
        try request.readOutput(fields)
        try request.readThinking(fields)
        request.generation.client = fields.clientNote()
        try request.generation.readSampling(fields)
        try request.generation.readEnd(fields, for: purpose)
        if purpose == .reply { request.stream = try fields.boolean("stream") ?? false }
        if let prefill = conversation.prefill, prefill.text != nil { try request.check(prefill) }
        return request
    }

    private mutating func readTools(_ fields: FieldReader) throws(APIError) {
        let tools = try ToolFields(fields)
        generation.conversation.tools = tools.tools
        generation.conversation.toolChoice = tools.choice
        generation.conversation.allowsParallelToolCalls = tools.allowsParallelCalls
        paths.tools = tools.paths
        warnings += tools.warnings
    }

    private mutating func readOutput(_ fields: FieldReader) throws(APIError) {
        let output = try OutputFields(fields)
        generation.reasoning.effort = output.effort
        guard let format = output.format else { return }
        generation.format = .jsonSchema(format.schema, isStrict: true)
        paths.format = format.path
    }

    private mutating func readThinking(_ fields: FieldReader) throws(APIError) {
        guard let thinking = try ThinkingFields(fields) else { return }
        generation.reasoning.isEnabled = thinking.isEnabled
        generation.reasoning.budget = thinking.budget
        thinkingDisplay = thinking.display ?? thinkingDisplay
    }

    /// A reply that goes on from a text can begin neither with thinking nor with the first brace of a format.
    private func check(_ prefill: ConversationFields.Prefill) throws(APIError) {
        if generation.format != .text {
            throw .invalidValue(
                prefill.path,
                "a last message of the role 'assistant' begins the reply, which '\(paths.format ?? "format")' leaves no "
                    + "place for. Send one of them.")
        }
        if generation.reasoning.isEnabled == true {
            throw .invalidValue(
                prefill.path,
                "a last message of the role 'assistant' begins the reply, which leaves no place for the thinking that "
                    + "'thinking.type' enables. Send one of them.")
        }
    }
}

// MARK: - Groups of fields

extension GenerationRequest {
    fileprivate mutating func readSampling(_ fields: FieldReader) throws(APIError) {
        sampling.temperature = try fields.decimal("temperature", in: DecimalRange(MessagesRequest.temperatureRange))
        sampling.topP = try fields.decimal(
            "top_p", in: DecimalRange(SamplingOptions.topPRange, excludesMinimum: true))
        // -1 is how other engines spell "off".
        sampling.topK = try fields.integer("top_k", in: -1...MessagesRequest.maximumTokenNumber).map { max(Int($0), 0) }
    }

    fileprivate mutating func readEnd(
        _ fields: FieldReader, for purpose: MessagesRequest.Purpose
    ) throws(APIError) {
        if purpose == .reply, fields.value("max_tokens") == nil { throw .missingParameter("max_tokens") }
        maximumTokens = try fields.integer("max_tokens", in: 1...MessagesRequest.maximumTokenNumber).map { Int($0) }
        stop = try fields.stopStrings(
            "stop_sequences", most: MessagesRequest.maximumStopSequences, allowsString: false)
    }
}
