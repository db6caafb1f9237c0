import PinionGrammar
import PinionJSON
import TextGeneration

extension ReplyGrammar {
    /// The calls of a reply with the marks around them; nil where there is nothing to call.
    mutating func calling() throws(GrammarError) -> Production? {
        guard let format = plan.format?.calls, plan.format?.hasChannels == false, !plan.callable.isEmpty else {
            return nil
        }
        if let known = callingRule { return .rule(known) }
        var bodies = try eachTool { grammar, tool, index throws(GrammarError) in
            try grammar.body(of: tool, index, format)
        }
        // Where nothing but its tool's name tells a call, a call of another tool is any other text.
        if case .auto = plan.choice, !format.isUnmarked { bodies.append(try otherBody(format)) }
        let body = Production.rule(try builder.rule("call", .choice(bodies)))
        var ways = [
            try section(SectionMarks(format.sectionOpen, format.sectionClose), try enclosed(body, format), format)
        ]
        // Where each call has marks of its own, the older ones stand around one.
        for alias in format.aliases {
            ways.append(try section(alias, body, format, isSingle: !format.open.isEmpty))
        }
        var rule = try builder.rule("section", .choice(ways))
        if !plan.isSingleCall, !format.sectionClose.isEmpty, !format.isUnmarked {
            let others = Production.repeated(.sequence([Self.layout, .rule(rule)]), min: 0, max: nil)
            rule = try builder.rule("calls", .sequence([.rule(rule), others]))
        }
        callingRule = rule
        return .rule(rule)
    }

    /// The calls between the marks around all of them.
    private func section(
        _ marks: SectionMarks, _ call: Production, _ format: CallFormat, isSingle: Bool = false
    ) throws(GrammarError) -> Production {
        var parts: [Production] = []
        for opening in marks.open { parts += [try mark(opening), Self.layout] }
        parts.append(call)
        if !plan.isSingleCall, !isSingle {
            let separator = format.separator.filter { !$0.isWhitespace }
            let between = separator.isEmpty ? [Self.layout] : [Self.layout, try mark(separator), Self.layout]
            parts.append(.repeated(.sequence(between + [call]), min: 0, max: nil))
            // Another call may follow white space, or the end of the reply.
            if marks.close.isEmpty { parts.append(Self.layout) }
        }
        for close in marks.close { parts += [Self.layout, try mark(close)] }
        return .sequence(parts)
    }

    /// A call with its own marks.
    private func enclosed(_ body: Production, _ format: CallFormat) throws(GrammarError) -> Production {
        var parts = [body]
        if !format.open.isEmpty { parts = [try mark(format.open), Self.layout] + parts }
        if !format.close.isEmpty { parts += [Self.layout, try mark(format.close)] }
        return format.hasBareBodies ? .choice([.sequence(parts), body]) : .sequence(parts)
    }

    /// What each tool that may be called makes; an error tells of which tool it is.
    mutating func eachTool(
        _ make: (inout ReplyGrammar, Tool, Int) throws(GrammarError) -> Production
    ) throws(GrammarError) -> [Production] {
        var productions: [Production] = []
        for (index, tool) in plan.callable {
            do {
                productions.append(try make(&self, tool, index))
            } catch {
                var error = error
                error.part = index
                throw error
            }
        }
        return productions
    }

    private mutating func body(
        of tool: Tool, _ index: Int, _ format: CallFormat
    ) throws(GrammarError) -> Production {
        let name = Production.lexeme(.text(tool.name))
        switch format.body {
        case .tagged(let form): return try tagged(form, name, tool, index)
        case .literal(let form): return try literal(form, name, tool, index)
        case .object, .keyed, .named:
            let arguments = try arguments(of: tool, index)
            return try body(
                format.body, name, quotedName: .lexeme(.text(ByteAutomaton.quotedSpelling(of: tool.name))), arguments)
        }
    }

    /// A call of a tool that was not declared, under `auto`: it passes with the name and the arguments that the model wrote.
    private mutating func otherBody(_ format: CallFormat) throws(GrammarError) -> Production {
        let name = try otherName()
        switch format.body {
        case .tagged(let form): return try tagged(form, name, nil, 0)
        case .literal(let form): return try literal(form, name, nil, 0)
        case .object, .keyed, .named:
            let quoted = Production.sequence([.lexeme(.text("\"")), name, .lexeme(.text("\""))])
            return try body(format.body, name, quotedName: quoted, try anyArguments())
        }
    }

    /// A name that no tool has.
    func otherName() throws(GrammarError) -> Production {
        let letters = try ByteAutomaton.pattern("[A-Za-z_][A-Za-z0-9_.-]*", encoding: .utf8, isAnchored: true)
        return .lexeme(try letters.subtracting(.texts(plan.tools.map { Array($0.name.utf8) })))
    }

    /// Any JSON object.
    mutating func anyArguments() throws(GrammarError) -> Production {
        .rule(try JSONRules(in: &builder).object)
    }

    // MARK: - Bodies whose arguments are one JSON object

    /// The identifiers of calls.
    private static let identifier = certain { () throws(GrammarError) in
        try .pattern("[A-Za-z0-9_-]{1,40}", encoding: .utf8, isAnchored: true)
    }
    private static let quotedIdentifier = certain { () throws(GrammarError) in
        try .concatenation([.text("\""), identifier, .text("\"")])
    }

    private func body(
        _ body: CallBody, _ name: Production, quotedName: Production, _ arguments: Production
    ) throws(GrammarError) -> Production {
        switch body {
        case .object(let names, let keys, let identifier):
            let call = [Self.member(names[0], quotedName), Self.member(keys[0], arguments)]
            guard let identifier else {
                let type = Self.member("type", .lexeme(.text("\"function\"")))
                return .choice([Self.object(call), Self.object([type] + call)])
            }
            let member = Self.member(identifier, .lexeme(Self.quotedIdentifier))
            return .choice([Self.object(call), Self.object([member] + call), Self.object(call + [member])])
        case .keyed:
            return Self.object([.sequence([quotedName, .lexeme(.text(":")), .space(.afterColon), arguments])])
        case .named(let form): return try named(form, name, arguments)
        case .tagged, .literal: return .never
        }
    }

    static func member(_ key: String, _ value: Production) -> Production {
        .sequence([
            .lexeme(.text(ByteAutomaton.quotedSpelling(of: key) + [UInt8(ascii: ":")])), .space(.afterColon), value,
        ])
    }

    /// An object of these members.
    static func object(_ members: [Production]) -> Production {
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
        if let identifier = form.identifierMark {
            parts.append(.choice([.empty, .sequence([try mark(identifier), .lexeme(Self.identifier)])]))
        }
        parts += [try mark(form.nameEnd), try mark(form.argumentsOpen), arguments, try mark(form.argumentsClose)]
        return .sequence(parts)
    }
}
