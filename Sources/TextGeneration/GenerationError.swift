/// Why text could not be generated. The codes say what a client has to be told; a dialect finds the words and status.
package struct GenerationError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The prompt leaves no room in the context; see ``GenerationError/overflow``.
        case promptTooLong
        /// A parameter does not fit this model; see ``GenerationError/parameter``.
        case invalidParameter
        /// A parameter's value is one that this generator cannot honour; see ``GenerationError/parameter``.
        case unsupportedParameter
        /// The chat template refused the messages; the message is its own.
        case template
        /// The model has no chat template, without which it cannot take messages.
        case noTemplate
        /// A limit of whoever asks has no room for the request; see ``GenerationError/limit``.
        case limited
        /// Too many requests are waiting.
        case overloaded
        /// The model is being loaded, or loaded again after a failure.
        case unavailable
        /// The reader left too much of the reply unread.
        case unread
        /// The request's format allows no token that the model can say next.
        case nothingAllowed
        /// The reply was cut off: the engine stopped or failed, or the model has no numbers for it.
        case interrupted
        /// The model file, or something in it, cannot be used.
        case model
        /// A broken promise of ours: never the requester's fault.
        case `internal`
    }

    /// How a prompt exceeds the context.
    package struct Overflow: Sendable, Equatable {
        /// Tokens of the context.
        package var contextLength: Int
        /// Tokens of the prompt.
        package var promptTokens: Int
        /// Whether counting stopped there, so that the prompt has at least that many.
        package var isLowerBound: Bool

        package init(contextLength: Int, promptTokens: Int, isLowerBound: Bool = false) {
            self.contextLength = contextLength
            self.promptTokens = promptTokens
            self.isLowerBound = isLowerBound
        }
    }

    /// The limit that has no room.
    package struct LimitReached: Sendable, Equatable {
        package enum Kind: Sendable, Equatable {
            /// Requests in a minute, or at one time.
            case requests
            /// Tokens in a minute.
            case tokens
            /// A budget that is spent: waiting does not help.
            case budget
        }

        package var kind: Kind
        /// Time after which the request may be let through; nil where that is not known, or would be never.
        package var retryAfter: Duration?

        package init(_ kind: Kind, retryAfter: Duration? = nil) {
            (self.kind, self.retryAfter) = (kind, retryAfter)
        }
    }

    package let code: Code
    /// A clause that says what was found and what was expected.
    package let message: String
    /// The contract's name of the parameter at fault, which a dialect spells in its own way.
    package var parameter: Parameter?
    /// With ``Parameter/format`` or ``Parameter/tool(_:)``: the place in the schema, as a JSON pointer; nil for a format that is no schema.
    package var pointer: String?
    /// With ``Code/promptTooLong``.
    package var overflow: Overflow?
    /// With ``Code/limited``.
    package var limit: LimitReached?

    /// Parameters that a generator can refuse.
    package enum Parameter: Sendable, Equatable {
        case messages, choices, logitBias, format
        /// What a tool takes; with ``GenerationError/pointer``. Counted from 0.
        case tool(Int)
        case toolChoice
        case templateArgument(String)
    }

    package init(
        _ code: Code, _ message: String, parameter: Parameter? = nil, pointer: String? = nil,
        overflow: Overflow? = nil, limit: LimitReached? = nil
    ) {
        self.code = code
        self.message = message
        self.parameter = parameter
        self.pointer = pointer
        self.overflow = overflow
        self.limit = limit
    }

    package var description: String { message }
}
