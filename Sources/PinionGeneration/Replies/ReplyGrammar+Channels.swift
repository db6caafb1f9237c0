import PinionGrammar
import TextGeneration

extension ReplyGrammar {
    /// Replies of gpt-oss: messages of thinking or to the user, then an answer or calls.
    mutating func channels(_ output: Grammar?) throws(GrammarError) -> Production {
        let marks = ["<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|call|>", "<|return|>"]
        let excluded = try marks.map { mark throws(GrammarError) in try Self.any(with: [mark]) }
        let text = Production.lexeme(try self.text(without: excluded))
        let next = Production.sequence([
            .choice([.empty, try mark("<|end|>")]), try mark("<|start|>assistant"),
        ])
        let thinking = Production.sequence([try mark("<|channel|>analysis<|message|>"), text])
        let preamble = Production.sequence([try mark("<|channel|>commentary<|message|>"), text])
        func repeated(_ message: Production) -> Production {
            .repeated(.sequence([message, next]), min: 0, max: nil)
        }
        var endings: [Production] = []
        if !plan.isCallRequired {
            let answer = try output.map { output throws(GrammarError) in try builder.embed(output) } ?? text
            endings.append(
                .sequence([try mark("<|channel|>final"), try constraint(), try mark("<|message|>"), answer]))
            // A reply that may be anything may also end without an answer.
            if output == nil { endings += [thinking, preamble, .empty] }
        }
        // What the model says to the user before it calls; an answer in a format stands alone.
        if let calling = try channelCalls() { endings.append(.sequence([repeated(preamble), calling])) }
        let before = output == nil ? Production.choice([thinking, preamble]) : thinking
        return .sequence([repeated(before), .choice(endings)])
    }

    /// What a header says of the text behind it.
    private func constraint() throws(GrammarError) -> Production {
        .choice([
            .empty, try mark(" json"),
            .sequence([Self.layout, try mark("<|constrain|>"), Self.layout, try mark("json")]),
        ])
    }

    private mutating func channelCalls() throws(GrammarError) -> Production? {
        guard case .named(let form)? = plan.format?.calls?.body, !plan.callable.isEmpty else { return nil }
        var alternatives = try eachTool { grammar, tool, index throws(GrammarError) in
            try grammar.channelCall(form, .lexeme(.text(tool.name)), try grammar.arguments(of: tool, index))
        }
        if case .auto = plan.choice {
            alternatives.append(try channelCall(form, try otherName(), try anyArguments()))
        }
        let one = Production.rule(try builder.rule("call", .choice(alternatives)))
        guard !plan.isSingleCall else { return one }
        let next = Production.sequence([
            .choice([.empty, try mark("<|end|>"), try mark("<|call|>")]), try mark("<|start|>assistant"), one,
        ])
        return .sequence([one, .repeated(next, min: 0, max: nil)])
    }

    /// A message to a tool, which stands in front of its channel or behind it.
    private func channelCall(
        _ form: NamedCall, _ name: Production, _ arguments: Production
    ) throws(GrammarError) -> Production {
        let recipient = Production.sequence([try mark(" to=" + form.prefix), name])
        let channel = Production.sequence([
            try mark("<|channel|>"), .choice([.lexeme(.text("commentary")), .lexeme(.text("analysis"))]),
        ])
        return .sequence([
            .choice([.sequence([recipient, channel]), .sequence([channel, recipient])]), try constraint(),
            try mark("<|message|>"), arguments,
        ])
    }
}
