extension Interpreter {
    func evaluate(_ expression: Expression, in scope: Scope) throws(TemplateError) -> TemplateValue {
        try charge()
        switch expression {
        case .literal(let value): return value
        case .name(let id): return try lookUp(id, in: scope)
        default:
            try enter()
            defer { leave() }
            return try evaluateCompound(expression, in: scope)
        }
    }

    private func evaluateCompound(_ expression: Expression, in scope: Scope) throws(TemplateError) -> TemplateValue {
        switch expression {
        case .literal(let value): return value
        case .name(let id): return try lookUp(id, in: scope)
        case .list(let items): return try list(try evaluate(items, in: scope))
        case .tuple(let items): return try list(try evaluate(items, in: scope), kind: .tuple)
        case .dict(let entries, let position): return try evaluateDict(entries, position, in: scope)
        case .unary(let operation, let operand, let position):
            return try evaluateUnary(operation, operand, position, in: scope)
        case .binary(let first, let terms): return try evaluateBinary(first, terms, in: scope)
        case .concatenation(let operands): return try concatenate(operands, in: scope)
        case .all(let operands): return try evaluateLogical(operands, stopsAt: false, in: scope)
        case .any(let operands): return try evaluateLogical(operands, stopsAt: true, in: scope)
        case .not(let operand): return .bool(!(try evaluate(operand, in: scope).isTrue))
        case .comparison(let first, let terms): return try evaluateComparison(first, terms, in: scope)
        case .conditional(let branches, let otherwise):
            return try evaluateConditional(branches, otherwise, in: scope)
        case .postfix(let base, let operations):
            if let change = ListChange(base, operations), let value = try apply(change, operations, in: scope) {
                return value
            }
            return try apply(operations, to: try evaluate(base, in: scope), in: scope)
        }
    }

    @inline(never)
    private func evaluate(_ expressions: [Expression], in scope: Scope) throws(TemplateError) -> [TemplateValue] {
        var values: [TemplateValue] = []
        for expression in expressions { values.append(try evaluate(expression, in: scope)) }
        return values
    }

    @inline(never)
    private func evaluateDict(
        _ entries: [(key: Expression, value: Expression)], _ position: SourcePosition, in scope: Scope
    ) throws(TemplateError) -> TemplateValue {
        var pairs: [(TemplateKey, TemplateValue)] = []
        for (key, value) in entries {
            let found = try evaluate(key, in: scope)
            guard let key = TemplateKey(found) else { throw Self.badKey(found).located(at: position) }
            pairs.append((key, try evaluate(value, in: scope)))
        }
        return try dict(pairs)
    }

    @inline(never)
    private func evaluateUnary(
        _ operation: UnaryOperator, _ operand: Expression, _ position: SourcePosition, in scope: Scope
    ) throws(TemplateError) -> TemplateValue {
        let value = try evaluate(operand, in: scope)
        do throws(TemplateError) {
            return try apply(operation, to: value)
        } catch { throw error.located(at: position) }
    }

    @inline(never)
    private func evaluateBinary(
        _ first: Expression, _ terms: [BinaryTerm], in scope: Scope
    ) throws(TemplateError) -> TemplateValue {
        var value = try evaluate(first, in: scope)
        for (index, term) in terms.enumerated() {
            try charge()
            let operand = try evaluate(term.operand, in: scope)
            do throws(TemplateError) {
                if term.operation == .add, case .string(var text) = value, case .string(let more) = operand {
                    // Lets go of the enum's reference, so that a chain of additions extends one buffer.
                    value = .null
                    if index == 0 { try charge(text: text.count) }
                    try append(more, to: &text)
                    value = .string(text)
                } else {
                    value = try apply(term.operation, value, operand)
                }
            } catch { throw error.located(at: term.position) }
        }
        return value
    }

    @inline(never)
    private func concatenate(_ operands: [Expression], in scope: Scope) throws(TemplateError) -> TemplateValue {
        var text = TemplateString()
        for operand in operands { try append(try string(try evaluate(operand, in: scope)), to: &text) }
        return .string(text)
    }

    @inline(never)
    private func evaluateLogical(
        _ operands: [Expression], stopsAt stop: Bool, in scope: Scope
    ) throws(TemplateError) -> TemplateValue {
        var value = TemplateValue.null
        for operand in operands {
            value = try evaluate(operand, in: scope)
            if value.isTrue == stop { break }
        }
        return value
    }

    @inline(never)
    private func evaluateComparison(
        _ first: Expression, _ terms: [ComparisonTerm], in scope: Scope
    ) throws(TemplateError) -> TemplateValue {
        var left = try evaluate(first, in: scope)
        for term in terms {
            let right = try evaluate(term.operand, in: scope)
            do throws(TemplateError) {
                guard try compare(left, term.operation, right) else { return .bool(false) }
            } catch { throw error.located(at: term.position) }
            left = right
        }
        return .bool(true)
    }

    @inline(never)
    private func evaluateConditional(
        _ branches: [(value: Expression, test: Expression)], _ otherwise: Expression?, in scope: Scope
    ) throws(TemplateError) -> TemplateValue {
        for branch in branches where try evaluate(branch.test, in: scope).isTrue {
            return try evaluate(branch.value, in: scope)
        }
        guard let otherwise else {
            return .undefined(.message("the inline if-expression was false and has no else part"))
        }
        return try evaluate(otherwise, in: scope)
    }

    // MARK: - Postfix operations

    /// Applies operations in order; `caller` goes to the last call, as a call block wants it.
    @inline(never)
    func apply(
        _ operations: [PostfixOperation], to base: TemplateValue, in scope: Scope, caller: TemplateValue? = nil
    ) throws(TemplateError) -> TemplateValue {
        var value = base
        var index = 0
        while index < operations.count {
            try charge()
            let operation = operations[index]
            index += 1
            do throws(TemplateError) {
                switch operation.kind {
                case .attribute(let name):
                    if index < operations.count, case .call(let list) = operations[index].kind,
                        hasMethod(value, name.name)
                    {
                        var arguments = try evaluate(list, in: scope)
                        index += 1
                        if let caller, index == operations.count { arguments.named.append(("caller", caller)) }
                        value = try callMethod(name.name, of: value, arguments)
                    } else {
                        value = try attribute(name, of: value)
                    }
                case .item(let key): value = try item(try evaluate(key, in: scope), of: value)
                case .slice(let start, let stop, let step):
                    value = try evaluateSlice(of: value, start, stop, step, in: scope)
                case .call(let list):
                    var arguments = try evaluate(list, in: scope)
                    if let caller, index == operations.count { arguments.named.append(("caller", caller)) }
                    value = try call(value, arguments)
                case .filter(let name, let filter, let list):
                    guard let filter else { throw Self.fail("no filter named '\(name)'") }
                    value = try filter(self, value, try evaluate(list, in: scope))
                case .test(let name, let test, let list, let isNegated):
                    guard let test else { throw Self.fail("no test named '\(name)'") }
                    value = .bool(try test(self, value, try evaluate(list, in: scope)) != isNegated)
                }
            } catch { throw error.located(at: operation.position) }
        }
        return value
    }

    @inline(never)
    func evaluate(_ list: ArgumentList, in scope: Scope) throws(TemplateError) -> CallArguments {
        if list.isEmpty { return CallArguments() }
        var arguments = CallArguments(positional: try evaluate(list.positional, in: scope))
        for (name, value) in list.named { arguments.named.append((name, try evaluate(value, in: scope))) }
        if let unpacked = list.unpacked {
            arguments.positional += try iterate(try evaluate(unpacked, in: scope))
        }
        if let unpacked = list.unpackedNamed {
            let value = try evaluate(unpacked, in: scope)
            guard case .mapping(let mapping) = value else {
                throw Self.fail("argument after ** must be a mapping, not \(value.typeName)")
            }
            try charge(mapping.keys.count)
            let known = Set(arguments.named.map(\.name))
            for (key, value) in zip(mapping.keys, mapping.values) {
                guard case .text(let text) = key else {
                    throw Self.fail("the keys of an argument after ** must be strings")
                }
                try charge(key.steps)
                let name = TemplateName(text)
                guard !known.contains(name) else { throw Self.fail("multiple values for argument '\(name)'") }
                arguments.named.append((name, value))
            }
        }
        return arguments
    }

    @inline(never)
    private func evaluateSlice(
        of value: TemplateValue, _ start: Expression?, _ stop: Expression?, _ step: Expression?, in scope: Scope
    ) throws(TemplateError) -> TemplateValue {
        let start = try start.map { expression throws(TemplateError) in try evaluate(expression, in: scope) }
        let stop = try stop.map { expression throws(TemplateError) in try evaluate(expression, in: scope) }
        let step = try step.map { expression throws(TemplateError) in try evaluate(expression, in: scope) }
        return try slice(value, start, stop, step)
    }
}
