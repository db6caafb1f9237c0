/// A value a template works with: Python's basic types as far as chat templates use them.
///
/// Values are immutable, as in Jinja2's immutable sandbox, except for the `namespace` objects a template makes itself.
/// A template that calls `append` or `pop` gets a new list in the variable of its own that held the old one.
package enum TemplateValue: Sendable {
    /// Jinja2's default `Undefined`: prints as nothing, is false, and fails when something is asked of it.
    indirect case undefined(UndefinedReason)
    case null
    case bool(Bool)
    case int(Int)
    /// An integer that 64 bits cannot hold, as its digits: it is written as it is, and counted with as a `double`.
    case bigInteger(String)
    case double(Double)
    case string(TemplateString)
    /// A list, a tuple, or one of Python's read-only views.
    case sequence(TemplateSequence)
    case mapping(TemplateMapping)
    /// A global function of the template language, such as `range`.
    case function(TemplateFunction)
    /// Something that lives for one rendering: macro, namespace, loop, iterator, bound method.
    case object(TemplateObject)
}

extension TemplateValue {
    package init(_ value: Bool) { self = .bool(value) }
    package init(_ value: Int) { self = .int(value) }
    package init(_ value: Double) { self = .double(value) }

    /// Text counts as the request's unless the caller vouches for it, as for a model's own `bos_token`.
    package init(_ text: String, origin: TextSpan.Origin = .request) {
        self = .string(TemplateString(text, origin: origin))
    }

    package init(_ items: [TemplateValue]) { self = .sequence(TemplateSequence(items)) }

    /// A dict in the order given; a repeated key keeps its first place and its last value.
    package init(_ entries: [(String, TemplateValue)], origin: TextSpan.Origin = .request) {
        self = .mapping(TemplateMapping(entries.map { (TemplateKey($0.0, origin: origin), $0.1) }))
    }

    /// A list of the items.
    package static func list(_ items: [TemplateValue]) -> TemplateValue { TemplateValue(items) }

    /// A dict with keys that count as the request's.
    package static func dict(_ entries: [(String, TemplateValue)]) -> TemplateValue { TemplateValue(entries) }

    static func tuple(_ items: [TemplateValue]) -> TemplateValue {
        .sequence(TemplateSequence(items, kind: .tuple))
    }

    static func literal(_ text: String) -> TemplateValue { TemplateValue(text, origin: .template) }
}

/// Why a value is undefined, for the message of the error that using it causes.
package enum UndefinedReason: Sendable {
    case name(TemplateName)
    case attribute(TemplateName, of: String)
    case message(String)

    var description: String {
        switch self {
        case .name(let name): "'\(name)' is undefined"
        case .attribute(let name, let owner): "'\(owner)' has no attribute '\(name)'"
        case .message(let message): message
        }
    }
}

/// Items in order, with the depth of what they hold, which bounds every later walk over the value.
package final class TemplateSequence: Sendable {
    enum Kind: Sendable, Equatable {
        case list
        case tuple
        /// A `groupby` group: a tuple whose items are also `grouper` and `list`.
        case group
        case range(start: Int, stop: Int, step: Int)
        /// `dict.keys()` and its like: iterable, not indexable.
        case view(String)
    }

    let items: [TemplateValue]
    let kind: Kind
    let depth: Int

    init(_ items: [TemplateValue], kind: Kind = .list) {
        self.items = items
        self.kind = kind
        var depth = 0
        for item in items { depth = max(depth, item.depth) }
        self.depth = depth + 1
    }

    var isIndexable: Bool {
        if case .view = kind { false } else { true }
    }
}

/// A dict in insertion order.
package final class TemplateMapping: Sendable {
    let keys: [TemplateKey]
    let values: [TemplateValue]
    let depth: Int
    /// Filled only for dicts larger than ``linearSize``: most are small, and scanning those is faster.
    private let index: [TemplateKey: Int]

    private static let linearSize = 8

    init(_ entries: [(TemplateKey, TemplateValue)]) {
        var keys: [TemplateKey] = []
        var values: [TemplateValue] = []
        var index: [TemplateKey: Int] = [:]
        var depth = 0
        let isLarge = entries.count > Self.linearSize
        for (key, value) in entries {
            depth = max(depth, value.depth)
            let place = isLarge ? index[key] : keys.firstIndex(of: key)
            if let place {
                values[place] = value
            } else {
                if isLarge { index[key] = keys.count }
                keys.append(key)
                values.append(value)
            }
        }
        self.keys = keys
        self.values = values
        self.index = index
        self.depth = depth + 1
    }

    subscript(key: TemplateKey) -> TemplateValue? {
        let place = index.isEmpty ? keys.firstIndex(of: key) : index[key]
        return place.map { values[$0] }
    }

    var pairs: [TemplateValue] {
        zip(keys, values).map { .tuple([$0.value, $1]) }
    }
}

extension TemplateValue {
    /// How many containers lie inside one another; scalars are 0.
    var depth: Int {
        switch self {
        case .sequence(let sequence): sequence.depth
        case .mapping(let mapping): mapping.depth
        default: 0
        }
    }

    var isUndefined: Bool {
        if case .undefined = self { true } else { false }
    }

    var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// Python's truth value.
    var isTrue: Bool {
        switch self {
        case .undefined, .null: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .bigInteger: true
        case .double(let value): value != 0
        case .string(let value): !value.isEmpty
        case .sequence(let value): !value.items.isEmpty
        case .mapping(let value): !value.keys.isEmpty
        case .function, .object: true
        }
    }

    /// The value as an integer where Python would take it for one: integers and booleans.
    var integer: Int? {
        switch self {
        case .int(let value): value
        case .bool(let value): value ? 1 : 0
        default: nil
        }
    }

    /// The name of the Python type, as error messages give it.
    var typeName: String {
        switch self {
        case .undefined: "Undefined"
        case .null: "NoneType"
        case .bool: "bool"
        case .int, .bigInteger: "int"
        case .double: "float"
        case .string: "str"
        case .sequence(let sequence):
            switch sequence.kind {
            case .list: "list"
            case .tuple, .group: "tuple"
            case .range: "range"
            case .view(let name): name
            }
        case .mapping: "dict"
        case .function: "function"
        case .object(let object): object.typeName
        }
    }

    /// The name of an owner in "has no attribute" messages.
    var ownerName: String { isNull ? "None" : typeName + " object" }
}
