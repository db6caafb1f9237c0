package import PinionModelFiles

/// A failure of the engine, or a request that it cannot take.
package struct EngineError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The model could not be loaded; see ``EngineError/cause``.
        case load
        /// What was asked for does not fit the memory budget; the message shows the arithmetic.
        case insufficientMemory
        /// Prompt and context do not fit together.
        case promptTooLong
        /// A request is not well formed: no tokens, or a token the model does not have.
        case invalidRequest
        /// Too many sequences are waiting.
        case overloaded
        /// The engine failed and is being rebuilt.
        case failed
        /// The engine was told to end, or has ended.
        case stopped
    }

    /// A part of a request, for the caller to say what it is called where the request came from.
    package enum Parameter: String, Sendable {
        case prompt, choices, logitBias
    }

    package let code: Code
    package let message: String
    /// With ``Code/invalidRequest``: the part of the request that is at fault.
    package let parameter: Parameter?
    package let cause: ModelError?

    package init(_ code: Code, _ message: String, parameter: Parameter? = nil, cause: ModelError? = nil) {
        self.code = code
        self.message = message
        self.parameter = parameter
        self.cause = cause
    }

    package var description: String { message }
}
