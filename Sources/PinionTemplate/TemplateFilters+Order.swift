extension TemplateFilters {
    /// What an item is ordered by: a part of it, in lower case unless case counts.
    private static func key(
        _ interpreter: Interpreter, _ path: [TemplateValue], _ item: TemplateValue, isCaseSensitive: Bool
    ) throws(TemplateError) -> TemplateValue {
        let part = try interpreter.part(path, of: item)
        guard !isCaseSensitive, case .string(let text) = part else { return part }
        try interpreter.charge(properties: text)
        return .string(text.lowercased())
    }

    private static func keys(
        _ interpreter: Interpreter, _ items: [TemplateValue], _ attribute: TemplateValue?, isCaseSensitive: Bool
    ) throws(TemplateError) -> [TemplateValue] {
        let path = try interpreter.path(attribute ?? .null)
        var keys: [TemplateValue] = []
        for item in items { keys.append(try key(interpreter, path, item, isCaseSensitive: isCaseSensitive)) }
        return keys
    }

    /// The stable order of the keys, by merging: a comparison may fail, which the library's sort cannot pass on as a
    /// typed error. Descending order keeps equal items in their first order, as Python does.
    static func order(
        _ interpreter: Interpreter, _ keys: [TemplateValue], descending: Bool
    ) throws(TemplateError) -> [Int] {
        var places = Array(keys.indices)
        var width = 1
        while width < places.count {
            var merged: [Int] = []
            merged.reserveCapacity(places.count)
            var start = 0
            while start < places.count {
                let middle = Swift.min(start + width, places.count)
                let end = Swift.min(start + 2 * width, places.count)
                var left = start
                var right = middle
                while left < middle, right < end {
                    let order = try interpreter.order(keys[places[right]], keys[places[left]])
                    if order == (descending ? .descending : .ascending) {
                        merged.append(places[right])
                        right += 1
                    } else {
                        merged.append(places[left])
                        left += 1
                    }
                }
                merged += places[left..<middle]
                merged += places[right..<end]
                start = end
            }
            places = merged
            width *= 2
        }
        return places
    }

    static func sort(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind("sort", ["reverse", "case_sensitive", "attribute"])
        let items = try interpreter.iterate(value)
        var paths: [[TemplateValue]] = []
        if case .string(let text) = bound.given(2) {
            for name in text.scalars.split(separator: ",", omittingEmptySubsequences: false) {
                paths.append(try interpreter.path(.string(TemplateString(scalars: Array(name), origin: .template))))
            }
        } else {
            paths.append(try interpreter.path(bound.given(2) ?? .null))
        }
        let isCaseSensitive = bound.flag(1) ?? false
        var keys: [TemplateValue] = []
        for item in items {
            var parts: [TemplateValue] = []
            for path in paths {
                parts.append(try key(interpreter, path, item, isCaseSensitive: isCaseSensitive))
            }
            keys.append(try interpreter.list(parts))
        }
        let places = try order(interpreter, keys, descending: bound.flag(0) ?? false)
        return try interpreter.list(places.map { items[$0] })
    }

    static func dictsort(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind("dictsort", ["case_sensitive", "by", "reverse"])
        guard case .mapping(let mapping) = value else {
            throw Interpreter.fail("dictsort: a mapping is required, not \(value.typeName)")
        }
        let column = try bound.string(1).map { TemplateName($0) } ?? "key"
        guard column == "key" || column == "value" else {
            throw Interpreter.fail("dictsort: items can be sorted by \"key\" or \"value\" only")
        }
        let items = mapping.pairs
        try interpreter.charge(items.count)
        let keys = try keys(
            interpreter, items, .int(column == "key" ? 0 : 1), isCaseSensitive: bound.flag(0) ?? false)
        let places = try order(interpreter, keys, descending: bound.flag(2) ?? false)
        return try interpreter.list(places.map { items[$0] })
    }

    static func groupby(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind("groupby", ["attribute", "default", "case_sensitive"], required: 1)
        let items = try interpreter.iterate(value)
        let isCaseSensitive = bound.flag(2) ?? false
        let path = try interpreter.path(bound[0] ?? .null)
        var groupers: [TemplateValue] = []
        for item in items {
            let part = try interpreter.part(path, of: item)
            groupers.append(part.isUndefined ? bound.given(1) ?? part : part)
        }
        let keys = try keys(interpreter, groupers, nil, isCaseSensitive: isCaseSensitive)
        var groups: [(grouper: TemplateValue, key: TemplateValue, items: [TemplateValue])] = []
        for place in try order(interpreter, keys, descending: false) {
            if let last = groups.last, try interpreter.equal(last.key, keys[place]) {
                groups[groups.count - 1].items.append(items[place])
            } else {
                groups.append((groupers[place], keys[place], [items[place]]))
            }
        }
        var result: [TemplateValue] = []
        for group in groups {
            result.append(try interpreter.list([group.grouper, try interpreter.list(group.items)], kind: .group))
        }
        return try interpreter.list(result)
    }

    static func unique(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind("unique", ["case_sensitive", "attribute"])
        let items = try interpreter.iterate(value)
        let keys = try keys(interpreter, items, bound.given(1), isCaseSensitive: bound.flag(0) ?? false)
        var kept: [TemplateValue] = []
        var texts: Set<TemplateString> = []
        var others: [TemplateValue] = []
        for (item, key) in zip(items, keys) {
            try interpreter.charge()
            if case .string(let text) = key {
                try interpreter.charge(text.count / TemplateLimits.scalarsPerStep)
                if texts.insert(text).inserted { kept.append(item) }
                continue
            }
            if key.depth > 0 { throw Interpreter.fail("unique: a \(key.typeName) cannot be told apart by its value") }
            var isKnown = false
            for other in others where try interpreter.equal(other, key) {
                isKnown = true
                break
            }
            if !isKnown {
                others.append(key)
                kept.append(item)
            }
        }
        return try interpreter.iterator(kept)
    }

    static func min(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try extreme(interpreter, value, arguments, "min", .ascending)
    }

    static func max(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try extreme(interpreter, value, arguments, "max", .descending)
    }

    private static func extreme(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments, _ name: String,
        _ wanted: Interpreter.Order
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind(name, ["case_sensitive", "attribute"])
        let items = try interpreter.iterate(value)
        let keys = try keys(interpreter, items, bound.given(1), isCaseSensitive: bound.flag(0) ?? false)
        guard !items.isEmpty else { return .undefined(.message("no aggregated item, the sequence was empty")) }
        var best = 0
        for place in items.indices.dropFirst() where try interpreter.order(keys[place], keys[best]) == wanted {
            best = place
        }
        return items[best]
    }
}
