import PinionJSON

/// The automata of patterns and formats, and what shapes made of them, each once.
struct AutomatonPool {
    private var automata: [ByteAutomaton] = []
    private var patterns: [ProtocolWord: Int] = [:]
    private var formats: [ProtocolWord: Int] = [:]
    private var formatNames: [Int: ProtocolWord] = [:]
    var strings: [StringShape: ByteAutomaton] = [:]
    var numbers: [NumberShape: ByteAutomaton] = [:]

    subscript(id: Int) -> ByteAutomaton { automata[id] }

    mutating func add(_ automaton: ByteAutomaton) -> Int {
        automata.append(automaton)
        return automata.count - 1
    }

    /// Spellings, without quotes, of the strings in which a pattern matches somewhere.
    mutating func pattern(_ text: String) throws(GrammarError) -> Int {
        if let known = patterns[ProtocolWord(text)] { return known }
        let id = add(try .pattern(text, encoding: .jsonString, isAnchored: false))
        patterns[ProtocolWord(text)] = id
        return id
    }

    /// Spellings, without quotes, of the strings of a format; nil for one that is not known.
    mutating func format(_ name: String) throws(GrammarError) -> Int? {
        if let known = formats[ProtocolWord(name)] { return known }
        guard let automaton = try StringFormat.automaton(named: name) else { return nil }
        let id = add(automaton)
        formats[ProtocolWord(name)] = id
        formatNames[id] = ProtocolWord(name)
        return id
    }

    /// The format that a shape consists of, if it is nothing else.
    func format(of shape: StringShape) -> ProtocolWord? {
        guard shape.matched.count == 1, shape == StringShape(matched: shape.matched) else { return nil }
        return formatNames[shape.matched[0]]
    }
}

extension SchemaExpander {
    // MARK: - Keywords

    /// The automaton of `pattern`; nil if there is none, or it is left out.
    func pattern(of node: SchemaNode) throws(GrammarError) -> Int? {
        guard let text = node.string?.pattern else { return nil }
        return try pattern(text, of: node, .pattern, at: node.pointer(to: .pattern))
    }

    /// The automaton of a name of `patternProperties`; nil if it is left out.
    func namePattern(_ text: String, of node: SchemaNode) throws(GrammarError) -> Int? {
        let pointer = node.pointer(to: .patternProperties) + "/" + SchemaNode.escaped(text)
        return try pattern(text, of: node, .patternProperties, at: pointer)
    }

    private func pattern(
        _ text: String, of node: SchemaNode, _ keyword: SchemaKeyword, at pointer: String
    ) throws(GrammarError) -> Int? {
        if omissions.contains(node, keyword) { return nil }
        do {
            return try automata.pattern(text)
        } catch {
            if error.code == .unsupported { _ = omissions.refuse(node, keyword, isNegated: false, error.message) }
            throw GrammarError(error.code, error.message, pointer: pointer)
        }
    }

    /// The automaton of `format`; nil if there is none or its format is an annotation.
    func format(of node: SchemaNode) throws(GrammarError) -> Int? {
        guard let name = node.string?.format else { return nil }
        return try automata.format(name)
    }

    /// Warns of a format that is enforced neither for strings nor for numbers.
    func checkFormat(of node: SchemaNode) {
        guard let name = node.string?.format, !Self.knownFormats.contains(ProtocolWord(name)) else { return }
        omissions.warn(node, .format, "an annotation: the format '\(JSONValue.quoted(name))' is not enforced")
    }

    /// All names of formats that have an effect.
    private static let knownFormats = Set(StringFormat.names.map { ProtocolWord($0) })

    /// The spellings, without quotes, of the names that satisfy a literal.
    func names(satisfying literal: Literal) throws(GrammarError) -> ByteAutomaton {
        if let known = derived.names[literal] { return known }
        var parts: [ByteAutomaton] = []
        for shape in try shapes(of: try conjunction([literal]), StringShape.self) {
            parts.append(try automaton(of: shape))
        }
        let names = try ByteAutomaton.union(parts)
        derived.names[literal] = names
        return names
    }

    // MARK: - Shapes

    /// The spellings of the strings of a shape, without quotes.
    func automaton(of shape: StringShape) throws(GrammarError) -> ByteAutomaton {
        if shape.isAny { return .anyText(.jsonString) }
        if let known = automata.strings[shape] { return known }
        var result = ByteAutomaton.none
        if shape.constants != nil {
            let kept = shape.filtered(in: self)?.constants ?? []
            result = try .texts(kept.map { ByteAutomaton.jsonSpelling(of: $0.text) })
        } else {
            result = try automatonOfAnyLength(shape)
            if shape.minimumLength > 0 || shape.maximumLength != nil {
                result = try result.intersection(length(of: shape))
            }
        }
        automata.strings[shape] = result
        return result
    }

    private func length(of shape: StringShape) throws(GrammarError) -> ByteAutomaton {
        guard max(shape.minimumLength, shape.maximumLength ?? 0) <= SchemaLimits.automatonLength else {
            throw GrammarError(
                .limit, "a string that is longer than \(SchemaLimits.automatonLength) and matches a pattern too")
        }
        return try .length(shape.minimumLength, shape.maximumLength, encoding: .jsonString)
    }

    /// The same without regard to the length.
    func automatonOfAnyLength(_ shape: StringShape) throws(GrammarError) -> ByteAutomaton {
        var result: ByteAutomaton?
        for pattern in shape.matched {
            result = try result?.intersection(automata[pattern]) ?? automata[pattern]
        }
        var automaton = result ?? .anyText(.jsonString)
        for pattern in shape.unmatched { automaton = try automaton.subtracting(automata[pattern]) }
        if !shape.excluded.isEmpty {
            let texts = shape.excluded.map { ByteAutomaton.jsonSpelling(of: $0.text) }
            automaton = try automaton.subtracting(.texts(texts))
        }
        return automaton
    }

    /// Whether lengths up to a maximum are too many to be told apart by an automaton's states.
    static func isLong(_ maximum: Int, beside automaton: ByteAutomaton) -> Bool {
        maximum > SchemaLimits.lengthStates / max(automaton.stateCount, 1)
    }

    func isKnownEmpty(_ shape: StringShape) throws(GrammarError) -> Bool {
        if shape.constants == nil, let maximum = shape.maximumLength {
            let whole = try automatonOfAnyLength(shape)
            // Whether a long string is too short for its pattern is found out by the grammar.
            if whole.isEmpty || Self.isLong(maximum, beside: whole) { return whole.isEmpty }
        }
        return try automaton(of: shape).isEmpty
    }
}
