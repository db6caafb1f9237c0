extension Interpreter {
    func run(
        _ body: [Statement], in scope: Scope, into output: inout TemplateString
    ) throws(TemplateError) -> Completion {
        try enter()
        defer { leave() }
        for statement in body {
            try charge()
            let completion = try run(statement, in: scope, into: &output)
            if completion != .normal { return completion }
        }
        return .normal
    }

    private func run(
        _ statement: Statement, in scope: Scope, into output: inout TemplateString
    ) throws(TemplateError) -> Completion {
        switch statement {
        case .text(let text): try append(text, to: &output)
        case .output(let value, let position): try print(value, position, in: scope, into: &output)
        case .conditional(let branches, let otherwise):
            for branch in branches where try evaluate(branch.test, in: scope).isTrue {
                return try run(branch.body, in: scope, into: &output)
            }
            return try run(otherwise, in: scope, into: &output)
        case .loop(let loop): return try runLoop(loop, in: scope, into: &output)
        case .assign(let target, let value, let position): try assign(target, value, position, in: scope)
        case .assignBlock(let target, let filters, let body, let position):
            return try assignBlock(target, filters, body, position, in: scope)
        case .macro(let definition):
            scope.set(definition.id, try object(MacroObject(definition, scope: scope)))
        case .call(let call, let caller, let position):
            try runCall(call, caller, position, in: scope, into: &output)
        case .filter(let filters, let body, let position):
            return try runFilter(filters, body, position, in: scope, into: &output)
        case .with(let bindings, let body, let position):
            return try runWith(bindings, body, position, in: scope, into: &output)
        case .scoped(let body): return try run(body, in: Scope(parent: scope), into: &output)
        case .breakLoop: return .broke
        case .continueLoop: return .continued
        }
        return .normal
    }

    @inline(never)
    private func print(
        _ expression: Expression, _ position: SourcePosition, in scope: Scope, into output: inout TemplateString
    ) throws(TemplateError) {
        do throws(TemplateError) {
            try append(try string(try evaluate(expression, in: scope)), to: &output)
        } catch { throw error.located(at: position) }
    }

    // MARK: - Assignments

    @inline(never)
    private func assign(
        _ target: AssignmentTarget, _ value: Expression, _ position: SourcePosition, in scope: Scope
    ) throws(TemplateError) {
        do throws(TemplateError) {
            try bind(target, to: try evaluate(value, in: scope), in: scope)
        } catch { throw error.located(at: position) }
    }

    func bind(_ target: AssignmentTarget, to value: TemplateValue, in scope: Scope) throws(TemplateError) {
        switch target {
        case .name(let id): scope.set(id, value)
        case .tuple(let targets):
            let items = try iterate(value)
            guard items.count == targets.count else {
                let found = items.count > targets.count ? "too many" : "not enough"
                throw Self.fail("\(found) values to unpack: expected \(targets.count), got \(items.count)")
            }
            for (target, item) in zip(targets, items) { try bind(target, to: item, in: scope) }
        case .attribute(let id, let attribute):
            guard case .object(let object) = try lookUp(id, in: scope), let namespace = object as? NamespaceObject
            else { throw Self.fail("cannot assign attribute '\(attribute.name)' of '\(name(id))': not a namespace") }
            namespace[attribute.key] = value
        }
    }

    @inline(never)
    private func assignBlock(
        _ target: AssignmentTarget, _ filters: [PostfixOperation], _ body: [Statement], _ position: SourcePosition,
        in scope: Scope
    ) throws(TemplateError) -> Completion {
        var text = TemplateString()
        let inner = Scope(parent: scope)
        let completion = try run(body, in: inner, into: &text)
        guard completion == .normal else { return completion }
        do throws(TemplateError) {
            try bind(target, to: try apply(filters, to: .string(text), in: inner), in: scope)
        } catch { throw error.located(at: position) }
        return .normal
    }

    @inline(never)
    private func runFilter(
        _ filters: [PostfixOperation], _ body: [Statement], _ position: SourcePosition, in scope: Scope,
        into output: inout TemplateString
    ) throws(TemplateError) -> Completion {
        var text = TemplateString()
        let inner = Scope(parent: scope)
        let completion = try run(body, in: inner, into: &text)
        guard completion == .normal else { return completion }
        do throws(TemplateError) {
            try append(try string(try apply(filters, to: .string(text), in: inner)), to: &output)
        } catch { throw error.located(at: position) }
        return .normal
    }

    @inline(never)
    private func runWith(
        _ bindings: [(target: AssignmentTarget, value: Expression)], _ body: [Statement], _ position: SourcePosition,
        in scope: Scope, into output: inout TemplateString
    ) throws(TemplateError) -> Completion {
        let inner = Scope(parent: scope)
        do throws(TemplateError) {
            for (target, value) in bindings { try bind(target, to: try evaluate(value, in: scope), in: inner) }
        } catch { throw error.located(at: position) }
        return try run(body, in: inner, into: &output)
    }

    // MARK: - Loops

    @inline(never)
    private func runLoop(
        _ loop: ForStatement, in scope: Scope, into output: inout TemplateString
    ) throws(TemplateError) -> Completion {
        let items: [TemplateValue]
        do throws(TemplateError) {
            items = try iterate(try evaluate(loop.iterable, in: scope))
        } catch { throw error.located(at: loop.position) }
        return try runLoop(loop, over: items, depth: 1, in: scope, into: &output)
    }

    /// `depth` is that of a recursive loop: 1 outside, one more in each `loop(...)`.
    func runLoop(
        _ loop: ForStatement, over items: [TemplateValue], depth: Int, in scope: Scope,
        into output: inout TemplateString
    ) throws(TemplateError) -> Completion {
        let filtersFirst = loop.condition != nil && loop.usesLoop
        let items = filtersFirst ? try filtered(items, loop, in: scope) : items
        var state: LoopObject?
        if loop.usesLoop {
            let recursion = loop.isRecursive ? (node: loop, scope: scope) : nil
            let object = LoopObject(items, depth: depth, recursion: recursion)
            _ = try self.object(object)
            state = object
        }
        var ranAny = false
        for (index, item) in items.enumerated() {
            try charge()
            let inner = Scope(parent: scope)
            do throws(TemplateError) {
                try bind(loop.target, to: item, in: inner)
                if let condition = loop.condition, !filtersFirst, !(try evaluate(condition, in: inner).isTrue) {
                    continue
                }
            } catch { throw error.located(at: loop.position) }
            if let state {
                state.index = index
                inner.set(Parser.WellKnownName.loop.rawValue, .object(state))
            }
            ranAny = true
            if try run(loop.body, in: inner, into: &output) == .broke { break }
        }
        return ranAny ? .normal : try run(loop.otherwise, in: Scope(parent: scope), into: &output)
    }

    private func filtered(
        _ items: [TemplateValue], _ loop: ForStatement, in scope: Scope
    ) throws(TemplateError) -> [TemplateValue] {
        guard let condition = loop.condition else { return items }
        var kept: [TemplateValue] = []
        for item in items {
            try charge()
            let inner = Scope(parent: scope)
            try bind(loop.target, to: item, in: inner)
            if try evaluate(condition, in: inner).isTrue { kept.append(item) }
        }
        return kept
    }

    // MARK: - Call blocks

    @inline(never)
    private func runCall(
        _ call: Expression, _ caller: MacroDefinition, _ position: SourcePosition, in scope: Scope,
        into output: inout TemplateString
    ) throws(TemplateError) {
        do throws(TemplateError) {
            guard case .postfix(let base, let operations) = call else { return }
            let caller = try object(MacroObject(caller, scope: scope))
            let value = try apply(operations, to: try evaluate(base, in: scope), in: scope, caller: caller)
            try append(try string(value), to: &output)
        } catch { throw error.located(at: position) }
    }
}
