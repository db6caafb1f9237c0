import PinionJSON

/// Some of `null`, `true` and `false`.
struct WordShape: SchemaShape, OptionSet, Hashable {
    var rawValue: UInt8

    static let null = WordShape(rawValue: 1)
    static let `true` = WordShape(rawValue: 2)
    static let `false` = WordShape(rawValue: 4)
    static let any: WordShape = [.null, .true, .false]

    static let types = TypeSet.word
    static func memory(of expander: SchemaExpander) -> ExpansionTable<WordShape> { expander.words }

    var isAny: Bool { self == .any }

    func merged(with other: WordShape) -> WordShape? {
        let both = intersection(other)
        return both.isEmpty ? nil : both
    }

    static func united(_ shapes: [WordShape]) -> [WordShape] {
        let all = shapes.reduce(into: WordShape()) { $0.formUnion($1) }
        return all.isEmpty ? [] : [all]
    }

    static func ofTypes(_ types: TypeSet) -> WordShape? {
        var shape: WordShape = []
        if types.contains(.null) { shape.formUnion(.null) }
        if types.contains(.boolean) { shape.formUnion([.true, .false]) }
        return shape.isEmpty ? nil : shape
    }

    static func satisfying(_ literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> [WordShape] {
        let node = expander.document.nodes[literal.node]
        var shape = WordShape.any
        for (_, values) in node.constants { shape.formIntersection(words(in: values)) }
        return shape.isEmpty ? [] : [shape]
    }

    static func denying(_ literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> [WordShape] {
        let satisfying = try satisfying(literal, in: expander).first ?? []
        let others = WordShape.any.subtracting(satisfying)
        return others.isEmpty ? [] : [others]
    }

    private static func words(in values: [JSONValue]) -> WordShape {
        values.reduce(into: WordShape()) { shape, value in
            switch value {
            case .null: shape.formUnion(.null)
            case .bool(let flag): shape.formUnion(flag ? .true : .false)
            default: break
            }
        }
    }

    func isProvablyEmpty(depth: Int, in expander: SchemaExpander) throws(GrammarError) -> Bool { isEmpty }

    /// The spellings.
    var texts: [[UInt8]] {
        var texts: [[UInt8]] = []
        if contains(.null) { texts.append(Array("null".utf8)) }
        if contains(.true) { texts.append(Array("true".utf8)) }
        if contains(.false) { texts.append(Array("false".utf8)) }
        return texts
    }
}
