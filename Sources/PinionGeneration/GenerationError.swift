package import PinionEngine

/// Why text could not be generated, or a model not be loaded for it.
package struct GenerationError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The model file, or something in it, cannot be used.
        case model
        /// The chat template refused the messages; the message is its own.
        case template
        /// The prompt leaves no room in the context; see ``GenerationError/promptTokens``.
        case promptTooLong
        /// A parameter does not fit this model, such as a bias for a token it does not have.
        case invalidRequest
        /// Too many requests are waiting.
        case overloaded
        /// The engine failed, and is being rebuilt.
        case unavailable
        /// The reader left too much of the reply unread; see ``EventChannel/capacity``.
        case unread
        /// The reply was cut off: the engine stopped or failed, or the model has no numbers for it.
        case interrupted
    }

    package let code: Code
    package let message: String
    /// With ``Code/promptTooLong``: how long the prompt is.
    package let promptTokens: Int?
    /// Whether the prompt was left before its end, so that it has more tokens than ``promptTokens``.
    package let isPartialCount: Bool
    /// With ``Code/invalidRequest``: the part of the request that is at fault, if it is known.
    package let parameter: EngineError.Parameter?
    package let cause: (any Error)?

    package init(
        _ code: Code, _ message: String, promptTokens: Int? = nil, isPartialCount: Bool = false,
        parameter: EngineError.Parameter? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.promptTokens = promptTokens
        self.parameter = parameter
        self.isPartialCount = isPartialCount
        self.cause = cause
    }

    package var description: String { message }
}
