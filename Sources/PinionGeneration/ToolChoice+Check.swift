import PinionJSON
import TextGeneration

extension ToolChoice {
    /// Checks that there are the tools that a reply is to choose from.
    ///
    /// - Throws: ``GenerationError`` for a choice of tools that there is nothing to choose from.
    func check(among tools: [Tool]) throws(GenerationError) {
        let names = Set(tools.map { ProtocolWord($0.name) })
        let chosen: [String] =
            switch self {
            case .named(let name): [name]
            case .allowed(let names, _): names
            case .auto, .none, .required: []
            }
        for name in chosen where !names.contains(ProtocolWord(name)) {
            throw GenerationError(
                .invalidParameter, "there is no tool of this name", parameter: .toolChoice)
        }
        if self == .required, names.isEmpty {
            throw GenerationError(.invalidParameter, "there are no tools to call", parameter: .toolChoice)
        }
    }

    /// Checks that a call that is required can be made.
    ///
    /// - Throws: ``GenerationError`` where it cannot: a grammar would have no reply to allow, and a reply without one would
    ///   not be what was asked for.
    func check(in plan: ReplyPlan) throws(GenerationError) {
        guard requiresCall else { return }
        guard let format = plan.format, format.calls != nil else {
            throw GenerationError(
                .unsupportedParameter, "The model has no format of calls, so that no call can be required of it.",
                parameter: .toolChoice)
        }
        guard !plan.callable.isEmpty else {
            throw GenerationError(
                .unsupportedParameter, "A call is required, and no tool may be called.", parameter: .toolChoice)
        }
    }
}
