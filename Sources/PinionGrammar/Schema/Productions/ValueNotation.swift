import PinionJSON
import Synchronization

/// How the values are written that satisfy a schema: as JSON, or as models write the arguments of calls.
///
///     // city="Bern", direct=True
///     var python = ValueNotation()
///     python.words = ["null": ["None"], "true": ["True"], "false": ["False"]]
package struct ValueNotation: Sendable {
    /// The spellings of `true`, `false` and `null`, where they are not JSON's.
    package var words: [String: [String]] = [:]
    /// What stands on both sides of a string that is written as it is; nil where strings are JSON's.
    package var quote: PlainMark?
    /// How objects are written; nil where they are JSON's.
    package var objects: ObjectNotation?
    /// How the outermost object is written; nil where it is as any other.
    package var arguments: ObjectNotation?

    /// Strings as they are, which the schemas of one grammar share.
    package var plainTexts = PlainTexts()

    /// JSON.
    package init() {}
}

/// A mark as a grammar spells it, and as a text that no string between such marks may hold.
package struct PlainMark: Sendable {
    package let spelling: [UInt8]
    package let text: [UInt8]

    package init(spelling: [UInt8], text: [UInt8]) {
        self.spelling = spelling
        self.text = text
    }
}

/// Languages of strings that stand between marks, each made once for all schemas of a grammar.
package final class PlainTexts: Sendable {
    private struct Key: Hashable {
        let spellings: ByteAutomaton
        let end: [UInt8]
        let others: ByteAutomaton
    }

    private let made = Mutex<[Key: ByteAutomaton]>([:])

    package init() {}

    /// The strings with these spellings in JSON, without those that hold `end` and those of `others`.
    func texts(
        _ spellings: ByteAutomaton, without end: [UInt8], _ others: ByteAutomaton
    ) throws(GrammarError) -> ByteAutomaton {
        let key = Key(spellings: spellings, end: end, others: others)
        if let known = made.withLock({ $0[key] }) { return known }
        var texts = try spellings.unescaped().subtracting(textsWith: end)
        if !others.isEmpty { texts = try texts.subtracting(others) }
        made.withLock { $0[key] = texts }
        return texts
    }
}

/// How an object is written.
package struct ObjectNotation: Sendable {
    /// In front of the first member.
    package var open: Production
    /// Between two members.
    package var separator: Production
    /// Behind the last member.
    package var close: Production
    /// In front of the name of a member.
    package var nameOpen: Production
    /// Behind the name of a member.
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
    /// In front of a string.
    package var textOpen: Production
    /// Behind a string.
    package var textClose: Production
    /// In front of a value that is no string.
    package var valueOpen: Production
    /// Behind a value that is no string.
    package var valueClose: Production
    /// What no string may hold, because it ends it.
    package var end: [UInt8]
    /// The spellings of `true`, `false` and `null` as whole values.
    package var words: [String: [String]] = [:]
    /// What a value is read as, by the name of its member; nil for one that is not declared.
    package var reading: @Sendable (String?) -> Reading

    /// How a value between marks is read back.
    package struct Reading: Sendable {
        /// Strings that would be read as something else; empty where every value is a string.
        package var ambiguous: ByteAutomaton
        /// Whether a string may stand there as JSON, too.
        package var takesJSONStrings: Bool
        /// Strings that begin or end with the padding, so that the reader would strip it from them.
        package var padded: ByteAutomaton
        /// What may stand around a string and is no part of it.
        package var space: Production

        package init(
            ambiguous: ByteAutomaton, takesJSONStrings: Bool, padded: ByteAutomaton = .none,
            space: Production = .empty
        ) {
            self.ambiguous = ambiguous
            self.takesJSONStrings = takesJSONStrings
            self.padded = padded
            self.space = space
        }
    }
    /// White space around a string that is no part of it; one that begins or ends with it has it on both sides.
    package var padding: Production = .empty

    package init(
        text: (open: Production, close: Production), value: (open: Production, close: Production), end: [UInt8],
        reading: @escaping @Sendable (String?) -> Reading
    ) {
        textOpen = text.open
        textClose = text.close
        valueOpen = value.open
        valueClose = value.close
        self.end = end
        self.reading = reading
    }
}

extension SchemaTranslator {
    /// `true`, `false` or `null` in the notation.
    static func spelled(_ word: [UInt8], _ words: [String: [String]]) -> [[UInt8]] {
        words[String(decoding: word, as: UTF8.self)]?.map { Array($0.utf8) } ?? [word]
    }

    /// The strings of a shape as they are, without those that hold a text and those of `others`.
    func plain(
        _ shape: StringShape, without end: [UInt8], _ others: ByteAutomaton = .none, of conjunction: Conjunction? = nil
    ) throws(GrammarError) -> ByteAutomaton {
        if shape.constants == nil, max(shape.minimumLength, shape.maximumLength ?? 0) > SchemaLimits.plainLength {
            // In JSON characters are counted, which a mark of several bytes behind them does not allow.
            let message = "a string between marks whose length is told beyond \(SchemaLimits.plainLength) characters"
            guard expander.document.mode == .lenient else { throw GrammarError(.unsupported, message) }
            expander.warnOfLength(message, of: conjunction)
            return try notation.plainTexts.texts(try expander.automatonOfAnyLength(shape), without: end, others)
        }
        return try notation.plainTexts.texts(try expander.automaton(of: shape), without: end, others)
    }

    /// A member's value between marks.
    func marked(
        _ conjunction: Conjunction, named name: String?, _ marks: ValueMarks
    ) throws(GrammarError) -> Production {
        do {
            return try markedValue(conjunction, marks.reading(name), marks)
        } catch {
            throw located(error, conjunction)
        }
    }

    private func markedValue(
        _ conjunction: Conjunction, _ reading: ValueMarks.Reading, _ marks: ValueMarks
    ) throws(GrammarError) -> Production {
        let shapes = try ValueShapes(conjunction, in: expander)
        let scalars = shapes.scalars
        var alternatives: [Production] = []
        func add(_ padding: Production, without others: ByteAutomaton) throws(GrammarError) {
            var strings: [ByteAutomaton] = []
            for shape in scalars.strings {
                strings.append(try plain(shape, without: marks.end, others, of: conjunction))
            }
            let text = try ByteAutomaton.union(strings)
            guard !text.isEmpty else { return }
            alternatives.append(.sequence([marks.textOpen, padding, .lexeme(text), padding, marks.textClose]))
        }
        if !reading.padded.isEmpty { try add(marks.padding, without: reading.ambiguous) }
        try add(reading.space, without: try .union([reading.ambiguous, reading.padded]))
        var others: [Production] = []
        let words = ScalarShapes(
            words: scalars.words, numbers: scalars.numbers, strings: reading.takesJSONStrings ? scalars.strings : [])
        if words != ScalarShapes(words: [], numbers: [], strings: []) {
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
