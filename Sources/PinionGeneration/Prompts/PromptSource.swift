import PinionTemplate
import PinionTokenizer
import TextGeneration

/// A model's prompts: conversations become tokens, in turns among tenants, and have to fit the context.
struct PromptSource: Sendable {
    /// A rendered and tokenized prompt.
    struct Prompt: Sendable {
        let tokens: [Int32]
        /// Whether the tokens end within the model's thinking.
        let isThinking: Bool
    }

    private let builder: PromptBuilder
    private let queue = PromptQueue()
    private let contextLength: Int

    init(_ builder: PromptBuilder, contextLength: Int) {
        self.builder = builder
        self.contextLength = contextLength
    }

    /// How the model writes thinking and calls.
    var choice: ReplyFormat.Choice { builder.choice }

    /// Whether a prompt ends within the model's thinking.
    func endsInThinking(_ prompt: RenderedPrompt) -> Bool { builder.endsInThinking(prompt) }

    /// Refuses texts that cannot fit the context, before any work is done for them.
    func checkLength(_ request: GenerationRequest) throws(GenerationError) {
        let fewest = builder.fewestTokens(of: request)
        guard fewest <= contextLength else { throw Self.tooLong(moreThan: fewest - 1, limit: contextLength) }
    }

    /// Renders when the tenant's turn comes.
    func render(_ request: GenerationRequest, for tenant: Tenant) async throws(GenerationError) -> RenderedPrompt {
        try await queue.run(tenant: tenant.id, size: builder.size(of: request)) {
            [builder] endSlice throws(GenerationError) in
            try builder.render(request, endSlice: endSlice)
        }
    }

    /// Renders, where that was not done yet, and tokenizes when the tenant's turn comes.
    ///
    /// - Parameter limit: A prompt of more tokens is refused where it is certain to have them; nil for the context.
    func prompt(
        for request: GenerationRequest, _ rendered: RenderedPrompt? = nil, limit: Int? = nil, for tenant: Tenant
    ) async throws(GenerationError) -> Prompt {
        let limit = limit ?? contextLength
        let (encoding, isThinking) = try await queue.run(tenant: tenant.id, size: builder.size(of: request)) {
            [builder] endSlice throws(GenerationError) in
            let text: RenderedPrompt
            if let rendered { text = rendered } else { text = try builder.render(request, endSlice: endSlice) }
            return (try builder.encode(text, limit: limit, endSlice: endSlice), builder.endsInThinking(text))
        }
        switch encoding {
        case .tokens(let tokens): return Prompt(tokens: try builder.finish(tokens), isThinking: isThinking)
        case .beyond(let count): throw Self.tooLong(moreThan: count, limit: limit)
        }
    }

    /// The tokens of a conversation of any length; on this thread, however long it takes.
    func tokens(of request: GenerationRequest) throws(GenerationError) -> [Int32] {
        let text = try builder.render(request) { _ in true }
        let encoding = try builder.encode(text, limit: .max) { _ in true }
        guard case .tokens(let tokens) = encoding else {
            preconditionFailure("a prompt without a limit was left before its end")
        }
        return try builder.finish(tokens)
    }

    private static func tooLong(moreThan count: Int, limit: Int) -> GenerationError {
        GenerationError(
            .promptTooLong,
            "the prompt has more than \(count) tokens, which leaves no room in a context of \(limit)",
            overflow: .init(contextLength: limit, promptTokens: count, isLowerBound: true))
    }
}
