package import PinionGrammar
import PinionJSON
package import TextGeneration

/// Writes the grammar of a whole reply: thinking, then text and calls, or a format.
///
/// There is no trigger that starts the grammar at a call's mark, because one token may hold the mark's end and the call's
/// first bytes. The grammar holds whatever ``ReplyReader`` makes of the replies that models were trained to write, with the
/// white space that they vary.
package struct ReplyGrammar {
    let plan: ReplyPlan
    /// How a mark is spelled in the grammar.
    private let spell: (String) -> [UInt8]
    var builder = GrammarBuilder()
    /// The rule of the calls, once it is written.
    var callingRule: Int?
    /// What the arguments of all tools share; nil until the first one needs it.
    var argumentNames: ArgumentNames?
    var readings: [JSONTypes: ValueMarks.Reading] = [:]
    /// Of all tools, as the reader has them: what a schema says beyond the budget of a request is known to neither.
    private(set) lazy var types = ToolTypes(plan.tools)
    /// The texts that calls begin with, once they are made.
    private var beginnings: [ByteAutomaton]?
    let plainTexts = PlainTexts()
    private(set) var warnings: [GenerationWarning] = []

    /// - Parameters:
    ///   - output: The grammar of the plan's format; nil for free text.
    ///   - spell: How a mark is spelled; see ``ReplyMarks``.
    package static func compile(
        _ plan: ReplyPlan, output: Grammar?, spell: @escaping (String) -> [UInt8]
    ) throws(GrammarError) -> (Grammar, [GenerationWarning]) {
        var writer = ReplyGrammar(plan: plan, spell: spell)
        let whole = try writer.whole(output)
        let start = try writer.builder.rule("reply", whole)
        return (try writer.builder.finish(start: start), writer.warnings)
    }

    private init(plan: ReplyPlan, spell: @escaping (String) -> [UInt8]) {
        self.plan = plan
        self.spell = spell
    }

    // MARK: - The reply

    private mutating func whole(_ output: Grammar?) throws(GrammarError) -> Production {
        if plan.format?.hasChannels == true { return try channels(output) }
        let answer = try self.answer(output)
        guard let thinking = plan.format?.thinking else { return answer }
        let thought = Production.lexeme(try text(without: [Self.any(with: [thinking.close])] + callBeginnings()))
        var endings = [Production.sequence([try mark(thinking.close), .lexeme(Self.space), answer])]
        // A call ends the thinking that it stands in.
        if let calling = try calling() { endings.append(calling) }
        // A reply that may be anything may also end within its thinking.
        if output == nil, !plan.isCallRequired { endings.append(.empty) }
        let inside = Production.sequence([thought, .choice(endings)])
        if plan.isThinking { return inside }
        return .choice([answer, .sequence([.lexeme(Self.space), try mark(thinking.open), inside])])
    }

    /// White space of any length, the empty one included.
    static let space: ByteAutomaton = {
        // Four bytes, of which any number is a language of one state.
        let bytes = [0x20, 0x09, 0x0A, 0x0D].map { ByteAutomaton.bytes($0...$0) }
        return certain { () throws(GrammarError) in try .union(bytes).repeated(0) }
    }()

    /// An automaton that is the same for every plan, and small.
    static func certain(_ make: () throws(GrammarError) -> ByteAutomaton) -> ByteAutomaton {
        do {
            return try make()
        } catch {
            preconditionFailure("a fixed part of the grammar of replies: \(error)")
        }
    }

    /// Longest white space between the parts of a call: a line break and the indentation of an object within a list.
    private static let layoutBytes = 16
    /// White space between the parts of a call, which models vary; bounded, so that no reply is made of it.
    static let layout: Production = {
        let automaton = certain { () throws(GrammarError) in
            try .pattern("[ \\t\\r\\n]{0,\(layoutBytes)}", encoding: .utf8, isAnchored: true)
        }
        return .lexeme(automaton)
    }()

    /// What stands behind thinking.
    private mutating func answer(_ output: Grammar?) throws(GrammarError) -> Production {
        let calling = try self.calling()
        if plan.isCallRequired {
            guard let calling else { preconditionFailure("a call is required where nothing may be called") }
            return .sequence([.lexeme(Self.space), calling])
        }
        guard let output else {
            let text = try self.text()
            guard let calling else { return text }
            if plan.format?.calls?.isUnmarked == true {
                return .choice([.sequence([.lexeme(Self.space), calling]), text])
            }
            // Text that a call may follow.
            return .sequence([text, .choice([.empty, calling])])
        }
        var ways = [try builder.embed(output)]
        // Marks that are spelled out may stand in the answer's own texts, where they would end it.
        for marks in plan.format?.textMarks ?? [] where bytes(of: marks.close) != Array(marks.close.utf8) {
            ways.append(
                .sequence([
                    .lexeme(Self.space), try mark(marks.open), Self.layout, ways[0],
                    .choice([.empty, .sequence([Self.layout, try mark(marks.close)])]),
                ]))
        }
        if let calling { ways.append(.sequence([.lexeme(Self.space), calling])) }
        return .choice(ways)
    }

    /// Text in front of a call, or without one; also between marks of the model's own.
    private mutating func text() throws(GrammarError) -> Production {
        let textMarks = plan.format?.textMarks ?? []
        let excluded = try callBeginnings()
        guard !textMarks.isEmpty else { return .lexeme(try text(without: excluded)) }
        // The marks mean something at the beginning of an answer only.
        let marked = try textMarks.map { marks throws(GrammarError) in
            try ByteAutomaton.concatenation(Self.spaced([marks.open]))
        }
        var ways: [Production] = [.lexeme(try text(without: excluded + marked))]
        for marks in textMarks {
            let inside = try text(without: excluded + [Self.any(with: [marks.close])])
            ways.append(
                .sequence([
                    .lexeme(Self.space), try mark(marks.open), .lexeme(inside),
                    .choice([.empty, .sequence([try mark(marks.close), .lexeme(Self.space)])]),
                ]))
        }
        return .choice(ways)
    }

    /// Any text that is none of these.
    func text(without excluded: [ByteAutomaton]) throws(GrammarError) -> ByteAutomaton {
        var text = ByteAutomaton.anyText(.utf8)
        for part in excluded { text = try text.subtracting(part) }
        return text
    }

    /// Texts that hold these parts one after the other, with white space between them.
    static func any(with parts: [String]) throws(GrammarError) -> ByteAutomaton {
        try .concatenation([.anyText(.utf8)] + spaced(parts))
    }

    /// Texts that begin so, with white space in front of each part.
    private static func spaced(_ parts: [String]) -> [ByteAutomaton] {
        parts.flatMap { [space, .text($0)] } + [.anyText(.utf8)]
    }

    func mark(_ text: String) throws(GrammarError) -> Production {
        text.isEmpty ? .empty : .lexeme(.text(bytes(of: text)))
    }

    func bytes(of mark: String) -> [UInt8] { spell(mark) }

    /// Tells of what is not enforced of a tool's input.
    mutating func warn(_ found: [GenerationWarning], ofTool index: Int) {
        warnings += found.map {
            GenerationWarning(keyword: $0.keyword, pointer: "/tools/\(index)" + $0.pointer, message: $0.message)
        }
    }

    // MARK: - What calls begin with

    /// The texts that the reader would take a call from, wherever calls are read.
    private mutating func callBeginnings() throws(GrammarError) -> [ByteAutomaton] {
        if let beginnings { return beginnings }
        let made = try makeBeginnings()
        beginnings = made
        return made
    }

    private func makeBeginnings() throws(GrammarError) -> [ByteAutomaton] {
        guard let calls = plan.format?.calls, !plan.tools.isEmpty else { return [] }
        if calls.isUnmarked { return try unmarkedBeginnings(calls) }
        return try calls.beginnings.map { marks throws(GrammarError) in try Self.any(with: marks) }
    }

    /// The texts that begin as a call of one of the tools does; another text may begin with the same brackets.
    private func unmarkedBeginnings(_ calls: CallFormat) throws(GrammarError) -> [ByteAutomaton] {
        var beginnings = try calls.aliases.map { alias throws(GrammarError) in
            try ByteAutomaton.concatenation(Self.spaced(alias.open))
        }
        let names = try ByteAutomaton.texts(plan.callable.map { Array($0.tool.name.utf8) })
        switch calls.body {
        case .object(let keys, let arguments, _):
            func begins(with key: String, _ value: [ByteAutomaton]) throws(GrammarError) -> ByteAutomaton {
                try .concatenation(
                    [Self.space, .text("{"), Self.space, .text("\"\(key)\""), Self.space, .text(":")] + value
                        + [.anyText(.utf8)])
            }
            beginnings.append(
                try begins(with: keys[0], [Self.space, .text("\""), names, .text("\"")]))
            // Answers in JSON begin with a name more often than with these.
            for key in keys.dropFirst() + arguments + ["type"] { beginnings.append(try begins(with: key, [])) }
        case .literal(let form):
            let opening = calls.opening.flatMap { [Self.space, .text($0)] }
            beginnings.append(
                try .concatenation(opening + [Self.space, names, .text(form.open), .anyText(.utf8)]))
        case .keyed, .named, .tagged: break
        }
        return beginnings
    }
}
