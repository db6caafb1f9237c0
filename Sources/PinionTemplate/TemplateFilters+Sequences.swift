extension TemplateFilters {
    static func length(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try arguments.requireNone("length")
        return .int(try interpreter.length(value))
    }

    static func list(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try arguments.requireNone("list")
        return try interpreter.list(try interpreter.iterate(value))
    }

    static func items(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try arguments.requireNone("items")
        switch value {
        case .undefined: return try interpreter.iterator([])
        case .mapping(let mapping):
            try interpreter.charge(mapping.keys.count)
            return try interpreter.iterator(mapping.pairs)
        default: throw Interpreter.fail("items: a mapping is required, not \(value.typeName)")
        }
    }

    static func first(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try arguments.requireNone("first")
        let nothing = TemplateValue.undefined(.message("no first item, the sequence was empty"))
        switch value {
        case .string(let text): return text.isEmpty ? nothing : .string(text.slice(0..<1))
        case .sequence(let sequence): return sequence.items.first ?? nothing
        case .object(let object):
            if let iterator = object as? IteratorObject { return iterator.next() ?? nothing }
        default: break
        }
        return try interpreter.iterate(value).first ?? nothing
    }

    static func last(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try arguments.requireNone("last")
        let nothing = TemplateValue.undefined(.message("no last item, the sequence was empty"))
        switch value {
        case .string(let text): return text.isEmpty ? nothing : .string(text.slice((text.count - 1)..<text.count))
        case .sequence(let sequence): return sequence.items.last ?? nothing
        case .mapping(let mapping): return mapping.keys.last?.value ?? nothing
        case .undefined: return nothing
        default: throw Interpreter.fail("last: '\(value.typeName)' object is not reversible")
        }
    }

    static func reverse(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try arguments.requireNone("reverse")
        if case .string = value { return try interpreter.slice(value, nil, nil, .int(-1)) }
        return try interpreter.iterator(try interpreter.iterate(value).reversed())
    }

    static func join(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind("join", ["d", "attribute"])
        let separator = try interpreter.string(bound[0] ?? .string(TemplateString()))
        let path = try bound.given(1).map { attribute throws(TemplateError) in try interpreter.path(attribute) } ?? []
        var result = TemplateString()
        for (place, item) in try interpreter.iterate(value).enumerated() {
            if place > 0 { try interpreter.append(separator, to: &result) }
            let part = try interpreter.part(path, of: item)
            try interpreter.append(try interpreter.string(part), to: &result)
        }
        return .string(result)
    }

    static func batch(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind("batch", ["linecount", "fill_with"], required: 1)
        guard let size = try bound.integer(0), size > 0 else {
            throw Interpreter.fail("batch: the size must be a positive integer")
        }
        let items = try interpreter.iterate(value)
        var batches: [TemplateValue] = []
        var start = 0
        while start < items.count {
            var batch = Array(items[start..<(items.count - start > size ? start + size : items.count)])
            start += batch.count
            if let fill = bound.given(1), batch.count < size {
                try interpreter.charge(size - batch.count)
                batch += Array(repeating: fill, count: size - batch.count)
            }
            batches.append(try interpreter.list(batch))
        }
        return try interpreter.iterator(batches)
    }

    static func slice(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind("slice", ["slices", "fill_with"], required: 1)
        guard let count = try bound.integer(0), count > 0 else {
            throw Interpreter.fail("slice: the number of slices must be a positive integer")
        }
        try interpreter.charge(count)
        let items = try interpreter.iterate(value)
        let extra = items.count % count
        var slices: [TemplateValue] = []
        var start = 0
        for number in 0..<count {
            let end = start + items.count / count + (number < extra ? 1 : 0)
            var slice = Array(items[start..<end])
            if let fill = bound.given(1), number >= extra { slice.append(fill) }
            slices.append(try interpreter.list(slice))
            start = end
        }
        return try interpreter.iterator(slices)
    }

    static func sum(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind("sum", ["attribute", "start"])
        let path = try bound.given(0).map { attribute throws(TemplateError) in try interpreter.path(attribute) } ?? []
        var total = bound[1] ?? .int(0)
        if case .string = total { throw Interpreter.fail("sum: cannot sum strings, use join") }
        for item in try interpreter.iterate(value) {
            try interpreter.charge()
            total = try interpreter.apply(.add, total, try interpreter.part(path, of: item))
        }
        return total
    }

    // MARK: - Choosing

    static func map(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        guard value.isTrue else { return try interpreter.iterator([]) }
        let items = try interpreter.iterate(value)
        var results: [TemplateValue] = []
        if arguments.positional.isEmpty {
            let bound = try arguments.bind("map", ["attribute", "default"], required: 1)
            let path = try interpreter.path(bound[0] ?? .null)
            for item in items {
                var result = item
                for key in path {
                    try interpreter.charge()
                    result = try interpreter.item(key, of: result)
                    if result.isUndefined, let standard = bound.given(1) { result = standard }
                }
                results.append(result)
            }
            return try interpreter.iterator(results)
        }
        guard case .string(let name) = arguments.positional[0] else {
            throw Interpreter.fail("map: the name of a filter must be a string")
        }
        let filterName = TemplateName(name)
        guard let filter = table[filterName] else { throw Interpreter.fail("no filter named '\(filterName)'") }
        let rest = CallArguments(positional: Array(arguments.positional.dropFirst()), named: arguments.named)
        try interpreter.enter()
        defer { interpreter.leave() }
        for item in items {
            try interpreter.charge()
            results.append(try filter(interpreter, item, rest))
        }
        return try interpreter.iterator(results)
    }

    static func select(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try choose(interpreter, value, arguments, byAttribute: false, keeps: true)
    }

    static func reject(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try choose(interpreter, value, arguments, byAttribute: false, keeps: false)
    }

    static func selectattr(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try choose(interpreter, value, arguments, byAttribute: true, keeps: true)
    }

    static func rejectattr(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try choose(interpreter, value, arguments, byAttribute: true, keeps: false)
    }

    private static func choose(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments, byAttribute: Bool, keeps: Bool
    ) throws(TemplateError) -> TemplateValue {
        guard value.isTrue else { return try interpreter.iterator([]) }
        var rest = arguments
        var path: [TemplateValue] = []
        if byAttribute {
            guard !rest.positional.isEmpty else { throw Interpreter.fail("the name of an attribute is missing") }
            path = try interpreter.path(rest.positional.removeFirst())
        }
        var test: TemplateTest?
        if !rest.positional.isEmpty {
            guard case .string(let name) = rest.positional.removeFirst() else {
                throw Interpreter.fail("the name of a test must be a string")
            }
            let testName = TemplateName(name)
            guard let found = TemplateTests.table[testName] else {
                throw Interpreter.fail("no test named '\(testName)'")
            }
            test = found
        }
        var kept: [TemplateValue] = []
        for item in try interpreter.iterate(value) {
            try interpreter.charge()
            let part = try interpreter.part(path, of: item)
            let passes = try test.map { test throws(TemplateError) in try test(interpreter, part, rest) } ?? part.isTrue
            if passes == keeps { kept.append(item) }
        }
        return try interpreter.iterator(kept)
    }
}
