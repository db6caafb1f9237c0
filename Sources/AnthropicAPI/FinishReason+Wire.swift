package import TextGeneration

extension FinishReason {
    /// The reason as `stop_reason` spells it.
    package var stopReason: StaticString {
        switch self {
        case .stop: "end_turn"
        case .stopString: "stop_sequence"
        case .length: "max_tokens"
        case .contextEnd: "model_context_window_exceeded"
        case .toolCalls: "tool_use"
        }
    }

    /// The string that the reply ended before, for `stop_sequence`.
    var stopSequence: String? {
        if case .stopString(let string) = self { string } else { nil }
    }
}
