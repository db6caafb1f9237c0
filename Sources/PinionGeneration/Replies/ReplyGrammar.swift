import PinionGrammar
import PinionJSON
import TextGeneration

/// Writes the grammar of a whole reply: thinking, then text and calls, or a format.
///
/// One grammar and no trigger, because a token may reach behind the mark that a call begins with.
struct ReplyGrammar {
    private let plan: ReplyPlan
    private let marks: ReplyMarks
    private var builder = GrammarBuilder()
    private var warnings: [GenerationWarning] = []

    /// - Parameter output: The grammar of the plan's format; nil for free text.
    static func compile(
        _ plan: ReplyPlan, output: Grammar?, _ marks: ReplyMarks
    ) throws(GrammarError) -> (Grammar, [GenerationWarning]) {
        var writer = ReplyGrammar(plan: plan, marks: marks)
        let whole = try writer.whole(output)
        let start = try writer.builder.rule("reply", whole)
        return (try writer.builder.finish(start: start), writer.warnings)
    }

    private init(plan: ReplyPlan, marks: ReplyMarks) {
        self.plan = plan
        self.marks = marks
    }

    // MARK: - The reply

    private mutating func whole(_ output: Grammar?) throws(GrammarError) -> Production {
        let answer = try self.answer(output)
        guard let format = plan.format, let thinking = format.thinking else { return answer }
        if format.hasChannels { return try channels(answer, output != nil) }
        let thought = Production.lexeme(try text(without: [thinking.close] + callMarks))
        let close = try mark(thinking.close)
        let rest = Production.sequence([close, .lexeme(Self.space), answer])
        // A reply that may be anything may also end within its thinking.
        let inside: Production =
            output == nil && !plan.isCallRequired
            ? .choice([.sequence([thought, rest]), thought]) : .sequence([thought, rest])
        if plan.isThinking { return inside }
        return .choice([answer, .sequence([.lexeme(Self.space), try mark(thinking.open), inside])])
    }

    /// White space of any length, the empty one included.
    private static let space: ByteAutomaton = {
        // Four bytes, of which any number is a language of one state.
        let bytes = [0x20, 0x09, 0x0A, 0x0D].map { ByteAutomaton.bytes($0...$0) }
        return (try? ByteAutomaton.union(bytes).repeated(0)) ?? .empty
    }()

    private mutating func answer(_ output: Grammar?) throws(GrammarError) -> Production {
        var ways: [Production] = []
        let callable = plan.callable
        let calls = plan.format?.calls
        if let calls, !callable.isEmpty, plan.format?.hasChannels == false {
            let calling = try self.calls(callable, calls)
            if plan.isCallRequired { return .sequence([.lexeme(Self.space), calling]) }
            if output == nil {
                // Text that a call may follow.
                let text = try text(without: callMarks)
                if calls.isUnmarked {
                    return .choice([.sequence([.lexeme(Self.space), calling]), .lexeme(try unmarked(text))])
                }
                return .sequence([.lexeme(text), .choice([.empty, calling])])
            }
            ways.append(.sequence([.lexeme(Self.space), calling]))
        }
        if let output {
            ways.append(try builder.embed(output))
        } else {
            ways.append(.lexeme(try text(without: calls?.isUnmarked == true ? [] : callMarks)))
        }
        return .choice(ways)
    }

    /// The texts that do not begin as a call does.
    private func unmarked(_ text: ByteAutomaton) throws(GrammarError) -> ByteAutomaton {
        let first = plan.format?.calls?.opening.first ?? "{"
        return try text.subtracting(
            .concatenation([Self.space, .text(first), .anyText(.utf8)]))
    }

    /// What calls begin with, where a mark tells them.
    private var callMarks: [String] {
        guard let calls = plan.format?.calls, !calls.isUnmarked, let first = calls.opening.first else { return [] }
        return [first]
    }

    /// Any text that does not hold one of the marks.
    private func text(without marks: [String]) throws(GrammarError) -> ByteAutomaton {
        var text = ByteAutomaton.anyText(.utf8)
        for mark in marks {
            text = try text.subtracting(
                .concatenation([.anyText(.utf8), .text(mark), .anyText(.utf8)]))
        }
        return text
    }

    private func mark(_ text: String) throws(GrammarError) -> Production {
        text.isEmpty ? .empty : .lexeme(.text(marks.bytes(of: text)))
    }

    // MARK: - Calls

    private mutating func calls(
        _ tools: [(index: Int, tool: Tool)], _ format: CallFormat
    ) throws(GrammarError) -> Production {
        var alternatives: [Production] = []
        for (index, tool) in tools {
            do {
                alternatives.append(try call(tool, index, format))
            } catch {
                var error = error
                error.part = index
                throw error
            }
        }
        if case .auto = plan.choice, let other = try otherCall(format) { alternatives.append(other) }
        let one = Production.rule(try builder.rule("call", .choice(alternatives)))
        var parts: [Production] = []
        for opening in format.sectionOpen { parts.append(try mark(opening)) }
        // Where calls have no marks of their own, the section's stand around them all.
        let padding = try mark(format.open.isEmpty ? format.padding : "")
        parts += [padding, one]
        if !plan.isSingleCall {
            let next = Production.sequence([try mark(format.separator + format.gap), one])
            parts.append(.repeated(next, min: 0, max: nil))
        }
        parts.append(padding)
        for close in format.sectionClose { parts.append(try mark(close)) }
        return .sequence(parts)
    }

    private mutating func call(
        _ tool: Tool, _ index: Int, _ format: CallFormat
    ) throws(GrammarError) -> Production {
        let name = Array(tool.name.utf8)
        let body: Production
        switch format.body {
        case .object(let names, let arguments):
            body = object(
                names[0], .lexeme(.text(quoted(name))), arguments[0], try self.arguments(of: tool, index))
        case .keyed:
            body = keyed(.lexeme(.text(quoted(name))), try self.arguments(of: tool, index))
        case .named(let form): body = try named(form, .lexeme(.text(name)), try self.arguments(of: tool, index))
        case .tagged(let form): body = try tagged(form, tool, index)
        case .literal(let form): body = try literal(form, tool, index)
        }
        return try enclosed(body, format)
    }

    private func enclosed(_ body: Production, _ format: CallFormat) throws(GrammarError) -> Production {
        guard !format.open.isEmpty else { return body }
        let padding = try mark(format.padding)
        return .sequence([
            try mark(format.open), padding, body, format.close.isEmpty ? .empty : padding, try mark(format.close),
        ])
    }

    /// A call of a tool that nobody declared, which passes as the model said it: a name that no tool has, and any arguments.
    private mutating func otherCall(_ format: CallFormat) throws(GrammarError) -> Production? {
        let letters = try ByteAutomaton.pattern("[A-Za-z_][A-Za-z0-9_.-]{0,63}", encoding: .utf8, isAnchored: true)
        let known = try ByteAutomaton.texts(plan.tools.map { Array($0.name.utf8) })
        let names = try letters.subtracting(known)
        let any = Production.rule(try JSONRules(in: &builder).object)
        let quotedNames = Production.sequence([.lexeme(.text("\"")), .lexeme(names), .lexeme(.text("\""))])
        switch format.body {
        case .object(let keys, let arguments):
            return try enclosed(object(keys[0], quotedNames, arguments[0], any), format)
        case .keyed: return try enclosed(keyed(quotedNames, any), format)
        case .named(let form): return try enclosed(named(form, .lexeme(names), any), format)
        // Where each argument has its own place, nothing is known of them without a schema.
        case .tagged, .literal: return nil
        }
    }

    private func quoted(_ name: [UInt8]) -> [UInt8] {
        [UInt8(ascii: "\"")] + ByteAutomaton.jsonSpelling(of: String(decoding: name, as: UTF8.self))
            + [UInt8(ascii: "\"")]
    }

    private func object(
        _ nameKey: String, _ name: Production, _ argumentsKey: String, _ arguments: Production
    ) -> Production {
        list([
            .sequence([.lexeme(.text("\"\(nameKey)\":")), .space(.afterColon), name]),
            .sequence([.lexeme(.text("\"\(argumentsKey)\":")), .space(.afterColon), arguments]),
        ])
    }

    private func keyed(_ name: Production, _ arguments: Production) -> Production {
        list([.sequence([name, .lexeme(.text(":")), .space(.afterColon), arguments])])
    }

    /// An object of these members.
    private func list(_ members: [Production]) -> Production {
        var parts: [Production] = [.space(.opening)]
        for (index, member) in members.enumerated() {
            if index > 0 { parts += [.lexeme(.text(",")), .space(.afterComma)] }
            parts.append(member)
        }
        return .sequence([
            .lexeme(.text("{")), .container(.sequence(parts)), .space(.closing), .lexeme(.text("}")),
        ])
    }

    private func named(
        _ form: NamedCall, _ name: Production, _ arguments: Production
    ) throws(GrammarError) -> Production {
        var parts: [Production] = [try mark(form.prefix), name]
        if let index = form.indexMark {
            parts += [.lexeme(.text(index)), .lexeme(try ByteAutomaton.bytes(0x30...0x39).repeated(1, 3))]
        }
        parts += [
            try mark(form.nameEnd), try mark(form.argumentsOpen), arguments, try mark(form.argumentsClose),
        ]
        return .sequence(parts)
    }

    // MARK: - Arguments

    /// The arguments of a tool as one JSON object.
    private mutating func arguments(of tool: Tool, _ index: Int) throws(GrammarError) -> Production {
        switch tool.input {
        case .arguments(let schema, let isStrict):
            return try value(ToolSchema(schema).object, isStrict: isStrict, index)
        case .text(let format):
            let text = try textAutomaton(format, .jsonString)
            let quoted = Production.sequence([.lexeme(.text("\"")), .lexeme(text), .lexeme(.text("\""))])
            return keyed(.lexeme(.text("\"\(Tool.textArgument)\"")), quoted)
        }
    }

    private mutating func value(
        _ schema: JSONValue, isStrict: Bool, _ index: Int
    ) throws(GrammarError) -> Production {
        let (production, found) = try SchemaGrammar.production(
            of: schema, mode: isStrict ? .strict : .lenient, in: &builder)
        warnings += found.map {
            GenerationWarning(keyword: $0.keyword, pointer: "/tools/\(index)" + $0.pointer, message: $0.message)
        }
        return production
    }

    /// The texts that a tool takes. Grammars are enforced where the text is the call's own; within JSON they are not.
    private func textAutomaton(_ format: OutputFormat, _ encoding: ScalarEncoding) throws(GrammarError) -> ByteAutomaton
    {
        if case .pattern(let pattern) = format {
            return try ByteAutomaton.pattern(pattern, encoding: encoding, isAnchored: true)
        }
        return .anyText(encoding)
    }

    private mutating func tagged(
        _ form: TaggedCall, _ tool: Tool, _ index: Int
    ) throws(GrammarError) -> Production {
        var parts: [Production] = [try mark(form.nameOpen), .lexeme(.text(tool.name)), try mark(form.nameEnd)]
        let gap = try mark(form.gap)
        let padding = try mark(form.padding)
        let nameEndsLine = form.nameEnd.last == "\n"
        parts.append(nameEndsLine ? .empty : gap)
        for argument in try ToolSchema(tool).arguments {
            let isText = argument.kind == .text
            let sign = isText ? form.textSign : form.jsonSign
            var value: Production
            if isText {
                value = try .lexeme(
                    rawText(argument, tool).subtracting(
                        .concatenation([.anyText(.utf8), .text(form.valueEnd), .anyText(.utf8)])))
            } else {
                value = try self.value(argument.schema, isStrict: argument.isStrict, index)
            }
            value = .sequence([
                try mark(form.keyOpen), .lexeme(.text(argument.name)), try mark(form.keyEnd),
                try mark((sign ?? "") + form.valueGap + form.valueOpen), padding, value, padding,
                try mark(form.valueEnd), gap,
            ])
            parts.append(argument.isRequired ? value : .choice([.empty, value]))
        }
        parts.append(try mark(form.end))
        return .sequence(parts)
    }

    private mutating func literal(
        _ form: LiteralCall, _ tool: Tool, _ index: Int
    ) throws(GrammarError) -> Production {
        var parts: [Production] = [try mark(form.prefix), .lexeme(.text(tool.name)), try mark(form.open)]
        let arguments = try ToolSchema(tool).arguments
        // Two states for each argument: before any was written, and after.
        var edges: [ProductionNetwork.Edge] = []
        for (place, argument) in arguments.enumerated() {
            var value = try self.value(argument.schema, isStrict: argument.isStrict, index)
            if let quote = form.quote, argument.kind == .text {
                let text = try rawText(argument, tool).subtracting(
                    .concatenation([.anyText(.utf8), .text(quote), .anyText(.utf8)]))
                value = .sequence([try mark(quote), .lexeme(text), try mark(quote)])
            }
            let pair = Production.sequence([.lexeme(.text(argument.name + form.assignment)), value])
            let separated = Production.sequence([.lexeme(.text(form.quote == nil ? ", " : ",")), pair])
            let (first, later) = (2 * place, 2 * place + 1)
            edges.append(.init(source: first, production: pair, target: later + 2))
            edges.append(.init(source: later, production: separated, target: later + 2))
            guard !argument.isRequired else { continue }
            edges.append(.init(source: first, production: .empty, target: first + 2))
            edges.append(.init(source: later, production: .empty, target: later + 2))
        }
        let last = 2 * arguments.count
        let network = ProductionNetwork(stateCount: last + 2, accepting: [last, last + 1], edges: edges)
        parts += [.network(network), try mark(form.close)]
        return .sequence(parts)
    }

    /// The values of an argument that is written without quotation marks.
    private mutating func rawText(_ argument: ToolSchema.Argument, _ tool: Tool) throws(GrammarError) -> ByteAutomaton {
        if case .text(let format) = tool.input { return try textAutomaton(format, .utf8) }
        if let choices = argument.choices { return try ByteAutomaton.texts(choices) }
        return .anyText(.utf8)
    }

    // MARK: - Channels

    /// Replies of gpt-oss: thinking, then a message or a call.
    private mutating func channels(_ answer: Production, _ hasOutput: Bool) throws(GrammarError) -> Production {
        let thinking = Production.sequence([
            try mark("<|channel|>analysis<|message|>"), .lexeme(.anyText(.utf8)), try mark("<|end|><|start|>assistant"),
        ])
        var endings: [Production] = []
        if !plan.isCallRequired {
            endings.append(.sequence([try mark("<|channel|>final<|message|>"), answer]))
        }
        var commentary = Production.empty
        if !plan.callable.isEmpty, let form = plan.format?.calls?.body, case .named(let named) = form {
            var alternatives: [Production] = []
            for (index, tool) in plan.callable {
                alternatives.append(
                    .sequence([
                        try mark(named.prefix), .lexeme(.text(tool.name)),
                        .choice([.empty, try mark(" <|constrain|>json")]), try mark("<|message|>"),
                        try arguments(of: tool, index),
                    ]))
            }
            endings.append(.sequence([try mark("<|channel|>commentary to="), .choice(alternatives)]))
            // What the model says to the reader before it calls.
            commentary = .choice([
                .empty,
                .sequence([
                    try mark("<|channel|>commentary<|message|>"), .lexeme(.anyText(.utf8)),
                    try mark("<|end|><|start|>assistant"),
                ]),
            ])
        }
        return .sequence([.choice([.empty, thinking]), commentary, .choice(endings)])
    }
}
