import PinionJSON
import Synchronization

/// The lexemes of values without parts.
struct ScalarLexemes {
    var alternatives: [Production] = []
    /// States of all automata together.
    var stateCount = 0

    var production: Production { alternatives.count == 1 ? alternatives[0] : .choice(alternatives) }

    mutating func add(_ automaton: ByteAutomaton) {
        guard !automaton.isEmpty else { return }
        alternatives.append(.lexeme(automaton))
        stateCount += automaton.stateCount
    }
}

extension SchemaTranslator {
    /// All values of a combination that are `null`, booleans, numbers or strings.
    ///
    /// - Parameter words: How `true`, `false` and `null` are spelled; nil for the notation's spellings.
    func lexemes(
        of shapes: ScalarShapes, words: [String: [String]]? = nil
    ) throws(GrammarError) -> ScalarLexemes {
        var lexemes = ScalarLexemes()
        // Listed values of all types are one lexeme: ten thousand of them are ten thousand threads otherwise.
        var texts = shapes.words.flatMap(\.texts).flatMap { Self.spelled($0, words ?? notation.words) }
        for shape in shapes.numbers {
            if let constants = shape.constants {
                texts += constants.map { Array($0.spelling.utf8) }
            } else {
                lexemes.add(try expander.automaton(of: shape))
            }
        }
        for shape in shapes.strings {
            if let quote = notation.quote {
                let text = try plain(shape, without: quote.text)
                lexemes.add(try .concatenation([.text(quote.spelling), text, .text(quote.spelling)]))
            } else if shape.constants != nil {
                texts += shape.filtered(in: expander)?.constants?.map { Self.quoted($0) } ?? []
            } else {
                try add(shape, to: &lexemes)
            }
        }
        if !texts.isEmpty { lexemes.add(try .texts(texts)) }
        return lexemes
    }

    /// A string's spelling with its quotes.
    static func quoted(_ word: ProtocolWord) -> [UInt8] { ByteAutomaton.quotedSpelling(of: word.text) }

    private func add(_ shape: StringShape, to lexemes: inout ScalarLexemes) throws(GrammarError) {
        if let counted = try counted(shape) {
            lexemes.alternatives.append(counted)
            return
        }
        if let (automaton, characters, maximum) = try bounded(shape) {
            lexemes.alternatives.append(
                .sequence([.lexeme(Self.quote), .bounded(automaton, characters, max: maximum)]))
            lexemes.stateCount += automaton.stateCount
        } else if shape.isAny {
            lexemes.add(try Self.anyString.get())
        } else if let format = expander.automata.format(of: shape) {
            lexemes.add(try QuotedFormats.automaton(named: format))
        } else {
            lexemes.add(try expander.automaton(of: shape).quoted())
        }
    }

    static let anyString = Result { () throws(GrammarError) in try ByteAutomaton.anyText(.jsonString).quoted() }
    private static let quote = ByteAutomaton.text([UInt8(ascii: "\"")])

    /// A string whose characters are counted rather than told apart by states; nil if its language is no repetition of
    /// one set of characters, or its length is free.
    private func counted(_ shape: StringShape) throws(GrammarError) -> Production? {
        guard shape.minimumLength > 0 || shape.maximumLength != nil else { return nil }
        let whole = try expander.automatonOfAnyLength(shape)
        guard let (character, minimum) = try Self.repetition(whole) else { return nil }
        let least = max(minimum, shape.minimumLength)
        guard least <= shape.maximumLength ?? Int.max else { return .never }
        return .sequence([
            .lexeme(Self.quote), .counted(character, min: least, max: shape.maximumLength), .lexeme(Self.quote),
        ])
    }

    /// A string whose maximal length is counted beside its pattern or format; nil if it has no maximum, or so small a one
    /// that an automaton may count.
    private func bounded(
        _ shape: StringShape
    ) throws(GrammarError) -> (automaton: ByteAutomaton, characters: CharacterCount, maximum: Int)? {
        guard let maximum = shape.maximumLength, shape.minimumLength <= SchemaLimits.automatonLength else { return nil }
        var whole = try expander.automatonOfAnyLength(shape)
        guard SchemaExpander.isLong(maximum, beside: whole) else { return nil }
        if shape.minimumLength > 0 {
            whole = try whole.intersection(.length(shape.minimumLength, nil, encoding: .jsonString))
        }
        let closed: ByteAutomaton = try .concatenation([whole, Self.quote])
        return CharacterCount(closed).map { (closed, $0, maximum) }
    }

    /// The set of characters of which a language is any repetition, or any but none.
    private static func repetition(
        _ automaton: ByteAutomaton
    ) throws(GrammarError) -> (character: ByteAutomaton, minimum: Int)? {
        if automaton == .anyText(.jsonString) { return (.anyScalar(.jsonString), 0) }
        let character = try automaton.intersection(.anyScalar(.jsonString))
        let minimum = automaton.acceptsEmpty ? 0 : 1
        guard !character.isEmpty, try character.repeated(minimum) == automaton else { return nil }
        return (character, minimum)
    }
}

/// The spellings of formats with their quotes, each made once for all schemas: those of dates and addresses are large.
enum QuotedFormats {
    private static let built = Mutex<[ProtocolWord: ByteAutomaton]>([:])

    static func automaton(named name: ProtocolWord) throws(GrammarError) -> ByteAutomaton {
        if let known = built.withLock({ $0[name] }) { return known }
        let quoted = try (StringFormat.automaton(named: name.text) ?? .none).quoted()
        built.withLock { $0[name] = quoted }
        return quoted
    }
}
