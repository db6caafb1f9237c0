import PinionJSON
package import TextGeneration

/// What a reply may be, from its first token to its last: thinking, text, calls, and a format.
///
/// Equal plans have one grammar.
package struct ReplyPlan: Sendable, Equatable {
    /// How the model writes its thinking and its calls; nil for a model of which nothing is known.
    package var format: ReplyFormat?
    /// Whether the prompt ends within thinking.
    package var isThinking = false
    /// What the text may be that is no call.
    package var output: OutputFormat
    /// What the model may call.
    package var tools: [Tool] = []
    package var choice = ToolChoice.none
    package var allowsParallelCalls = true

    package init(_ output: OutputFormat) {
        self.output = output
    }

    /// What a request asks of a model whose prompt does not end within thinking.
    init(_ request: GenerationRequest, _ format: ReplyFormat) {
        self.init(request.format)
        self.format = format
        tools = request.conversation.tools
        choice = tools.isEmpty ? .none : request.conversation.toolChoice
        allowsParallelCalls = request.conversation.allowsParallelToolCalls
    }

    /// Whether calls are looked for in the reply.
    var readsCalls: Bool { !tools.isEmpty && choice != .none && format?.calls != nil }

    /// Whether the reply has to be held to it: free text without calls needs no grammar.
    package var isConstraint: Bool {
        if output != .text { return true }
        guard format?.calls != nil, !tools.isEmpty else { return false }
        return choice != .none || format?.calls?.isUnmarked == false
    }

    /// The tools that may be called, by their places in ``tools``.
    var callable: [(index: Int, tool: Tool)] {
        let all = tools.enumerated().map { (index: $0.offset, tool: $0.element) }
        switch choice {
        case .none: return []
        case .auto, .required: return all
        case .named(let name): return all.filter { ProtocolWord($0.tool.name) == ProtocolWord(name) }
        case .allowed(let names, _):
            let names = Set(names.map { ProtocolWord($0) })
            return all.filter { names.contains(ProtocolWord($0.tool.name)) }
        }
    }

    /// Whether the reply has to hold a call.
    var isCallRequired: Bool { choice.requiresCall }

    /// Whether the reply ends behind its first call.
    var isSingleCall: Bool {
        if case .named = choice { return true }
        return !allowsParallelCalls
    }

    /// How its reply is read.
    var readerOptions: ReplyReader.Options {
        var options = ReplyReader.Options()
        options.isThinking = isThinking
        options.readsCalls = readsCalls
        options.callsStandAlone = output != .text
        options.maximumCalls = isSingleCall ? 1 : nil
        options.callable = Set(callable.map { Array($0.tool.name.utf8) })
        options.tools = tools
        return options
    }
}

extension ToolChoice {
    /// Whether a reply has to hold a call.
    var requiresCall: Bool {
        switch self {
        case .required, .named: true
        case .allowed(_, let isRequired): isRequired
        case .none, .auto: false
        }
    }
}
