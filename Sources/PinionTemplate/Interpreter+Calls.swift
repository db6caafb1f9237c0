import Foundation

/// The template language's own functions.
package enum TemplateFunction: String, Sendable, CaseIterable {
    case range
    case dict
    case namespace
    case joiner
    case cycler
    case raiseException = "raise_exception"
    case strftimeNow = "strftime_now"

    static let table = Dictionary(uniqueKeysWithValues: allCases.map { (TemplateName($0.rawValue), $0) })
}

extension Interpreter {
    func call(_ callee: TemplateValue, _ arguments: CallArguments) throws(TemplateError) -> TemplateValue {
        switch callee {
        case .undefined(let reason): throw Self.fail(reason.description)
        case .function(let function): return try call(function, arguments)
        case .object(let object):
            switch object {
            case let macro as MacroObject: return try call(macro, arguments)
            case let method as MethodObject: return try callMethod(method.name, of: method.receiver, arguments)
            case let joiner as JoinerObject: return joiner.next()
            case let loop as LoopObject: return try recurse(loop, arguments)
            default: break
            }
        default: break
        }
        throw Self.fail("'\(callee.typeName)' object is not callable")
    }

    // MARK: - Macros

    @inline(never)
    private func call(_ macro: MacroObject, _ arguments: CallArguments) throws(TemplateError) -> TemplateValue {
        let definition = macro.definition
        macroDepth += 1
        defer { macroDepth -= 1 }
        guard macroDepth <= TemplateLimits.macroDepth else {
            throw TemplateError(
                .limitExceeded, "macro calls are nested deeper than \(TemplateLimits.macroDepth) levels")
        }
        let scope = Scope(parent: macro.scope)
        try bindParameters(of: definition, arguments, in: scope)
        var text = TemplateString()
        _ = try run(definition.body, in: scope, into: &text)
        return .string(text)
    }

    @inline(never)
    private func bindParameters(
        of definition: MacroDefinition, _ arguments: CallArguments, in scope: Scope
    ) throws(TemplateError) {
        let parameters = definition.parameters
        var named = arguments.named
        for (place, parameter) in parameters.enumerated() {
            // The named arguments are searched for each parameter.
            try charge(1 + named.count / TemplateLimits.scalarsPerStep)
            if place < arguments.positional.count {
                scope.set(parameter.id, arguments.positional[place])
            } else if let given = named.firstIndex(where: { $0.name == parameter.name }) {
                scope.set(parameter.id, named.remove(at: given).value)
            } else if let standard = parameter.standard {
                scope.set(parameter.id, try evaluate(standard, in: scope))
            } else {
                scope.set(parameter.id, .undefined(.message("parameter '\(parameter.name)' was not provided")))
            }
        }
        if definition.usesCaller {
            let given = named.firstIndex { $0.name == "caller" }
            let caller = given.map { named.remove(at: $0).value } ?? .undefined(.message("no caller defined"))
            scope.set(Parser.WellKnownName.caller.rawValue, caller)
        }
        if definition.usesKwargs {
            let entries = named.map { (TemplateKey($0.name.text), $0.value) }
            scope.set(Parser.WellKnownName.kwargs.rawValue, try dict(entries))
        } else if let extra = named.first {
            throw Self.fail("macro '\(definition.name)' takes no keyword argument '\(extra.name)'")
        }
        let extra = Array(arguments.positional.dropFirst(parameters.count))
        if definition.usesVarargs {
            scope.set(Parser.WellKnownName.varargs.rawValue, try list(extra, kind: .tuple))
        } else if !extra.isEmpty {
            throw Self.fail("macro '\(definition.name)' takes not more than \(parameters.count) argument(s)")
        }
    }

    /// `loop(items)` in a recursive loop.
    @inline(never)
    private func recurse(_ loop: LoopObject, _ arguments: CallArguments) throws(TemplateError) -> TemplateValue {
        guard let recursion = loop.recursion else {
            throw Self.fail("the loop is not marked 'recursive', it cannot be called")
        }
        let bound = try arguments.bind("loop()", ["iterable"], required: 1)
        let items = try iterate(bound[0] ?? .null)
        macroDepth += 1
        defer { macroDepth -= 1 }
        guard macroDepth <= TemplateLimits.macroDepth else {
            throw TemplateError(
                .limitExceeded, "recursive loops are nested deeper than \(TemplateLimits.macroDepth) levels")
        }
        var text = TemplateString()
        _ = try runLoop(recursion.node, over: items, depth: loop.depth + 1, in: recursion.scope, into: &text)
        return .string(text)
    }

    // MARK: - Functions

    @inline(never)
    private func call(_ function: TemplateFunction, _ arguments: CallArguments) throws(TemplateError) -> TemplateValue {
        switch function {
        case .range: return try range(arguments)
        case .dict: return try dict(try entries(arguments, "dict()"))
        case .namespace:
            let namespace = NamespaceObject()
            let entries = try entries(arguments, "namespace()")
            try charge(2 * entries.count)
            for (key, value) in entries {
                try charge(key.steps)
                namespace[key] = value
            }
            return try object(namespace)
        case .joiner:
            let bound = try arguments.bind("joiner()", ["sep"])
            return try object(JoinerObject(try bound.string(0) ?? TemplateString(", ", origin: .template)))
        case .cycler:
            guard !arguments.positional.isEmpty, arguments.named.isEmpty else {
                throw Self.fail("cycler() needs at least one item")
            }
            return try object(CyclerObject(arguments.positional))
        case .raiseException:
            let bound = try arguments.bind("raise_exception()", ["message"], required: 1)
            throw Self.fail(try string(bound[0] ?? .null).textForMessage, .raised)
        case .strftimeNow:
            let bound = try arguments.bind("strftime_now()", ["format"], required: 1)
            guard let format = try bound.string(0) else { throw bound.mismatch(0, "a string", .null) }
            return .string(try formatTime(format))
        }
    }

    private func range(_ arguments: CallArguments) throws(TemplateError) -> TemplateValue {
        guard arguments.named.isEmpty, (1...3).contains(arguments.positional.count) else {
            throw Self.fail("range() takes one to three positional arguments")
        }
        var numbers: [Int] = []
        for argument in arguments.positional {
            guard let number = argument.integer else {
                throw Self.fail("range() needs integers, not \(argument.typeName)")
            }
            numbers.append(number)
        }
        let start = numbers.count > 1 ? numbers[0] : 0
        let stop = numbers.count > 1 ? numbers[1] : numbers[0]
        let step = numbers.count > 2 ? numbers[2] : 1
        guard step != 0 else { throw Self.fail("range() step must not be zero") }
        let span = (step > 0 ? stop : start).subtractingReportingOverflow(step > 0 ? start : stop)
        let stride = step == .min ? Int.max : abs(step)
        let count = span.overflow ? Int.max : span.partialValue <= 0 ? 0 : (span.partialValue - 1) / stride + 1
        guard count <= TemplateLimits.rangeLength else {
            throw TemplateError(
                .limitExceeded, "range() of more than \(TemplateLimits.rangeLength) numbers")
        }
        let items = (0..<count).map { TemplateValue.int(start + $0 * step) }
        return try list(items, kind: .range(start: start, stop: stop, step: step))
    }

    /// What `dict(...)` and `namespace(...)` are made of.
    private func entries(
        _ arguments: CallArguments, _ callee: String
    ) throws(TemplateError) -> [(TemplateKey, TemplateValue)] {
        var entries: [(TemplateKey, TemplateValue)] = []
        guard arguments.positional.count <= 1 else {
            throw Self.fail("\(callee) takes at most one positional argument")
        }
        if let base = arguments.positional.first {
            if case .mapping(let mapping) = base {
                try charge(mapping.keys.count)
                entries = Array(zip(mapping.keys, mapping.values))
            } else {
                for pair in try iterate(base) {
                    let items = try iterate(pair)
                    guard items.count == 2 else { throw Self.fail("\(callee) needs pairs of key and value") }
                    guard let key = TemplateKey(items[0]) else { throw Self.badKey(items[0]) }
                    entries.append((key, items[1]))
                }
            }
        }
        for (name, value) in arguments.named { entries.append((TemplateKey(name.text), value)) }
        return entries
    }
}
