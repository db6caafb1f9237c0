import PinionJSON
package import TextGeneration

/// What a reply calls the text that the model thought. One spelling is sent, because clients that know both store the
/// text twice.
package enum ReasoningField: String, Sendable, CaseIterable {
    /// DeepSeek's, and of most servers and clients.
    case reasoningContent = "reasoning_content"
    /// vLLM's later one.
    case reasoning
}

/// How a reply spells what the wire has several spellings for.
package struct ReplyShape: Sendable, Equatable {
    /// The object that a call is told in.
    package enum Call: Sendable, Equatable {
        /// `{"type":"function","function":{"name","arguments"}}` in `tool_calls`.
        case function
        /// `{"type":"custom","custom":{"name","input"}}` in `tool_calls`.
        case custom
        /// `function_call`, which has neither identifier nor type, and no second one beside it.
        case oldFunction
    }

    package var reasoningField: ReasoningField
    package var usesFunctions: Bool
    /// Names of the tools that take a text.
    private var customTools: Set<ProtocolWord>

    /// - Parameter tools: The tools of the request.
    package init(
        reasoningField: ReasoningField = .reasoningContent, usesFunctions: Bool = false, tools: [Tool] = []
    ) {
        self.reasoningField = reasoningField
        self.usesFunctions = usesFunctions
        customTools = []
        for tool in tools {
            if case .text = tool.input { customTools.insert(ProtocolWord(tool.name)) }
        }
    }

    package init(of request: ChatCompletionRequest) {
        self.init(
            reasoningField: request.reasoningField, usesFunctions: request.usesFunctions,
            tools: request.generation.conversation.tools)
    }

    /// The shape of a call of a tool; a name that no tool has, which the model made up, is told as a function's.
    func call(of name: String) -> Call {
        if usesFunctions { return .oldFunction }
        return customTools.contains(ProtocolWord(name)) ? .custom : .function
    }

    /// - Throws: ``TextGeneration/GenerationError`` for a second call where the shape has room for one, which the request
    ///   said.
    func checkIndex(_ index: Int) throws(GenerationError) {
        if usesFunctions, index > 0 {
            throw GenerationError(.internal, "a second call, where the request allows no parallel ones")
        }
    }

    func finishReason(_ reason: FinishReason) -> StaticString {
        reason == .toolCalls && usesFunctions ? "function_call" : reason.wireName
    }
}
