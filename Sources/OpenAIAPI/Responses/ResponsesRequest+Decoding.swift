import PinionJSON
package import PinionWire
import TextGeneration

extension ResponsesRequest {
    /// Every field that has a meaning, honoured or refused; the rest of OpenAI's stand in
    /// ``ForeignField/responsesTable``.
    private static let knownFields: Set<ProtocolWord> = Set([
        "model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning",
        "max_output_tokens", "temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty",
        "repetition_penalty", "logit_bias", "seed", "top_logprobs", "include", "metadata", "prompt_cache_key",
        "safety_identifier", "user", "stream", "stream_options", "chat_template_kwargs",
    ]).union(ReasoningOptions.fieldNames.subtracting(["reasoning_effort"]))
        .union(ForeignField.responsesTable.map { ProtocolWord($0.name) })

    /// What Chat Completions calls fields of this route.
    private static let foreignSpellings: [ProtocolWord: String] = [
        "messages": "input", "max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens",
        "response_format": "text.format", "reasoning_effort": "reasoning.effort",
        "logprobs": "include: [\"message.output_text.logprobs\"]", "verbosity": "text.verbosity",
    ]

    /// Reads and validates the body of `POST /v1/responses`.
    ///
    /// - Parameter seal: Opens reasoning that an earlier reply told in this server's seal.
    /// - Throws: an ``APIError`` of status 400 that names the field at fault; unknown fields are reported first.
    package static func decode(
        _ body: [UInt8], options: DecodingOptions = DecodingOptions(), seal: any ReasoningSeal
    ) throws(APIError) -> ResponsesRequest {
        let fields = try FieldReader(body: body, options: options)
        try fields.refuseUnknown(knownFields, spellings: foreignSpellings)
        let model = try fields.model()
        for field in ForeignField.responsesTable { try field.check(in: fields) }
        var request = ResponsesRequest(model: model, generation: GenerationRequest(Conversation([])))
        try request.readTools(fields)
        try request.readInput(fields, seal)
        try request.readText(fields)
        try request.readReasoning(fields)
        try request.generation.sampling.read(fields)
        try request.readOutput(fields)
        try request.readStream(fields)
        try request.generation.readTemplateArguments(fields)
        request.readEcho(fields)
        return request
    }

    /// Reads `tools`, `tool_choice` and `parallel_tool_calls`.
    private mutating func readTools(_ fields: FieldReader) throws(APIError) {
        let tools = try ResponseTools(fields)
        generation.conversation.tools = tools.tools
        generation.conversation.toolChoice = tools.choice
        generation.conversation.allowsParallelToolCalls = tools.allowsParallelCalls
        paths.tools = tools.paths
        namespaces = tools.namespaces
        warnings += tools.warnings
        echo.tools = tools.shown
        echo.parallelToolCalls = tools.allowsParallelCalls
        echo.toolChoice = fields.value("tool_choice") ?? "auto"
    }

    /// Reads `instructions` and `input`.
    private mutating func readInput(_ fields: FieldReader, _ seal: any ReasoningSeal) throws(APIError) {
        var input = ResponseInput(seal)
        if let instructions = try fields.string("instructions") {
            input.append(Message(.system, instructions))
            echo.instructions = .string(instructions)
        }
        try input.read(fields)
        generation.conversation.messages = input.messages
        thoughts = input.thoughts
        for removed in input.removed {
            remove(removed, because: "its 'encrypted_content' was not sealed by this server, or was changed")
        }
        paths.messages = "input"
    }

    /// Reads `text`: the form of the reply, and how wordy it is to be.
    private mutating func readText(_ fields: FieldReader) throws(APIError) {
        guard let text = try fields.nested("text") else { return }
        try text.refuseUnknown(["format", "verbosity"])
        if let verbosity = try text.word("verbosity", as: Verbosity.self), verbosity != .medium {
            warnings.append(
                GenerationWarning(
                    keyword: "verbosity", pointer: "/text/verbosity",
                    message: "models here are not told how wordy a reply is to be"))
        }
        echo.text = .object(text.object)
        guard let field = try FormatField.textFormat(text) else { return }
        generation.format = field.format
        paths.format = field.path
    }

    private enum Verbosity: String, CaseIterable {
        case low, medium, high
    }

    /// Reads `reasoning`: effort, and whether a summary is told; and the fields of other engines for thinking.
    private mutating func readReasoning(_ fields: FieldReader) throws(APIError) {
        try generation.reasoning.read(fields)
        guard let reasoning = try fields.nested("reasoning") else { return }
        try ForeignField.refuseUnknown(
            besides: ["effort", "summary", "generate_summary", "context"], and: [Self.reasoningMode], in: reasoning)
        try generation.reasoning.readEffort(reasoning, "effort")
        for name in ["summary", "generate_summary"] where try reasoning.word(name, as: Summary.self) != nil {
            summarizesReasoning = true
        }
        _ = try reasoning.string("context")
        echo.reasoning = .object(reasoning.object)
    }

    private static let reasoningMode = ForeignField("mode", .only(["standard"]), "Models here think in one way.")

    private enum Summary: String, CaseIterable {
        case auto, concise, detailed
    }

    /// Reads `max_output_tokens`, `include` and `top_logprobs`.
    private mutating func readOutput(_ fields: FieldReader) throws(APIError) {
        let maximum = try fields.integer("max_output_tokens", in: 1...ChatCompletionRequest.maximumTokenNumber)
        generation.maximumTokens = maximum.map { Int($0) }
        let most = Int64(ChatCompletionRequest.maximumTopLogprobs)
        let alternatives = try fields.integer("top_logprobs", in: 0...most).map { Int($0) }
        let include = try Self.include(fields)
        if include.contains(.logprobs) {
            generation.reportedAlternatives = alternatives ?? 0
        } else if let alternatives, alternatives > 0 {
            throw .onlyAllowed("top_logprobs", when: "'include' has '\(Included.logprobs.rawValue)'")
        }
        echo.topLogprobs = alternatives ?? 0
    }

    /// What `include` may ask for. Of all but the first two there is never anything, since no hosted tool is run here.
    private enum Included: String, CaseIterable {
        case logprobs = "message.output_text.logprobs"
        /// Told always.
        case encryptedReasoning = "reasoning.encrypted_content"
        case fileSearch = "file_search_call.results"
        case webSearch = "web_search_call.results"
        case webSources = "web_search_call.action.sources"
        case images = "message.input_image.image_url"
        case screenshots = "computer_call_output.output.image_url"
        case codeOutputs = "code_interpreter_call.outputs"
    }

    private static func include(_ fields: FieldReader) throws(APIError) -> Set<Included> {
        guard let value = fields.value("include") else { return [] }
        guard case .array(let elements) = value else {
            throw .invalidType("include", expected: "an array of strings", got: value.typeName)
        }
        var found: Set<Included> = []
        for (index, element) in elements.enumerated() {
            let path = "include[\(index)]"
            guard case .string(let text) = element else {
                throw .invalidType(path, expected: "a string", got: element.typeName)
            }
            guard let included = Included.allCases.first(where: { ProtocolWord($0.rawValue) == ProtocolWord(text) })
            else { throw .invalidValue(path, got: text, supported: Included.allCases.map(\.rawValue)) }
            found.insert(included)
        }
        return found
    }

    private mutating func readStream(_ fields: FieldReader) throws(APIError) {
        stream = try fields.boolean("stream") ?? false
        guard let options = try fields.nested("stream_options") else { return }
        // Padding hides how long tokens are from who listens to an encrypted stream; asked for or not, there is none.
        try options.refuseUnknown(["include_obfuscation"])
        _ = try options.boolean("include_obfuscation")
        guard stream else { throw .onlyAllowed("stream_options", when: "'stream' is enabled") }
    }

    /// Keeps what the reply repeats and no other reader has kept; the types were checked.
    private mutating func readEcho(_ fields: FieldReader) {
        func text(_ name: String) -> String? {
            if case .string(let text)? = fields.value(name) { text } else { nil }
        }
        echo.maximumToolCalls = fields.value("max_tool_calls") ?? echo.maximumToolCalls
        echo.maximumOutputTokens = generation.maximumTokens
        echo.metadata = fields.value("metadata") ?? echo.metadata
        echo.promptCacheKey = text("prompt_cache_key")
        echo.safetyIdentifier = text("safety_identifier")
        echo.user = text("user")
        generation.client = fields.clientNote()
        echo.temperature = generation.sampling.temperature
        echo.topP = generation.sampling.topP
        echo.presencePenalty = generation.sampling.presencePenalty
        echo.frequencyPenalty = generation.sampling.frequencyPenalty
    }
}
