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
        var before: [Production] = [.sequence([try mark("<|channel|>analysis<|message|>"), text])]
        var endings: [Production] = []
        let calling = try channelCalls()
        // What the model says to the user before it calls.
        if calling != nil || output == nil {
            before.append(.sequence([try mark("<|channel|>commentary<|message|>"), text]))
        }
        if !plan.isCallRequired {
            let answer = try output.map { output throws(GrammarError) in try builder.embed(output) } ?? text
            endings.append(
                .sequence([try mark("<|channel|>final"), try constraint(), try mark("<|message|>"), answer]))
            // A reply that may be anything may also end without an answer.
            if output == nil { endings += before + [.empty] }
        }
        if let calling { endings.append(calling) }
        let message = Production.sequence([.choice(before), next])
        return .sequence([.repeated(message, min: 0, max: nil), .choice(endings)])
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
