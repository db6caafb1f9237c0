/// Methods of values; those of strings are in `StringMethods.swift`.
extension Interpreter {
    /// Python's mutating methods, which Jinja2's immutable sandbox refuses.
    private static let forbiddenListMethods: Set<TemplateName> = [
        "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort",
    ]
    private static let forbiddenDictMethods: Set<TemplateName> = [
        "clear", "pop", "popitem", "setdefault", "update",
    ]

    func hasMethod(_ value: TemplateValue, _ name: TemplateName) -> Bool {
        switch value {
        case .string: StringMethods.names.contains(name)
        case .mapping:
            switch name {
            case "get", "items", "keys", "values", "copy": true
            default: false
            }
        case .sequence(let sequence):
            switch name {
            case "index", "count": sequence.isIndexable
            case "copy": sequence.kind == .list
            default: false
            }
        case .object(let object):
            switch name {
            case "cycle", "changed": object is LoopObject
            case "next", "reset": object is CyclerObject
            default: false
            }
        default: false
        }
    }

    func isForbidden(_ name: TemplateName, of value: TemplateValue) -> Bool {
        switch value {
        case .mapping: Self.forbiddenDictMethods.contains(name)
        case .sequence: Self.forbiddenListMethods.contains(name)
        default: false
        }
    }

    @inline(never)
    func callMethod(
        _ name: TemplateName, of value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        switch value {
        case .string(let text): return try StringMethods.call(name, on: text, arguments, self)
        case .mapping(let mapping): return try callDictMethod(name, of: mapping, arguments)
        case .sequence(let sequence): return try callListMethod(name, of: sequence, arguments)
        case .object(let object):
            if let loop = object as? LoopObject { return try callLoopMethod(name, of: loop, arguments) }
            guard let cycler = object as? CyclerObject else { break }
            try arguments.requireNone("\(name)()")
            if name == "next" { return cycler.next() }
            cycler.reset()
            return .null
        default: break
        }
        throw Self.fail("'\(value.ownerName)' has no method '\(name)'")
    }

    private func callDictMethod(
        _ name: TemplateName, of mapping: TemplateMapping, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        if name == "get" {
            guard arguments.named.isEmpty, (1...2).contains(arguments.positional.count) else {
                throw Self.fail("get() takes one or two positional arguments")
            }
            let standard = arguments.positional.count == 2 ? arguments.positional[1] : .null
            return try find(arguments.positional[0], in: mapping) ?? standard
        }
        try arguments.requireNone("\(name)()")
        switch name {
        case "items":
            try charge(2 * mapping.keys.count)
            return try list(mapping.pairs, kind: .view("dict_items"))
        case "keys": return try list(mapping.keys.map(\.value), kind: .view("dict_keys"))
        case "values": return try list(mapping.values, kind: .view("dict_values"))
        default: return .mapping(mapping)
        }
    }

    private func callListMethod(
        _ name: TemplateName, of sequence: TemplateSequence, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        if name == "copy" {
            try arguments.requireNone("copy()")
            return .sequence(sequence)
        }
        let bound = try arguments.bind("\(name)()", ["value"], required: 1)
        let wanted = bound[0] ?? .null
        var count = 0
        for (place, item) in sequence.items.enumerated() where try equal(item, wanted) {
            if name == "index" { return .int(place) }
            count += 1
        }
        guard name == "count" else {
            throw Self.fail("index(): the value is not in the \(sequence.kind == .list ? "list" : "tuple")")
        }
        return .int(count)
    }

    private func callLoopMethod(
        _ name: TemplateName, of loop: LoopObject, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let values = arguments.positional
        guard arguments.named.isEmpty else { throw Self.fail("loop.\(name)() takes no named arguments") }
        if name == "cycle" {
            guard !values.isEmpty else { throw Self.fail("loop.cycle() needs at least one value") }
            return values[loop.index % values.count]
        }
        if let previous = loop.changeKey, previous.count == values.count {
            var isSame = true
            for (old, new) in zip(previous, values) where isSame { isSame = try equal(old, new) }
            if isSame { return .bool(false) }
        }
        loop.setChangeKey(values)
        return .bool(true)
    }
}
