/// Python's methods of `str`.
///
/// Cutting and joining keep the origins of their pieces. Where an argument decides which scalars remain, text of the
/// request in that argument makes the whole result the request's: otherwise a request could carve words of its choice
/// out of the template's text.
enum StringMethods {
    static let names: Set<TemplateName> = [
        "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "partition", "rpartition", "startswith",
        "endswith", "replace", "lower", "upper", "title", "capitalize", "casefold", "swapcase", "find", "rfind",
        "index", "rindex", "count", "join", "format", "isdigit", "isdecimal", "isnumeric", "isalpha", "isalnum",
        "isspace", "isupper", "islower", "isascii", "zfill", "center", "ljust", "rjust", "removeprefix",
        "removesuffix",
    ]

    static func call(
        _ name: TemplateName, on text: TemplateString, _ arguments: CallArguments, _ interpreter: Interpreter
    ) throws(TemplateError) -> TemplateValue {
        try interpreter.charge(text: text.count)
        switch name {
        case "strip", "lstrip", "rstrip":
            let chars = try arguments.bind("\(name)()", ["chars"]).string(0)
            return .string(
                try strip(text, chars, leading: name != "rstrip", trailing: name != "lstrip", interpreter))
        case "split", "rsplit": return try split(text, arguments, fromEnd: name == "rsplit", interpreter)
        case "splitlines":
            let keeps = try arguments.bind("splitlines()", ["keepends"]).flag(0) ?? false
            return try list(text.lines(keepingEnds: keeps), interpreter)
        case "partition", "rpartition":
            return try partition(text, arguments, fromEnd: name == "rpartition", interpreter)
        case "startswith", "endswith": return .bool(try hasAffix(text, name, arguments, interpreter))
        case "replace":
            let bound = try arguments.bind("replace()", ["old", "new", "count"], required: 2)
            guard let old = try bound.string(0), let new = try bound.string(1) else {
                throw Interpreter.fail("replace() needs two strings")
            }
            let count = try bound.integer(2) ?? -1
            return .string(try replace(text, old, new, limit: count < 0 ? .max : count, interpreter))
        case "join": return .string(try join(text, try interpreter.iterate(try single(arguments, name)), interpreter))
        case "format": return .string(try interpreter.formatBraces(text, arguments))
        case "find", "rfind", "index", "rindex", "count":
            return .int(try search(text, name, arguments, interpreter))
        case "zfill", "center", "ljust", "rjust":
            return .string(try StringPadding.call(name, on: text, arguments, interpreter))
        case "removeprefix", "removesuffix":
            guard case .string(let part) = try single(arguments, name) else {
                throw Interpreter.fail("\(name)() needs a string")
            }
            var result = text
            if name == "removeprefix", text.hasPrefix(part) { result = text.slice(part.count..<text.count) }
            if name == "removesuffix", text.hasSuffix(part) { result = text.slice(0..<(text.count - part.count)) }
            return .string(result.tainted(if: part.hasRequestContent))
        default:
            try arguments.requireNone("\(name)()")
            try interpreter.charge(properties: text)
            return StringProperties.value(of: name, in: text)
        }
    }

    private static func single(_ arguments: CallArguments, _ name: TemplateName) throws(TemplateError) -> TemplateValue
    {
        guard arguments.positional.count == 1, arguments.named.isEmpty else {
            throw Interpreter.fail("\(name)() takes exactly one positional argument")
        }
        return arguments.positional[0]
    }

    static func list(_ pieces: [TemplateString], _ interpreter: Interpreter) throws(TemplateError) -> TemplateValue {
        try interpreter.list(pieces.map { .string($0) })
    }

    // MARK: - Cutting

    static func strip(
        _ text: TemplateString, _ chars: TemplateString?, leading: Bool = true, trailing: Bool = true,
        _ interpreter: Interpreter
    ) throws(TemplateError) -> TemplateString {
        guard let chars else {
            return text.stripped(leading: leading, trailing: trailing, \.isPythonSpace)
        }
        try interpreter.charge(text: chars.count)
        let stripped = Set(chars.scalars)
        return text.stripped(leading: leading, trailing: trailing) { stripped.contains($0) }
            .tainted(if: chars.hasRequestContent)
    }

    private static func split(
        _ text: TemplateString, _ arguments: CallArguments, fromEnd: Bool, _ interpreter: Interpreter
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind(fromEnd ? "rsplit()" : "split()", ["sep", "maxsplit"])
        let count = try bound.integer(1) ?? -1
        let limit = count < 0 ? Int.max : count
        guard let separator = try bound.string(0) else {
            return try list(text.words(limit: limit, fromEnd: fromEnd), interpreter)
        }
        guard !separator.isEmpty else { throw Interpreter.fail("split(): empty separator") }
        let starts =
            fromEnd
            ? text.occurrencesFromEnd(of: separator.scalars, limit: limit)
            : text.occurrences(of: separator.scalars, limit: limit)
        try interpreter.charge(starts.count)
        let taint = separator.hasRequestContent
        var pieces: [TemplateString] = []
        var start = 0
        for index in starts {
            pieces.append(text.slice(start..<index).tainted(if: taint))
            start = index + separator.count
        }
        pieces.append(text.slice(start..<text.count).tainted(if: taint))
        return try list(pieces, interpreter)
    }

    private static func partition(
        _ text: TemplateString, _ arguments: CallArguments, fromEnd: Bool, _ interpreter: Interpreter
    ) throws(TemplateError) -> TemplateValue {
        guard case .string(let separator) = try single(arguments, "partition"), !separator.isEmpty else {
            throw Interpreter.fail("partition() needs a separator")
        }
        let found = fromEnd ? text.lastIndex(of: separator.scalars) : text.firstIndex(of: separator.scalars)
        let taint = separator.hasRequestContent
        guard let found else {
            let pieces =
                fromEnd ? [TemplateString(), TemplateString(), text] : [text, TemplateString(), TemplateString()]
            return .tuple(pieces.map { .string($0) })
        }
        let pieces = [0..<found, found..<(found + separator.count), (found + separator.count)..<text.count]
        return .tuple(pieces.map { .string(text.slice($0).tainted(if: taint)) })
    }

    // MARK: - Searching

    private static func hasAffix(
        _ text: TemplateString, _ name: TemplateName, _ arguments: CallArguments, _ interpreter: Interpreter
    ) throws(TemplateError) -> Bool {
        let bound = try arguments.bind("\(name)()", ["affix", "start", "end"], required: 1)
        let (first, count) = Interpreter.places(try bound.integer(1), try bound.integer(2), 1, length: text.count)
        let part = text.slice(first..<(first + count))
        let value = bound[0] ?? .null
        var candidates = [value]
        if case .sequence(let sequence) = value, sequence.kind == .tuple { candidates = sequence.items }
        for candidate in candidates {
            guard case .string(let affix) = candidate else {
                throw Interpreter.fail("\(name)() needs a string or a tuple of strings, not \(candidate.typeName)")
            }
            try interpreter.charge(text: affix.count)
            if name == "startswith" ? part.hasPrefix(affix) : part.hasSuffix(affix) { return true }
        }
        return false
    }

    private static func search(
        _ text: TemplateString, _ name: TemplateName, _ arguments: CallArguments, _ interpreter: Interpreter
    ) throws(TemplateError) -> Int {
        let bound = try arguments.bind("\(name)()", ["sub", "start", "end"], required: 1)
        guard let part = try bound.string(0) else { throw Interpreter.fail("\(name)() needs a string") }
        let clamp = { (index: Int) in min(max(index < 0 ? index &+ text.count : index, 0), text.count) }
        let startsBeyond = (try bound.integer(1) ?? 0) > text.count
        let start = clamp(try bound.integer(1) ?? 0)
        let end = clamp(try bound.integer(2) ?? text.count)
        let isValid = start <= end && !startsBeyond
        if name == "count" {
            guard isValid else { return 0 }
            if part.isEmpty { return end - start + 1 }
            return text.slice(start..<end).occurrences(of: part.scalars).count
        }
        let isLast = name == "rfind" || name == "rindex"
        let found =
            !isValid
            ? nil
            : isLast
                ? text.lastIndex(of: part.scalars, from: start, to: end)
                : text.firstIndex(of: part.scalars, from: start, to: end)
        if let found { return found }
        guard name == "find" || name == "rfind" else { throw Interpreter.fail("\(name)(): substring not found") }
        return -1
    }

    // MARK: - Building

    static func replace(
        _ text: TemplateString, _ old: TemplateString, _ new: TemplateString, limit: Int, _ interpreter: Interpreter
    ) throws(TemplateError) -> TemplateString {
        let base = text.tainted(if: old.hasRequestContent)
        let starts =
            old.isEmpty
            ? Array(0..<min(limit, text.count + 1)) : text.occurrences(of: old.scalars, limit: limit)
        guard !starts.isEmpty else { return base }
        let growth = starts.count.multipliedReportingOverflow(by: new.count)
        try interpreter.charge(starts.count)
        let kept = text.count - starts.count * old.count
        try interpreter.charge(text: growth.overflow ? .max : kept.addingReportingOverflow(growth.partialValue).0)
        var result = TemplateString()
        var start = 0
        for index in starts {
            result.append(base.slice(start..<index))
            result.append(new)
            start = index + old.count
        }
        result.append(base.slice(start..<text.count))
        return result
    }

    static func join(
        _ separator: TemplateString, _ items: [TemplateValue], _ interpreter: Interpreter
    ) throws(TemplateError) -> TemplateString {
        var result = TemplateString()
        for (place, item) in items.enumerated() {
            guard case .string(let text) = item else {
                throw Interpreter.fail("join(): item \(place) is not a string but \(item.typeName)")
            }
            if place > 0 { try interpreter.append(separator, to: &result) }
            try interpreter.append(text, to: &result)
        }
        return result
    }
}
