import PinionJSON

/// What the steps of one node come to.
extension SchemaExpander {
    func satisfying<Shape: SchemaShape>(
        _ literal: Literal, isEvaluating: Bool
    ) throws(GrammarError) -> [Shape] {
        let node = document.nodes[literal.node]
        if let verdict = node.verdict { return verdict ? [.any] : [] }
        if let alternatives = node.alternatives {
            return try union(alternatives.map { other throws(GrammarError) in try expand(other) })
        }
        checkFormat(of: node)
        var shapes = [Shape.any]
        if let types = node.types {
            guard let shape = Shape.ofTypes(types) else { return [] }
            shapes = [shape]
        }
        let isClosed = Shape.hasUnevaluated(node)
        for step in node.steps {
            shapes = try product(
                shapes, try satisfying(step, literal, isEvaluating: isEvaluating || isClosed))
            if shapes.isEmpty { return [] }
        }
        guard isClosed else { return shapes }
        return try shapes.map { shape throws(GrammarError) in try shape.closed(by: literal, in: self) }
    }

    private func satisfying<Shape: SchemaShape>(
        _ step: SchemaStep, _ literal: Literal, isEvaluating: Bool
    ) throws(GrammarError) -> [Shape] {
        switch step {
        case .assertions: return try Shape.satisfying(literal, in: self)
        case .reference(let reference):
            guard let target = try target(of: reference, at: literal) else { return [.any] }
            return try expand(target, isEvaluating: isEvaluating)
        case .all(let nodes):
            var shapes = [Shape.any]
            for node in nodes {
                shapes = try product(shapes, try expand(child(node, of: literal), isEvaluating: isEvaluating))
                if shapes.isEmpty { break }
            }
            return shapes
        case .any(let nodes):
            let branches: [[Shape]] = try expand(nodes, of: literal, isEvaluating: isEvaluating)
            return isEvaluating ? try sets(of: branches, of: literal) : try union(branches)
        case .one(let nodes): return try exactlyOne(nodes, literal, isEvaluating: isEvaluating)
        case .not(let node): return try denied(child(node, of: literal))
        case .condition(let test, let then, let otherwise):
            return try conditional(test, then, otherwise, literal, isEvaluating: isEvaluating)
        case .dependents(let keyword, let dependents):
            var shapes = [Shape.any]
            for (name, schema) in dependents {
                guard let having = Shape.having(name), let lacking = Shape.lacking(name) else { return [.any] }
                let with = try product([having], try expand(child(schema, of: literal), isEvaluating: isEvaluating))
                shapes = try product(shapes, try union([with, [lacking]], isEvaluating: isEvaluating))
            }
            let isDoubtful = keyword == .dependencies && document.nodes[literal.node].draft.doubtsDependencies
            return isDoubtful ? shapes.map { $0.unevaluated } : shapes
        }
    }

    private func expand<Shape: SchemaShape>(
        _ nodes: [Int], of literal: Literal, isEvaluating: Bool
    ) throws(GrammarError) -> [[Shape]] {
        var branches: [[Shape]] = []
        branches.reserveCapacity(nodes.count)
        for node in nodes { branches.append(try expand(child(node, of: literal), isEvaluating: isEvaluating)) }
        return branches
    }

    /// The ways of not satisfying a literal; they look at nothing.
    private func denied<Shape: SchemaShape>(_ literal: Literal) throws(GrammarError) -> [Shape] {
        let shapes: [Shape] = try expand(literal.negated)
        return shapes.map { $0.unevaluated }
    }

    /// One way for each set of branches that hold together: every branch that holds tells what it looked at.
    private func sets<Shape: SchemaShape>(
        of branches: [[Shape]], of literal: Literal
    ) throws(GrammarError) -> [Shape] {
        guard branches.contains(where: { $0.contains(where: \.hasEvaluations) }) else { return try union(branches) }
        var result: [Shape] = []
        for branch in branches {
            let both = try product(result, branch)
            result = try union([result, branch, result.isEmpty ? [] : both], isEvaluating: true)
            guard result.count <= SchemaLimits.branchSets * max(1, branches.count) else {
                throw GrammarError(
                    .limit, "'anyOf' under an 'unevaluated' keyword has too many combinations of branches",
                    pointer: document.nodes[literal.node].pointer(to: .anyOf))
            }
        }
        return result
    }

    // MARK: - Exactly one

    private func exactlyOne<Shape: SchemaShape>(
        _ nodes: [Int], _ literal: Literal, isEvaluating: Bool
    ) throws(GrammarError) -> [Shape] {
        let branches: [[Shape]] = try expand(nodes, of: literal, isEvaluating: isEvaluating)
        let inhabited = branches.indices.filter { !branches[$0].isEmpty }
        if inhabited.count < 2 { return inhabited.first.map { branches[$0] } ?? [] }
        let overlaps = try overlaps(of: inhabited.map { branches[$0] })
        var result: [[Shape]] = []
        for (index, branch) in inhabited.enumerated() {
            var shapes = branches[branch]
            for other in overlaps[index] {
                shapes = try product(shapes, try denied(child(nodes[inhabited[other]], of: literal)))
                if shapes.isEmpty { break }
            }
            result.append(shapes)
        }
        return try union(result, isEvaluating: isEvaluating)
    }

    /// For each branch, the others that it cannot be shown to exclude.
    private func overlaps<Shape: SchemaShape>(of branches: [[Shape]]) throws(GrammarError) -> [[Int]] {
        var result = [[Int]](repeating: [], count: branches.count)
        if try Shape.areApart(branches, in: self) { return result }
        for first in branches.indices {
            for second in branches.indices where second > first {
                guard try overlap(branches[first], branches[second]) else { continue }
                result[first].append(second)
                result[second].append(first)
            }
        }
        return result
    }

    private func overlap<Shape: SchemaShape>(_ left: [Shape], _ right: [Shape]) throws(GrammarError) -> Bool {
        for first in left {
            for second in right {
                try spend(first.weight + second.weight)
                guard let both = first.merged(with: second) else { continue }
                if try !both.isProvablyEmpty(depth: SchemaLimits.proofDepth, in: self) { return true }
            }
        }
        return false
    }

    private func conditional<Shape: SchemaShape>(
        _ test: Int, _ then: Int?, _ otherwise: Int?, _ literal: Literal, isEvaluating: Bool
    ) throws(GrammarError) -> [Shape] {
        if then == nil, otherwise == nil, !isEvaluating { return [.any] }
        var holds: [Shape] = try expand(child(test, of: literal), isEvaluating: isEvaluating)
        if let then { holds = try product(holds, try expand(child(then, of: literal), isEvaluating: isEvaluating)) }
        var fails: [Shape] = try denied(child(test, of: literal))
        if let otherwise, !fails.isEmpty {
            fails = try product(fails, try expand(child(otherwise, of: literal), isEvaluating: isEvaluating))
        }
        return try union([holds, fails], isEvaluating: isEvaluating)
    }

    // MARK: - Denial

    /// By De Morgan: something that the node says does not hold.
    func denying<Shape: SchemaShape>(_ literal: Literal) throws(GrammarError) -> [Shape] {
        let node = document.nodes[literal.node]
        if let verdict = node.verdict { return verdict ? [] : [.any] }
        if omissions.containsDenial(of: literal) { return [.any] }
        let positive = literal.negated
        if let alternatives = node.alternatives {
            var shapes = [Shape.any]
            for other in alternatives { shapes = try product(shapes, try expand(other.negated)) }
            return shapes
        }
        if let types = node.types, types.isDisjoint(with: Shape.types) { return [.any] }
        var parts: [[Shape]] = []
        if let types = node.types, let others = Shape.ofTypes(Shape.types.subtracting(types)) { parts.append([others]) }
        for step in node.steps {
            let shapes: [Shape] = try denying(step, positive)
            parts.append(shapes.map { $0.unevaluated })
        }
        return try union(parts)
    }

    private func denying<Shape: SchemaShape>(
        _ step: SchemaStep, _ literal: Literal
    ) throws(GrammarError) -> [Shape] {
        switch step {
        case .assertions: return try Shape.denying(literal, in: self)
        case .reference(let reference):
            guard let target = try target(of: reference, at: literal) else { return [.any] }
            return try expand(target.negated)
        case .all(let nodes):
            return try union(
                nodes.map { node throws(GrammarError) in try expand(child(node, of: literal).negated) })
        case .any(let nodes): return try none(of: nodes, literal)
        case .one(let nodes): return try notExactlyOne(nodes, literal)
        case .not(let node): return try expand(child(node, of: literal))
        case .condition(let test, let then, let otherwise):
            var parts: [[Shape]] = []
            if let then {
                parts.append(
                    try product(
                        try expand(child(test, of: literal)), try expand(child(then, of: literal).negated)))
            }
            if let otherwise {
                parts.append(
                    try product(
                        try expand(child(test, of: literal).negated),
                        try expand(child(otherwise, of: literal).negated)))
            }
            return try union(parts)
        case .dependents(let keyword, let dependents):
            var parts: [[Shape]] = []
            for (name, schema) in dependents {
                guard let having = Shape.having(name) else { return [] }
                try checkDenial(of: keyword, at: document.nodes[literal.node])
                parts.append(try product([having], try expand(child(schema, of: literal).negated)))
            }
            return try union(parts)
        }
    }

    /// Refuses to deny what only some readers take for an assertion.
    func checkDenial(of keyword: SchemaKeyword, at node: SchemaNode) throws(GrammarError) {
        guard keyword == .dependencies, node.draft.doubtsDependencies else { return }
        throw omissions.refuse(
            node, keyword, isNegated: true,
            "'dependencies' cannot be denied: the draft has 'dependentRequired' and 'dependentSchemas' in its place")
    }

    private func none<Shape: SchemaShape>(of nodes: [Int], _ literal: Literal) throws(GrammarError) -> [Shape] {
        var shapes = [Shape.any]
        for node in nodes {
            shapes = try product(shapes, try expand(child(node, of: literal).negated))
            if shapes.isEmpty { break }
        }
        return shapes
    }

    /// None, or two at least.
    private func notExactlyOne<Shape: SchemaShape>(
        _ nodes: [Int], _ literal: Literal
    ) throws(GrammarError) -> [Shape] {
        var parts: [[Shape]] = [try none(of: nodes, literal)]
        let branches: [[Shape]] = try expand(nodes, of: literal, isEvaluating: false)
        for first in branches.indices {
            for second in branches.indices where second > first {
                parts.append(try product(branches[first], branches[second]))
            }
        }
        return try union(parts)
    }
}
