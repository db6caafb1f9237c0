import PinionJSON

/// One way in which values of one type can satisfy a combination of subschemas: plain constraints that hold together,
/// with no alternative left among them.
///
/// Types are taken apart first, because most keywords look at values of one type and let all others pass.
protocol SchemaShape {
    /// The types whose values are told by this kind of shape.
    static var types: TypeSet { get }
    /// Every value of the types.
    static var any: Self { get }
    /// Whether parts of the values can be left to `unevaluatedProperties` or `unevaluatedItems`.
    static var isEvaluated: Bool { get }
    /// Where the answers of an expander are kept.
    static func memory(of expander: SchemaExpander) -> ExpansionTable<Self>

    var isAny: Bool { get }
    /// What it costs to bring the shape together with another, roughly in microseconds.
    var weight: Int { get }
    /// What satisfies both; nil if plainly nothing does.
    func merged(with other: Self) -> Self?
    /// Fewer alternatives that say the same.
    static func united(_ shapes: [Self]) -> [Self]
    /// The values of some types.
    static func ofTypes(_ types: TypeSet) -> Self?

    /// What satisfies the keywords of a node that look at values of these types.
    static func satisfying(_ literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> [Self]
    /// What does not satisfy them.
    static func denying(_ literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> [Self]

    /// The same constraints, of which `unevaluated` keywords learn nothing.
    var unevaluated: Self { get }
    var hasEvaluations: Bool { get }
    /// Whether the node has an `unevaluated` keyword for these types.
    static func hasUnevaluated(_ node: SchemaNode) -> Bool
    /// The shape with what the node's `unevaluated` keyword asks of the parts that nothing else looked at.
    func closed(by literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> Self

    /// Objects that have a member of the name, or have none; nil for values of other types.
    static func having(_ name: ProtocolWord) -> Self?
    static func lacking(_ name: ProtocolWord) -> Self?

    /// Whether each of many lists is known at a glance to exclude every other; false proves nothing.
    static func areApart(_ branches: [[Self]], in expander: SchemaExpander) throws(GrammarError) -> Bool
    /// Whether it can be shown that nothing satisfies the shape; false proves nothing.
    func isProvablyEmpty(depth: Int, in expander: SchemaExpander) throws(GrammarError) -> Bool
}

extension SchemaShape {
    static var isEvaluated: Bool { false }
    var weight: Int { 1 }
    var unevaluated: Self { self }
    var hasEvaluations: Bool { false }

    static func hasUnevaluated(_ node: SchemaNode) -> Bool { false }
    func closed(by literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> Self { self }
    static func having(_ name: ProtocolWord) -> Self? { nil }
    static func lacking(_ name: ProtocolWord) -> Self? { nil }
    static func united(_ shapes: [Self]) -> [Self] { shapes }
    static func areApart(_ branches: [[Self]], in expander: SchemaExpander) throws(GrammarError) -> Bool { false }

    static func ofTypes(_ types: TypeSet) -> Self? { types.contains(Self.types) ? .any : nil }
}

/// The answers of one kind of shape.
///
/// A class, because the generic code of all kinds reaches its own table through it without a key path, whose accesses took as
/// long as the looking up.
final class ExpansionTable<Shape> {
    fileprivate var shapes: [Int: [Shape]] = [:]

    subscript(key: ExpansionKey) -> [Shape]? {
        get { shapes[key.number] }
        set { shapes[key.number] = newValue }
    }
}

/// What was asked of a literal, for the tables of answers.
struct ExpansionKey: Equatable {
    let literal: Literal
    /// Whether the answer tells which parts were looked at.
    let isEvaluating: Bool

    /// One number for each key, which is hashed faster than its parts one by one.
    fileprivate var number: Int { literal.number << 1 | (isEvaluating ? 1 : 0) }
}
