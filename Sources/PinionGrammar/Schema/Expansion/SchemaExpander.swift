import PinionJSON

/// Turns combinations of subschemas into shapes: alternatives of plain constraints on one type each.
///
/// An answer is kept by literal, type of shape and whether evaluations are asked for, and never looks into the parts of
/// a value: recursion of schemas is met again only where the parts are translated.
///
/// One translation on one thread, thrown away with it.
final class SchemaExpander {
    private struct ProofKey: Hashable {
        let conjunction: Conjunction
        let depth: Int
    }

    let document: SchemaDocument
    var automata = AutomatonPool()
    var omissions: SchemaOmissions

    private var resolver: ReferenceResolver
    private var conjunctions = ConjunctionTable()
    private var steps = 0
    /// What is being taken apart, each inside of the one before: no more than ``SchemaLimits/inPlaceDepth``, so that it is
    /// searched from end to end.
    private var active: [ExpansionKey] = []
    /// How many proofs are under way inside each other.
    private var proofs = 0
    private var proven: [ProofKey: Bool] = [:]

    // Answers; see ``SchemaShape/memory(of:)``.
    let words = ExpansionTable<WordShape>()
    let numbers = ExpansionTable<NumberShape>()
    let strings = ExpansionTable<StringShape>()
    let arrays = ExpansionTable<ArrayShape>()
    let objects = ExpansionTable<ObjectShape>()
    var derived = DerivedNodes()

    init(_ document: SchemaDocument, omitting omitted: Set<SchemaOmissions.Omission>) {
        self.document = document
        omissions = SchemaOmissions(omitted)
        resolver = ReferenceResolver(document)
    }

    // MARK: - Literals

    func root() throws(GrammarError) -> Conjunction { try conjunction([resolver.root()]) }

    func child(_ node: Int, of literal: Literal) -> Literal { resolver.child(node, of: literal) }

    /// The combination of literals in their simplest forms.
    func conjunction(_ literals: [Literal]) throws(GrammarError) -> Conjunction {
        var list: [Literal] = []
        for literal in literals {
            guard let simple = try simplified(literal) else { continue }
            let node = document.nodes[simple.node]
            if node.isTrivial, simple.isNegated { return .never }
            if node.isNever {
                guard simple.isNegated else { return .never }
                continue
            }
            if list.contains(simple.negated) { return .never }
            if !list.contains(simple) { list.append(simple) }
        }
        return try conjunctions.conjunction(of: list)
    }

    func literals(of conjunction: Conjunction) -> [Literal] { conjunctions[conjunction] }

    private func simplified(_ literal: Literal) throws(GrammarError) -> Literal? {
        var literal = literal
        var visited: [Literal] = []
        while visited.count < SchemaLimits.inPlaceDepth {
            let node = document.nodes[literal.node]
            // So most nodes are, and nothing else has to be asked.
            if node.verdict == nil, node.hasAssertions { return literal }
            if node.isTrivial { return literal.isNegated ? literal : nil }
            guard let step = node.onlyStep else { return literal }
            if visited.contains(literal) { throw loop(node) }
            visited.append(literal)
            switch step {
            case .reference(let reference):
                guard var target = try target(of: reference, at: literal) else { return nil }
                target.isNegated = literal.isNegated
                literal = target
            case .not(let child):
                if omissions.containsDenial(of: literal) { return nil }
                var inner = self.child(child, of: literal)
                inner.isNegated = !literal.isNegated
                literal = inner
            default: return literal
            }
        }
        throw tooDeep(document.nodes[literal.node])
    }

    /// What a reference means; nil if it is left out.
    func target(of reference: SchemaReference, at literal: Literal) throws(GrammarError) -> Literal? {
        let node = document.nodes[literal.node]
        if omissions.contains(node, reference.keyword) { return nil }
        do {
            return try resolver.target(of: reference, at: literal)
        } catch {
            guard error.code == .unsupported else { throw error }
            throw omissions.refuse(node, reference.keyword, isNegated: false, error.message)
        }
    }

    private func loop(_ node: SchemaNode) -> GrammarError {
        GrammarError(
            .invalid, "the schema leads back to itself without looking at a part of the value", pointer: node.pointer)
    }

    private func tooDeep(_ node: SchemaNode) -> GrammarError {
        GrammarError(
            .limit,
            "more than \(SchemaLimits.inPlaceDepth) references and applicators lead to what is said of one value",
            pointer: node.pointer)
    }

    // MARK: - Expansion

    /// The ways of satisfying a combination with values of one type.
    func shapes<Shape: SchemaShape>(
        of conjunction: Conjunction, _ type: Shape.Type = Shape.self
    ) throws(GrammarError) -> [Shape] {
        if conjunction == .never { return [] }
        var shapes = [Shape.any]
        for literal in conjunctions[conjunction] {
            shapes = try product(shapes, try expand(literal))
            if shapes.isEmpty { break }
        }
        return shapes
    }

    /// The ways of satisfying a literal with values of one type.
    ///
    /// - Parameter isEvaluating: whether a way is wanted for each set of parts that may have been looked at, rather than
    ///   for each set of values.
    func expand<Shape: SchemaShape>(
        _ literal: Literal, isEvaluating: Bool = false
    ) throws(GrammarError) -> [Shape] {
        if isOfOtherTypes(literal, Shape.self) { return [] }
        let key = ExpansionKey(literal: literal, isEvaluating: isEvaluating && Shape.isEvaluated)
        let memory = Shape.memory(of: self)
        if let known = memory[key] { return known }
        guard !active.contains(key) else { throw loop(document.nodes[literal.node]) }
        active.append(key)
        defer { active.removeLast() }
        guard active.count <= SchemaLimits.inPlaceDepth else { throw tooDeep(document.nodes[literal.node]) }
        try spend(1)
        let shapes: [Shape] =
            literal.isNegated ? try denying(literal) : try satisfying(literal, isEvaluating: key.isEvaluating)
        memory[key] = shapes
        return shapes
    }

    /// Whether the literal's node names types, and none of the shape's: so most nodes answer for four of five kinds of shapes,
    /// which is faster to see than to look up.
    private func isOfOtherTypes<Shape: SchemaShape>(_ literal: Literal, _ type: Shape.Type) -> Bool {
        let node = document.nodes[literal.node]
        guard !literal.isNegated, let types = node.types, node.verdict == nil, node.alternatives == nil,
            types.isDisjoint(with: Shape.types)
        else { return false }
        checkFormat(of: node)
        return true
    }

    /// The ways of satisfying one of several lists of shapes.
    func union<Shape: SchemaShape>(_ lists: [[Shape]], isEvaluating: Bool = false) throws(GrammarError) -> [Shape] {
        var all: [Shape] = []
        for list in lists { all += list }
        guard all.count <= SchemaLimits.shapes else { throw tooManyShapes() }
        try spend(all.count)
        if let any = all.first(where: \.isAny) {
            if !isEvaluating { return [any] }
            all = [any] + all.filter { !$0.isAny }
        }
        return Shape.united(all)
    }

    /// The ways of satisfying two lists of shapes at once.
    func product<Shape: SchemaShape>(_ left: [Shape], _ right: [Shape]) throws(GrammarError) -> [Shape] {
        if left.count == 1, left[0].isAny { return right }
        if right.count == 1, right[0].isAny { return left }
        var result: [Shape] = []
        for first in left {
            for second in right {
                try spend(first.weight + second.weight)
                guard let both = first.merged(with: second) else { continue }
                // Alternatives that exclude each other would multiply from step to step.
                if left.count > 1 || right.count > 1, try isProvablyEmpty(both) { continue }
                result.append(both)
            }
        }
        guard result.count <= SchemaLimits.shapes else { throw tooManyShapes() }
        return result
    }

    // MARK: - Proofs

    /// Whether it is easily shown that nothing satisfies a shape.
    private func isProvablyEmpty<Shape: SchemaShape>(_ shape: Shape) throws(GrammarError) -> Bool {
        // Proofs take shapes apart, which asks for proofs: without an end they would follow the parts of parts.
        let depth = proofs < 2 ? 1 : 0
        return try attempt { () throws(GrammarError) in try shape.isProvablyEmpty(depth: depth, in: self) }
    }

    /// Whether it can be shown that nothing satisfies the combination; false proves nothing.
    func isProvablyEmpty(_ conjunction: Conjunction, depth: Int) throws(GrammarError) -> Bool {
        if conjunction == .never { return true }
        if conjunction == .any { return false }
        let key = ProofKey(conjunction: conjunction, depth: depth)
        if let known = proven[key] { return known }
        let result = try attempt { () throws(GrammarError) in
            guard try hasNone(conjunction, WordShape.self, depth), try hasNone(conjunction, NumberShape.self, depth),
                try hasNone(conjunction, StringShape.self, depth), try hasNone(conjunction, ArrayShape.self, depth)
            else { return false }
            return try hasNone(conjunction, ObjectShape.self, depth)
        }
        proven[key] = result
        return result
    }

    private func hasNone<Shape: SchemaShape>(
        _ conjunction: Conjunction, _ type: Shape.Type, _ depth: Int
    ) throws(GrammarError) -> Bool {
        for shape in try shapes(of: conjunction, type) {
            if try !shape.isProvablyEmpty(depth: depth, in: self) { return false }
        }
        return true
    }

    /// Runs a proof. One that fails, because it comes back to what is being taken apart or to a limit, shows nothing.
    private func attempt(_ proof: () throws(GrammarError) -> Bool) throws(GrammarError) -> Bool {
        proofs += 1
        let outer = active
        active = []
        defer {
            proofs -= 1
            active = outer
        }
        do {
            return try proof()
        } catch {
            if error.code == .cancelled || steps > SchemaLimits.steps { throw error }
            omissions.withdrawRefusal()
            return false
        }
    }

    // MARK: - Limits

    func spend(_ count: Int) throws(GrammarError) {
        steps += count
        guard steps <= SchemaLimits.steps else {
            throw GrammarError(
                .limit, "the alternatives of the schema take more than \(SchemaLimits.steps) steps to bring together")
        }
        if Task.isCancelled { throw GrammarError(.cancelled, "the translation was cancelled") }
    }

    /// A number of elements or members that have to come; each is a state.
    func least(_ count: Int?, of node: SchemaNode, _ keyword: SchemaKeyword) throws(GrammarError) -> Int {
        guard let count else { return 0 }
        guard count <= SchemaLimits.count else {
            throw GrammarError(
                .limit, "'\(keyword.rawValue)' is more than \(SchemaLimits.count)", pointer: node.pointer(to: keyword))
        }
        return count
    }

    private func tooManyShapes() -> GrammarError {
        GrammarError(.limit, "more than \(SchemaLimits.shapes) alternatives of one value")
    }

    /// Warns of a string's length that is not enforced.
    func warnOfLength(_ message: String, of conjunction: Conjunction?) {
        let nodes = conjunction.map { literals(of: $0).map { document.nodes[$0.node] } } ?? []
        guard let node = nodes.first(where: { $0.string != nil }) ?? nodes.first ?? document.nodes.first else { return }
        omissions.warn(node, .maxLength, "left out: " + message)
    }
}
