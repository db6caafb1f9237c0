/// A mutable thing that lives for one rendering.
///
/// Such objects may refer to each other in cycles and in chains of any length. The interpreter therefore keeps a list
/// of them and calls ``release()`` on each at the end: cycles end there, and no release recurses deeply.
///
/// Unchecked sendability is sound because an object is made by one rendering, is reachable only from that rendering's
/// values, and never leaves it: results are text.
package class TemplateObject: @unchecked Sendable {
    var typeName: String { "object" }

    /// Drops everything the object refers to.
    func release() {}
}

/// `namespace()`: the one value a template can change.
final class NamespaceObject: TemplateObject, @unchecked Sendable {
    private(set) var keys: [TemplateKey] = []
    private(set) var values: [TemplateValue] = []
    private var index: [TemplateKey: Int] = [:]

    override var typeName: String { "Namespace" }

    subscript(key: TemplateKey) -> TemplateValue? {
        get { index[key].map { values[$0] } }
        set {
            guard let newValue else { return }
            if let place = index[key] {
                values[place] = newValue
            } else {
                index[key] = keys.count
                keys.append(key)
                values.append(newValue)
            }
        }
    }

    override func release() {
        keys = []
        values = []
        index = [:]
    }
}

/// A macro, or the `caller` of a call block, with the scope it was defined in.
final class MacroObject: TemplateObject, @unchecked Sendable {
    let definition: MacroDefinition
    private(set) var scope: Scope?

    init(_ definition: MacroDefinition, scope: Scope) {
        self.definition = definition
        self.scope = scope
    }

    override var typeName: String { "Macro" }

    override func release() {
        scope?.release()
        scope = nil
    }
}

/// A generator as filters like `map` return it: always true, read once, not indexable.
final class IteratorObject: TemplateObject, @unchecked Sendable {
    private var items: [TemplateValue]
    private var position = 0
    private let name: String

    init(_ items: [TemplateValue], name: String = "generator") {
        self.items = items
        self.name = name
    }

    override var typeName: String { name }

    func next() -> TemplateValue? {
        guard position < items.count else { return nil }
        position += 1
        return items[position - 1]
    }

    func rest() -> [TemplateValue] {
        let rest = position == 0 ? items : Array(items[position...])
        items = []
        position = 0
        return rest
    }

    override func release() { items = [] }
}

/// The `loop` variable.
final class LoopObject: TemplateObject, @unchecked Sendable {
    private(set) var items: [TemplateValue]
    var index = 0
    let depth: Int
    private(set) var changeKey: [TemplateValue]?
    /// What `loop(...)` needs in a recursive loop.
    private(set) var recursion: (node: ForStatement, scope: Scope)?

    init(_ items: [TemplateValue], depth: Int, recursion: (node: ForStatement, scope: Scope)?) {
        self.items = items
        self.depth = depth
        self.recursion = recursion
    }

    override var typeName: String { "LoopContext" }

    func attribute(_ name: TemplateName) -> TemplateValue? {
        let count = items.count
        switch name {
        case "index": return .int(index + 1)
        case "index0": return .int(index)
        case "revindex": return .int(count - index)
        case "revindex0": return .int(count - index - 1)
        case "first": return .bool(index == 0)
        case "last": return .bool(index + 1 == count)
        case "length": return .int(count)
        case "depth": return .int(depth)
        case "depth0": return .int(depth - 1)
        case "previtem":
            return index > 0 ? items[index - 1] : .undefined(.message("there is no previous item"))
        case "nextitem":
            return index + 1 < count ? items[index + 1] : .undefined(.message("there is no next item"))
        default: return nil
        }
    }

    func setChangeKey(_ key: [TemplateValue]) { changeKey = key }

    override func release() {
        items = []
        changeKey = nil
        recursion = nil
    }
}

/// `cycler(...)`.
final class CyclerObject: TemplateObject, @unchecked Sendable {
    private(set) var items: [TemplateValue]
    private var position = 0

    init(_ items: [TemplateValue]) { self.items = items }

    override var typeName: String { "Cycler" }

    var current: TemplateValue { items.isEmpty ? .null : items[position] }

    func next() -> TemplateValue {
        guard !items.isEmpty else { return .null }
        defer { position = (position + 1) % items.count }
        return items[position]
    }

    func reset() { position = 0 }

    override func release() { items = [] }
}

/// `joiner(separator)`: nothing at the first call, the separator after.
final class JoinerObject: TemplateObject, @unchecked Sendable {
    private let separator: TemplateString
    private var isUsed = false

    init(_ separator: TemplateString) { self.separator = separator }

    override var typeName: String { "Joiner" }

    func next() -> TemplateValue {
        defer { isUsed = true }
        return .string(isUsed ? separator : TemplateString())
    }
}

/// A method taken from a value but not called yet.
final class MethodObject: TemplateObject, @unchecked Sendable {
    private(set) var receiver: TemplateValue
    let name: TemplateName

    init(_ receiver: TemplateValue, _ name: TemplateName) {
        self.receiver = receiver
        self.name = name
    }

    override var typeName: String { "method" }

    override func release() { receiver = .null }
}
