/// Attributes, subscripts, slices and iteration.
extension Interpreter {
    /// `value.name`: a method or attribute first, then an item.
    func attribute(_ name: AttributeName, of value: TemplateValue) throws(TemplateError) -> TemplateValue {
        switch value {
        case .undefined(let reason): throw Self.fail(reason.description)
        case .mapping(let mapping):
            if hasMethod(value, name.name) { return try method(name.name, of: value) }
            if let found = mapping[name.key] { return found }
            return .undefined(missing(name.name, of: value))
        default:
            if let found = try ownAttribute(name, of: value) { return found }
            return .undefined(missing(name.name, of: value))
        }
    }

    /// The value under a key; nothing for what cannot be a key.
    func find(_ key: TemplateValue, in mapping: TemplateMapping) throws(TemplateError) -> TemplateValue? {
        guard let key = TemplateKey(key) else { return nil }
        try charge(key.steps)
        return mapping[key]
    }

    static func badKey(_ value: TemplateValue) -> TemplateError {
        fail("dict keys must be strings, numbers, booleans or none, found \(value.typeName)")
    }

    /// `value[key]`: an item first, then a method or attribute.
    func item(_ key: TemplateValue, of value: TemplateValue) throws(TemplateError) -> TemplateValue {
        switch value {
        case .undefined(let reason): throw Self.fail(reason.description)
        case .mapping(let mapping):
            if let found = try find(key, in: mapping) { return found }
        case .sequence(let sequence):
            guard sequence.isIndexable, let index = key.integer else { break }
            let place = index < 0 ? index &+ sequence.items.count : index
            if sequence.items.indices.contains(place) { return sequence.items[place] }
        case .string(let text):
            guard let index = key.integer else { break }
            let place = index < 0 ? index &+ text.count : index
            if place >= 0, place < text.count { return .string(text.slice(place..<(place + 1))) }
        default: break
        }
        if case .string(let name) = key {
            if name.count <= TemplateLimits.literalLength, let found = try ownAttribute(AttributeName(name), of: value)
            {
                return found
            }
            let shown = name.count <= TemplateLimits.literalLength ? name : TemplateString("...", origin: .template)
            return .undefined(missing(TemplateName(shown), of: value))
        }
        if let index = key.integer { return .undefined(missing(TemplateName("\(index)"), of: value)) }
        return .undefined(missing(TemplateName(key.typeName), of: value))
    }

    private func missing(_ name: TemplateName, of value: TemplateValue) -> UndefinedReason {
        if isForbidden(name, of: value) {
            return .message("'\(name)' would change a \(value.typeName), which templates may not do")
        }
        return .attribute(name, of: value.ownerName)
    }

    /// Attributes proper, without items.
    func ownAttribute(_ name: AttributeName, of value: TemplateValue) throws(TemplateError) -> TemplateValue? {
        if hasMethod(value, name.name) { return try method(name.name, of: value) }
        switch value {
        case .sequence(let sequence):
            guard sequence.kind == .group, sequence.items.count == 2 else { return nil }
            return name.name == "grouper" ? sequence.items[0] : name.name == "list" ? sequence.items[1] : nil
        case .object(let object):
            switch object {
            case let namespace as NamespaceObject: return namespace[name.key]
            case let loop as LoopObject: return loop.attribute(name.name)
            case let cycler as CyclerObject: return name.name == "current" ? cycler.current : nil
            case let macro as MacroObject: return name.name == "name" ? .literal(macro.definition.name.text) : nil
            default: return nil
            }
        default: return nil
        }
    }

    private func method(_ name: TemplateName, of value: TemplateValue) throws(TemplateError) -> TemplateValue {
        try object(MethodObject(value, name))
    }

    /// The part of a value that `attribute=` names: parts with dots between them, numbers among them.
    func part(_ path: [TemplateValue], of value: TemplateValue) throws(TemplateError) -> TemplateValue {
        var value = value
        for key in path {
            try charge()
            value = try item(key, of: value)
        }
        return value
    }

    func path(_ attribute: TemplateValue) throws(TemplateError) -> [TemplateValue] {
        guard case .string(let text) = attribute else { return attribute.isNull ? [] : [attribute] }
        try charge(text: text.count)
        var keys: [TemplateValue] = []
        for piece in text.scalars.split(separator: ".", omittingEmptySubsequences: false) {
            let isNumber = !piece.isEmpty && piece.allSatisfy(\.isASCIIDigit)
            let name = TemplateString(scalars: Array(piece), origin: .template)
            if isNumber, let index = Int(name.text) {
                keys.append(.int(index))
            } else {
                keys.append(.string(name))
            }
        }
        try charge(keys.count)
        return keys
    }

    // MARK: - Iteration

    /// The items a loop over the value sees; an iterator is used up by this.
    func iterate(_ value: TemplateValue) throws(TemplateError) -> [TemplateValue] {
        switch value {
        case .undefined: return []
        case .sequence(let sequence):
            try charge(sequence.items.count)
            return sequence.items
        case .mapping(let mapping):
            try charge(mapping.keys.count)
            return mapping.keys.map(\.value)
        case .string(let text):
            try charge(text.count)
            return (0..<text.count).map { .string(text.slice($0..<($0 + 1))) }
        case .object(let object):
            if let iterator = object as? IteratorObject { return iterator.rest() }
            if let loop = object as? LoopObject { return loop.items }
        default: break
        }
        throw Self.fail("'\(value.typeName)' object is not iterable")
    }

    /// `len(value)`.
    func length(_ value: TemplateValue) throws(TemplateError) -> Int {
        switch value {
        case .undefined: return 0
        case .string(let text): return text.count
        case .sequence(let sequence): return sequence.items.count
        case .mapping(let mapping): return mapping.keys.count
        case .object(let object):
            if let loop = object as? LoopObject { return loop.items.count }
        default: break
        }
        throw Self.fail("object of type '\(value.typeName)' has no length")
    }

    // MARK: - Slices

    func slice(
        _ value: TemplateValue, _ start: TemplateValue?, _ stop: TemplateValue?, _ step: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        if case .undefined(let reason) = value { throw Self.fail(reason.description) }
        let step = try bound(step) ?? 1
        guard step != 0 else { throw Self.fail("slice step cannot be zero") }
        switch value {
        case .string(let text):
            let (first, count) = Self.places(try bound(start), try bound(stop), step, length: text.count)
            try charge(text: count)
            if step == 1 { return .string(text.slice(first..<(first + count))) }
            var result = TemplateString()
            for number in 0..<count {
                let place = first + number * step
                result.append(text.scalars[place], origin: text.origin(at: place))
            }
            return .string(result)
        case .sequence(let sequence) where sequence.isIndexable:
            let (first, count) = Self.places(
                try bound(start), try bound(stop), step, length: sequence.items.count)
            let items = (0..<count).map { sequence.items[first + $0 * step] }
            return try list(items, kind: sequence.kind == .list ? .list : sequence.kind == .tuple ? .tuple : .list)
        default:
            throw Self.fail("'\(value.typeName)' object cannot be sliced")
        }
    }

    private func bound(_ value: TemplateValue?) throws(TemplateError) -> Int? {
        guard let value, !value.isNull else { return nil }
        guard let number = value.integer else {
            throw Self.fail("slice indices must be integers or none, not \(value.typeName)")
        }
        return number
    }

    /// The first place and the number of places of a Python slice. All places are within `0..<length`.
    static func places(_ start: Int?, _ stop: Int?, _ step: Int, length: Int) -> (first: Int, count: Int) {
        func clamp(_ index: Int, _ low: Int, _ high: Int) -> Int {
            min(max(index < 0 ? index &+ length : index, low), high)
        }
        if step > 0 {
            let first = start.map { clamp($0, 0, length) } ?? 0
            let end = stop.map { clamp($0, 0, length) } ?? length
            return first < end ? (first, (end - first - 1) / step + 1) : (first, 0)
        }
        let first = start.map { clamp($0, -1, length - 1) } ?? length - 1
        let end = stop.map { clamp($0, -1, length - 1) } ?? -1
        let stride = step == .min ? Int.max : -step
        return first > end ? (first, (first - end - 1) / stride + 1) : (0, 0)
    }
}
