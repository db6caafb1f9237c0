/// What happens to a generation, in order; choices count from 0 and may interleave.
package enum GenerationEvent: Sendable, Equatable {
    /// The prompt was accepted; always the first event. The warnings are about the request, so that a reply can tell them in
    /// its head.
    case accepted(promptTokens: Int, warnings: [GenerationWarning] = [])
    /// More text of a choice, whole scalars only; empty only where reports arrive by themselves.
    case text(choice: Int, String, [TokenReport])
    /// More of what the model thinks before it answers.
    case reasoning(choice: Int, String, [TokenReport])
    /// The beginning of a tool call, or more of its arguments.
    case toolCall(choice: Int, ToolCallDelta)
    /// Something about the reply that a reader should know; a reply that is told whole can tell it in its head.
    case warned(choice: Int, GenerationWarning)
    /// A choice ended; nothing of it follows.
    case finished(choice: Int, FinishReason)
    /// What it took; the last event, after the end of every choice.
    case usage(Usage)

    /// Whose event it is; nil for what concerns all choices.
    package var choice: Int? {
        switch self {
        case .accepted, .usage: nil
        case .text(let choice, _, _), .reasoning(let choice, _, _), .toolCall(let choice, _),
            .warned(let choice, _), .finished(let choice, _):
            choice
        }
    }
}

/// Why a choice ended.
package enum FinishReason: Sendable, Equatable {
    /// An end token, also where it was the last token that the limit allows.
    case stop
    /// This stop string, which the text ends before.
    case stopString(String)
    /// The token limit.
    case length
    /// The end of the context, where the request set no limit that comes before it.
    case contextEnd
    /// The model called a tool.
    case toolCalls
}

/// A piece of a tool call as it is written.
package struct ToolCallDelta: Sendable, Equatable {
    /// Which of the choice's calls, from 0.
    package var index: Int
    /// Identifier and name: told with the first piece, nil afterwards.
    package var start: Start?
    /// More of the arguments' JSON text.
    package var arguments: String

    package struct Start: Sendable, Equatable {
        package var id: String
        package var name: String

        package init(id: String, name: String) {
            self.id = id
            self.name = name
        }
    }

    package init(index: Int, start: Start? = nil, arguments: String) {
        self.index = index
        self.start = start
        self.arguments = arguments
    }
}

/// A generated token with its log probability and those of the likeliest alternatives, by the model's own distribution:
/// before bias, penalties and temperature.
package struct TokenReport: Sendable, Equatable {
    package struct Candidate: Sendable, Equatable {
        /// The token's bytes, which need not be whole characters.
        package var bytes: [UInt8]
        /// Natural logarithm; may be infinite for a token of no probability.
        package var logprob: Float

        package init(bytes: [UInt8], logprob: Float) {
            self.bytes = bytes
            self.logprob = logprob
        }
    }

    package var token: Candidate
    package var alternatives: [Candidate]

    package init(token: Candidate, alternatives: [Candidate]) {
        self.token = token
        self.alternatives = alternatives
    }
}
