import PinionGrammar
import PinionJSON
import TextGeneration

extension ReplyGrammar {
    // MARK: - Arguments as one JSON object

    mutating func arguments(of tool: Tool, _ index: Int) throws(GrammarError) -> Production {
        switch tool.input {
        case .arguments(let schema, let isStrict):
            return try object(of: try ToolSchema.object(schema), isStrict: isStrict, index, ValueNotation())
        case .text(let format):
            return Self.object([Self.member(Tool.textArgument, try quotedText(format, index))])
        }
    }

    private mutating func object(
        of schema: JSONValue, isStrict: Bool, _ index: Int, _ notation: ValueNotation
    ) throws(GrammarError) -> Production {
        let (production, found) = try SchemaGrammar.production(
            of: schema, mode: isStrict ? .strict : .lenient, notation: notation, in: &builder)
        warn(found.map(GenerationWarning.init), ofTool: index)
        return production
    }

    // MARK: - Texts of tools that take one

    /// A text of a format as a JSON string.
    private mutating func quotedText(_ format: OutputFormat, _ index: Int) throws(GrammarError) -> Production {
        let quote = Production.lexeme(.text("\""))
        return .sequence([quote, try text(format, isEscaped: true, index), quote])
    }

    private mutating func text(
        _ format: OutputFormat, isEscaped: Bool, without end: [UInt8]? = nil, _ index: Int
    ) throws(GrammarError) -> Production {
        let encoding: ScalarEncoding = isEscaped ? .jsonString : .utf8
        var automaton = ByteAutomaton.anyText(encoding)
        switch format {
        case .text: break
        case .pattern(let pattern): automaton = try .pattern(pattern, encoding: encoding, isAnchored: true)
        case .jsonObject, .jsonSchema, .choice, .grammar:
            let (grammar, found) = try format.grammar()
            warn(found, ofTool: index)
            if let grammar { return try builder.embed(grammar, isEscaped: isEscaped, without: end) }
        }
        if let end { automaton = try automaton.subtracting(textsWith: end) }
        return .lexeme(automaton)
    }

    /// A text of a format between marks, with padding around it that is no part of it.
    ///
    /// The padding may be left out only around a text that neither begins nor ends with it, from which the reader would take
    /// it. An embedded grammar does not tell which of its texts do, so that its texts always have the padding.
    private mutating func markedText(
        _ format: OutputFormat, _ marks: ValueMarks, _ index: Int
    ) throws(GrammarError) -> Production {
        let text = try text(format, isEscaped: false, without: marks.end, index)
        let padded = marks.reading(Tool.textArgument).padded
        guard !padded.isEmpty else { return text }
        let whole = Production.sequence([marks.padding, text, marks.padding])
        guard case .lexeme(let texts) = text else { return whole }
        return .choice([whole, .lexeme(try texts.subtracting(padded))])
    }

    // MARK: - Arguments one by one

    /// The names of tools' arguments that are written as they are.
    private static let plainName = "[A-Za-z0-9_./-]+"
    /// The names of arguments that no schema declares.
    private static let freeName = "[A-Za-z_][A-Za-z0-9_.-]*"

    /// `writable`: every name that can be written as an argument's. `free`: the names of arguments that no schema declares.
    typealias ArgumentNames = (writable: ByteAutomaton, free: ByteAutomaton)

    private mutating func argumentNames(
        _ make: () throws(GrammarError) -> ArgumentNames
    ) throws(GrammarError) -> ArgumentNames {
        if let argumentNames { return argumentNames }
        let made = try make()
        argumentNames = made
        return made
    }

    private static func names(_ pattern: String) throws(GrammarError) -> ByteAutomaton {
        try .pattern(pattern, encoding: .utf8, isAnchored: true)
    }

    /// - Parameter tool: nil for a call of a tool that was not declared, which takes any arguments.
    mutating func tagged(
        _ form: TaggedCall, _ name: Production, _ tool: Tool?, _ index: Int
    ) throws(GrammarError) -> Production {
        let isGiven = form.textSign != nil
        let gap = form.valueOpen.isEmpty || isGiven ? Production.empty : Self.layout
        let (open, end) = (try mark(form.valueOpen), try mark(form.valueEnd))
        let types = tool == nil ? ToolTypes() : types
        let other = try reading(.all, isGiven: isGiven, form.padding)
        var readings: [ProtocolWord: ValueMarks.Reading] = [:]
        for name in types.names(in: tool?.name ?? "") {
            readings[name] = try reading(
                types.types(of: name.text, in: tool?.name ?? ""), isGiven: isGiven, form.padding)
        }
        let known = readings
        var marks = ValueMarks(
            text: (open: .sequence([gap, try mark(form.textSign ?? ""), open]), close: end),
            value: (
                open: .sequence([gap, try mark(form.jsonSign ?? ""), open, Self.layout]),
                close: .sequence([Self.layout, end])
            ),
            end: Array(form.valueEnd.utf8), reading: { name in name.flatMap { known[ProtocolWord($0)] } ?? other })
        marks.padding = try mark(form.padding)
        if !isGiven { marks.words = Self.words }
        let names = try argumentNames { () throws(GrammarError) in try Self.tagNames(form) }
        var notation = ObjectNotation(
            open: .empty, separator: .empty, close: Self.layout,
            name: (open: .sequence([Self.layout, try mark(form.keyOpen)]), close: try mark(form.keyEnd)),
            names: names.writable, freeNames: names.free)
        notation.quotesOtherNames = false
        notation.marks = marks
        // Where the name stands by itself, a line break ends it, or the mark that follows.
        let isBare = form.nameOpen.isEmpty && form.nameEnd.allSatisfy(\.isWhitespace)
        return .sequence([
            try mark(form.nameOpen), name, isBare ? .empty : try mark(form.nameEnd),
            try members(of: tool, index, notation, ValueNotation()), try mark(form.end),
        ])
    }

    /// How Python and JSON write their words; what is read back is JSON.
    private static let words = Dictionary(uniqueKeysWithValues: LiteralWord.all.map { ($0.json, $0.spellings) })

    mutating func literal(
        _ form: LiteralCall, _ name: Production, _ tool: Tool?, _ index: Int
    ) throws(GrammarError) -> Production {
        let names = try argumentNames { () throws(GrammarError) in
            (writable: try Self.names(Self.plainName), free: try Self.names(Self.freeName))
        }
        let isPython = form.quote == nil
        let gap = isPython ? Self.layout : .empty
        var values = ValueNotation()
        let close = Production.sequence([gap, try mark(form.close)])
        let notation = ObjectNotation(
            open: try mark(form.open), separator: .lexeme(.text(",")), close: close,
            name: (open: gap, close: try mark(form.assignment)), names: names.writable,
            freeNames: names.free)
        if isPython {
            values.words = Self.words
        } else {
            values.quote = form.quote.map { PlainMark(spelling: bytes(of: $0), text: Array($0.utf8)) }
            values.objects = notation
        }
        return .sequence([try mark(form.prefix), name, try members(of: tool, index, notation, values)])
    }

    private mutating func members(
        of tool: Tool?, _ index: Int, _ notation: ObjectNotation, _ values: ValueNotation
    ) throws(GrammarError) -> Production {
        var values = values
        values.arguments = notation
        values.plainTexts = plainTexts
        switch tool?.input {
        case nil: return try object(of: .object(JSONObject()), isStrict: false, index, values)
        case .arguments(let schema, let isStrict)?:
            return try object(of: try ToolSchema.object(schema), isStrict: isStrict, index, values)
        case .text(let format)?:
            var value: [Production]
            if let marks = notation.marks {
                value = [marks.textOpen, try markedText(format, marks, index), marks.textClose]
            } else if let quote = values.quote {
                let mark = Production.lexeme(.text(quote.spelling))
                value = [mark, try text(format, isEscaped: false, without: quote.text, index), mark]
            } else {
                value = [try quotedText(format, index)]
            }
            value = [notation.nameOpen, .lexeme(.text(Tool.textArgument)), notation.nameClose] + value
            return .sequence([notation.open] + value + [notation.close])
        }
    }

    private static func tagNames(_ form: TaggedCall) throws(GrammarError) -> ArgumentNames {
        let writable = try ByteAutomaton.anyText(.utf8).subtracting(textsWith: Array(form.keyEnd.utf8))
        return (writable, try names("[^\\s<>\"{}]+").intersection(writable))
    }

    /// How a value of these types is read back; made once for each set of types.
    private mutating func reading(
        _ types: JSONTypes, isGiven: Bool, _ padding: String
    ) throws(GrammarError) -> ValueMarks.Reading {
        if let known = readings[types] { return known }
        let made = try Self.reading(types, isGiven: isGiven, padding)
        readings[types] = made
        return made
    }

    private static func reading(
        _ types: JSONTypes, isGiven: Bool, _ padding: String
    ) throws(GrammarError) -> ValueMarks.Reading {
        // Behind a sign that says so, and where nothing else may stand there, every value is a text.
        guard !types.isEmpty, !isGiven else {
            let padded = padding.isEmpty ? ByteAutomaton.none : try beginsOrEnds(with: [.text(padding)])
            return ValueMarks.Reading(ambiguous: .none, takesJSONStrings: false, padded: padded)
        }
        // White space around any other value is no part of it.
        let spaces = [" ", "\t", "\n", "\r"].map { ByteAutomaton.text($0) }
        return ValueMarks.Reading(
            ambiguous: try .union([lookalikes(of: types), beginsOrEnds(with: spaces)]),
            takesJSONStrings: types.contains(.string), space: layout)
    }

    private static func beginsOrEnds(with parts: [ByteAutomaton]) throws(GrammarError) -> ByteAutomaton {
        let part = try ByteAutomaton.union(parts)
        return try .union([
            .concatenation([part, .anyText(.utf8)]), .concatenation([.anyText(.utf8), part]),
        ])
    }

    /// Texts that would be read as JSON of these types.
    private static func lookalikes(of types: JSONTypes) throws(GrammarError) -> ByteAutomaton {
        var parts: [ByteAutomaton] = []
        func add(_ type: JSONTypes, _ pattern: String) throws(GrammarError) {
            guard types.contains(type) else { return }
            parts.append(try .pattern(pattern, encoding: .utf8, isAnchored: true))
        }
        for word in LiteralWord.all { try add(word.type, word.spellings.joined(separator: "|")) }
        try add(.number, "-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")
        try add(.string, "\"[\\s\\S]*")
        try add(.array, "\\[[\\s\\S]*")
        try add(.object, "\\{[\\s\\S]*")
        return try .concatenation([Self.space, .union(parts), Self.space])
    }
}
