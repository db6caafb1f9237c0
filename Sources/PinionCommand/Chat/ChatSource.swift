import TextGeneration

/// Where a chat has its replies from: a model in this process, or a server elsewhere.
protocol ChatSource: Sendable {
    /// The model that answers, as its source names it. The name comes from outside and is shown only after
    /// `TerminalText`.
    var model: String { get }
    /// Tokens of conversation and reply together; nil where the source does not say.
    var contextLength: Int? { get }

    /// Asks for one reply, told to `take` event by event.
    ///
    /// - Throws: ``ChatError`` for a reply that failed, after its events; `CancellationError` after the task was cancelled.
    func reply(to request: GenerationRequest, _ take: @escaping @Sendable (ChatEvent) -> Void) async throws

    /// The models that there are.
    func models() async throws -> [String]

    /// The same source with another model. This one is not used afterwards, unless the call fails.
    func switching(to model: String) async throws -> any ChatSource

    /// Gives back what the source holds.
    func close() async
}

/// What happens to a reply.
enum ChatEvent: Sendable, Equatable {
    case text(String)
    case reasoning(String)
    /// A call of a tool begins.
    case call(name: String)
    /// More of the arguments of the last call.
    case arguments(String)
    /// Something that was asked for is not honoured in full.
    case warning(String)
    case finished(FinishWord)
    case usage(Usage)
}

/// Why a reply ended, as far as its source says.
enum FinishWord: Sendable, Equatable {
    case stop
    /// The token limit, and at servers that do not tell them apart the end of the context.
    case length
    case contextEnd
    case toolCalls
    /// A word of the server's own.
    case other(String)
}

/// Why there is no reply, or no more of it.
struct ChatError: Error, CustomStringConvertible {
    enum Code: Sendable {
        /// The conversation is longer than the context.
        case contextFull
        /// The connection ended in mid-reply.
        case lost
        case other
    }

    let code: Code
    let description: String

    init(_ description: String) {
        self.init(.other, description)
    }

    init(_ code: Code, _ description: String) {
        (self.code, self.description) = (code, description)
    }
}
