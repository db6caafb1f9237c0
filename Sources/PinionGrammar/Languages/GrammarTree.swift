import PinionJSON
import PinionPattern

/// The definitions of a grammar's text, whatever its language: named expressions over literals, classes and names.
///
/// Expressions stand in one array, each behind its parts and those of one definition next to each other, so that the
/// passes over them are loops and no text can make them recurse deeply.
struct GrammarTree: Sendable {
    enum Expression: Sendable {
        /// A text in UTF-8; the empty one derives nothing but itself.
        case text([UInt8])
        /// The texts of a regular expression.
        case pattern(PatternNode)
        /// Index into ``names``.
        case name(Int)
        case sequence([Int])
        case choice([Int])
        /// `max` nil is without bound.
        case repetition(Int, min: Int, max: Int?)

        var parts: [Int] {
            switch self {
            case .text, .pattern, .name: []
            case .sequence(let parts), .choice(let parts): parts
            case .repetition(let part, _, _): [part]
            }
        }
    }

    struct Name: Sendable {
        let text: String
        /// Where the text of the grammar mentions it first.
        let place: Int
        var definition: Definition?
    }

    struct Definition: Sendable {
        /// What the name stands for; the last one of ``expressions``.
        let root: Int
        /// Where its name stands.
        let place: Int
        /// What was added for it, ``root`` included.
        let expressions: Range<Int>
    }

    let text: GrammarText
    private(set) var expressions: [Expression] = []
    /// `[expressions]`: how deep the parts of each are nested.
    private(set) var heights: [UInt8] = []
    /// `[expressions]`: where each stands, for errors.
    private(set) var places: [Int] = []
    private(set) var names: [Name] = []
    private var nameIDs: [ProtocolWord: Int] = [:]
    private var definedExpressions = 0

    init(_ text: GrammarText) {
        self.text = text
    }

    // MARK: - Building

    mutating func add(_ expression: Expression, at place: Int) throws(GrammarError) -> Int {
        guard expressions.count < GrammarLimits.expressions else {
            throw text.failure(
                .limit, "the grammar has more than \(GrammarLimits.expressions) expressions", at: place)
        }
        try checkCancellation(step: expressions.count)
        let height = 1 + (expression.parts.map { Int(heights[$0]) }.max() ?? 0)
        guard height <= GrammarLimits.expressionNesting else {
            throw text.failure(
                .limit, "expressions are nested deeper than \(GrammarLimits.expressionNesting)", at: place)
        }
        expressions.append(expression)
        heights.append(UInt8(height))
        places.append(place)
        return expressions.count - 1
    }

    /// The parts as one expression.
    mutating func add(sequence parts: [Int], at place: Int) throws(GrammarError) -> Int {
        switch parts.count {
        case 0: try add(.text([]), at: place)
        case 1: parts[0]
        default: try add(.sequence(parts), at: place)
        }
    }

    /// The alternatives as one expression.
    mutating func add(choice parts: [Int], at place: Int) throws(GrammarError) -> Int {
        parts.count == 1 ? parts[0] : try add(.choice(parts), at: place)
    }

    /// The index of a name, which may be defined before or after.
    mutating func name(_ name: String, at place: Int) -> Int {
        let word = ProtocolWord(name)
        if let known = nameIDs[word] { return known }
        nameIDs[word] = names.count
        names.append(Name(text: name, place: place))
        return names.count - 1
    }

    /// Gives a name its definition, to which everything belongs that was added since the last one.
    mutating func define(_ name: Int, as root: Int, at place: Int) throws(GrammarError) {
        if let first = names[name].definition {
            let line = text.position(of: first.place).line
            throw text.failure(
                "'\(JSONValue.quoted(names[name].text))' is defined twice, first in line \(line)", at: place)
        }
        names[name].definition = Definition(
            root: root, place: place, expressions: definedExpressions..<expressions.count)
        definedExpressions = expressions.count
    }

    // MARK: - Asking

    func index(of name: String) -> Int? { nameIDs[ProtocolWord(name)] }

    /// - Throws: `invalid` for a name that is used and not defined.
    func checkNames() throws(GrammarError) {
        for name in names where name.definition == nil {
            throw text.failure("'\(JSONValue.quoted(name.text))' is not defined", at: name.place)
        }
    }

    /// The names that a definition mentions, each as often as it does.
    func mentions(of definition: Definition) -> [Int] {
        definition.expressions.compactMap { if case .name(let name) = expressions[$0] { name } else { nil } }
    }
}
