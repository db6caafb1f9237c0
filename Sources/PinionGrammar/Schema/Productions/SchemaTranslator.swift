/// Writes the rules of a schema: one for each combination of subschemas that some value has to satisfy.
///
/// Rules are written from a list of what is still to be written, not by recursion, so that schemas that lead back to
/// themselves, and long chains of them, cost no stack.
final class SchemaTranslator {
    private struct Job {
        let rule: Int
        let conjunction: Conjunction
        let shapes: ValueShapes
    }

    let expander: SchemaExpander
    let notation: ValueNotation
    private(set) var builder = GrammarBuilder()
    /// By the number of the combination.
    private var productions: [Int: Production] = [:]
    private var scalarProductions: [ScalarShapes: Production] = [:]
    private var jobs: [Job] = []
    /// The rules of arrays and objects of which nothing is asked: schemas without `type` have them at every value.
    private var anyArray: Int?
    private var anyObject: Int?

    /// States up to which the lexemes of a value are written where the value stands, rather than as a rule.
    private static let inlineStates = 64

    init(_ expander: SchemaExpander, _ notation: ValueNotation) {
        self.expander = expander
        self.notation = notation
    }

    /// Swaps the builder that the rules go to with another one.
    func exchange(_ builder: inout GrammarBuilder) { swap(&self.builder, &builder) }

    /// The production of the whole schema; all rules that it refers to are defined.
    func translate() throws(GrammarError) -> Production {
        let root = try expander.root()
        let production: Production
        if let arguments = notation.arguments {
            production = try self.arguments(root, arguments)
        } else {
            production = try value(root)
        }
        while let job = jobs.popLast() {
            try expander.spend(1)
            do {
                try builder.define(job.rule, try self.production(of: job.shapes))
            } catch {
                throw located(error, job.conjunction)
            }
        }
        return production
    }

    /// The objects that satisfy the whole schema.
    private func arguments(
        _ root: Conjunction, _ notation: ObjectNotation
    ) throws(GrammarError) -> Production {
        do {
            let shapes: [ObjectShape] = root == .never ? [] : try expander.shapes(of: root)
            var ways: [Production] = []
            for shape in shapes {
                var object = try ObjectTranslator(shape, self, notation)
                ways.append(try object.translate())
            }
            return .choice(ways)
        } catch {
            throw located(error, root)
        }
    }

    /// What derives the values that satisfy a combination.
    func value(_ conjunction: Conjunction) throws(GrammarError) -> Production {
        if conjunction == .never { return .never }
        if let known = productions[conjunction.id] { return known }
        let production: Production
        do {
            let shapes = try ValueShapes(conjunction, in: expander)
            if shapes.hasParts {
                let rule = builder.declare("value \(conjunction.id)")
                jobs.append(Job(rule: rule, conjunction: conjunction, shapes: shapes))
                production = .rule(rule)
            } else {
                production = try scalars(shapes.scalars)
            }
        } catch {
            throw located(error, conjunction)
        }
        productions[conjunction.id] = production
        return production
    }

    /// Values without parts: written where they stand if they are small, or as a rule.
    private func scalars(_ shapes: ScalarShapes) throws(GrammarError) -> Production {
        if let known = scalarProductions[shapes] { return known }
        let lexemes = try lexemes(of: shapes)
        var production = lexemes.production
        if lexemes.stateCount > Self.inlineStates { production = .rule(try builder.rule("scalar", production)) }
        scalarProductions[shapes] = production
        return production
    }

    private func production(of shapes: ValueShapes) throws(GrammarError) -> Production {
        var alternatives = [try scalars(shapes.scalars)]
        for shape in shapes.arrays { alternatives.append(try array(shape)) }
        for shape in shapes.objects { alternatives.append(try object(shape)) }
        return .choice(alternatives)
    }

    /// The error with a place in the schema, if it has none yet.
    func located(_ error: GrammarError, _ conjunction: Conjunction) -> GrammarError {
        guard error.pointer == nil, let literal = expander.literals(of: conjunction).first else { return error }
        return GrammarError(error.code, error.message, pointer: expander.document.nodes[literal.node].pointer)
    }

    func array(_ shape: ArrayShape) throws(GrammarError) -> Production {
        if shape.isAny, let anyArray { return .rule(anyArray) }
        var array = try ArrayTranslator(shape, self)
        let production = try array.translate()
        guard shape.isAny else { return production }
        let rule = try builder.rule("array", production)
        anyArray = rule
        return .rule(rule)
    }

    func object(_ shape: ObjectShape) throws(GrammarError) -> Production {
        if shape.isAny, let anyObject { return .rule(anyObject) }
        var object = try ObjectTranslator(shape, self, notation.objects)
        let production = try object.translate()
        guard shape.isAny else { return production }
        let rule = try builder.rule("object", production)
        anyObject = rule
        return .rule(rule)
    }
}

/// The ways of satisfying a combination, by type.
struct ValueShapes {
    let scalars: ScalarShapes
    let arrays: [ArrayShape]
    let objects: [ObjectShape]

    init(_ conjunction: Conjunction, in expander: SchemaExpander) throws(GrammarError) {
        scalars = ScalarShapes(
            words: try expander.shapes(of: conjunction), numbers: try expander.shapes(of: conjunction),
            strings: try expander.shapes(of: conjunction))
        arrays = try expander.shapes(of: conjunction)
        objects = try expander.shapes(of: conjunction)
    }

    /// Whether there are values that have parts.
    var hasParts: Bool { !arrays.isEmpty || !objects.isEmpty }
}

/// The ways of satisfying a combination with values that have no parts.
struct ScalarShapes: Hashable {
    let words: [WordShape]
    let numbers: [NumberShape]
    let strings: [StringShape]
}
