import PinionJSON

/// How the values are written that satisfy a schema: as JSON, or as models write the arguments of calls.
///
///     // city="Bern", direct=True
///     var python = ValueNotation()
///     python.words = ["null": ["None"], "true": ["True"], "false": ["False"]]
package struct ValueNotation: Sendable {
    /// The spellings of `true`, `false` and `null`, where they are not JSON's.
    package var words: [String: [String]] = [:]
    /// What stands on both sides of a string that is written as it is; nil where strings are JSON's.
    package var quote: [UInt8]?
    /// How objects are written; nil where they are JSON's.
    package var objects: ObjectNotation?
    /// How the outermost object is written; nil where it is as any other.
    package var arguments: ObjectNotation?

    /// JSON.
    package init() {}
}

/// How an object is written.
package struct ObjectNotation: Sendable {
    /// In front of the first member, between two, and behind the last.
    package var open: Production
    package var separator: Production
    package var close: Production
    /// Around the name of a member.
    package var nameOpen: Production
    package var nameClose: Production
    /// Names that can stand there as they are.
    package var names: ByteAutomaton
    /// Names of members that the schema does not declare.
    package var freeNames: ByteAutomaton
    /// Whether any other name is written as a JSON string; it cannot be written at all otherwise.
    package var quotesOtherNames = true
    /// How values are written that stand between marks; nil where they stand as they are.
    package var marks: ValueMarks?

    package init(
        open: Production, separator: Production, close: Production, name: (open: Production, close: Production),
        names: ByteAutomaton, freeNames: ByteAutomaton
    ) {
        self.open = open
        self.separator = separator
        self.close = close
        nameOpen = name.open
        nameClose = name.close
        self.names = names
        self.freeNames = freeNames
    }
}

/// Values between marks: a string as it is, anything else in the notation around it.
package struct ValueMarks: Sendable {
    /// Around a string.
    package var textOpen: Production
    package var textClose: Production
    /// Around any other value.
    package var valueOpen: Production
    package var valueClose: Production
    /// What no string may hold, because it ends it.
    package var end: [UInt8]
    /// The spellings of `true`, `false` and `null` as whole values.
    package var words: [String: [String]] = [:]
    /// By the name of a member, nil for one that is not declared: strings that would be read as something else.
    package var ambiguous: @Sendable (String?) -> ByteAutomaton

    package init(
        text: (open: Production, close: Production), value: (open: Production, close: Production), end: [UInt8],
        ambiguous: @escaping @Sendable (String?) -> ByteAutomaton
    ) {
        textOpen = text.open
        textClose = text.close
        valueOpen = value.open
        valueClose = value.close
        self.end = end
        self.ambiguous = ambiguous
    }
}

extension SchemaTranslator {
    /// `true`, `false` or `null` in the notation.
    static func spelled(_ word: [UInt8], _ words: [String: [String]]) -> [[UInt8]] {
        words[String(decoding: word, as: UTF8.self)]?.map { Array($0.utf8) } ?? [word]
    }

    /// The strings of a shape as they are, without those that hold a text.
    func plain(_ shape: StringShape, without end: [UInt8]) throws(GrammarError) -> ByteAutomaton {
        var strings: ByteAutomaton
        do {
            strings = try expander.automaton(of: shape).unescaped()
        } catch  where error.code == .limit && shape.constants == nil {
            // The characters of such a string are counted in JSON, which ends it by a mark of one byte.
            guard expander.document.mode == .lenient else { throw error }
            strings = try expander.automatonOfAnyLength(shape).unescaped()
            expander.warnOfLength(error.message)
        }
        return try strings.subtracting(textsWith: end)
    }

    /// A member's value between marks.
    func marked(
        _ conjunction: Conjunction, named name: String?, _ marks: ValueMarks
    ) throws(GrammarError) -> Production {
        let shapes = try ValueShapes(conjunction, in: expander)
        let scalars = shapes.scalars
        var alternatives: [Production] = []
        var strings: [ByteAutomaton] = []
        for shape in scalars.strings { strings.append(try plain(shape, without: marks.end)) }
        let text = try ByteAutomaton.union(strings).subtracting(marks.ambiguous(name))
        if !text.isEmpty { alternatives.append(.sequence([marks.textOpen, .lexeme(text), marks.textClose])) }
        var others: [Production] = []
        let words = ScalarShapes(words: scalars.words, numbers: scalars.numbers, strings: [])
        if !words.words.isEmpty || !words.numbers.isEmpty {
            others.append(try lexemes(of: words, words: marks.words).production)
        }
        for shape in shapes.arrays { others.append(try array(shape)) }
        for shape in shapes.objects { others.append(try object(shape)) }
        if !others.isEmpty {
            alternatives.append(.sequence([marks.valueOpen, .choice(others), marks.valueClose]))
        }
        return .choice(alternatives)
    }
}
