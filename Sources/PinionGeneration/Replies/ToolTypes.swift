import PinionJSON
import TextGeneration

/// What the arguments of tools are, as far as it decides how a value without quotation marks is read.
struct ToolTypes: Sendable {
    enum Kind: Sendable, Equatable {
        /// A text, as it stands there.
        case text
        /// JSON of another type.
        case json
        /// Both may be, or nobody knows.
        case any
    }

    /// Of one value between marks.
    static let valueLimits = JSONLimits(depth: ReplyLimits.depth, values: 1 << 20)
    /// Schemas within each other that are looked at for a type.
    static let nesting = 8

    private let kinds: [ProtocolWord: [ProtocolWord: Kind]]

    init(_ tools: [Tool] = []) {
        var kinds: [ProtocolWord: [ProtocolWord: Kind]] = [:]
        for tool in tools {
            guard case .arguments(.object(let schema)?, _) = tool.input,
                case .object(let properties)? = schema["properties"]
            else {
                // The only argument of a tool that takes a text.
                if case .text = tool.input { kinds[ProtocolWord(tool.name)] = [ProtocolWord(Tool.textArgument): .text] }
                continue
            }
            var found: [ProtocolWord: Kind] = [:]
            for member in properties.members {
                found[ProtocolWord(member.name)] = Self.kind(of: member.value, in: schema, Self.nesting)
            }
            kinds[ProtocolWord(tool.name)] = found
        }
        self.kinds = kinds
    }

    func kind(of argument: [UInt8], in tool: [UInt8]) -> Kind {
        let tool = ProtocolWord(String(decoding: tool, as: UTF8.self))
        return kinds[tool]?[ProtocolWord(String(decoding: argument, as: UTF8.self))] ?? .any
    }

    static func kind(of schema: JSONValue, in root: JSONObject, _ nesting: Int) -> Kind {
        guard case .object(let object) = schema, nesting > 0 else { return .any }
        switch object["type"] {
        case .string(let type)?: return ProtocolWord(type) == "string" ? .text : .json
        case .array(let types)?: return types.contains("string") ? (types.count == 1 ? .text : .any) : .json
        default: break
        }
        for name in ["enum", "const"] {
            let values: [JSONValue]
            switch object[name] {
            case .array(let list)? where name == "enum": values = list
            case let value? where name == "const": values = [value]
            default: continue
            }
            let texts = values.filter { if case .string = $0 { true } else { false } }.count
            return texts == values.count ? .text : texts == 0 ? .json : .any
        }
        for name in ["anyOf", "oneOf", "allOf"] {
            guard case .array(let branches)? = object[name] else { continue }
            let kinds = branches.map { kind(of: $0, in: root, nesting - 1) }
            if kinds.allSatisfy({ $0 == .text }) { return .text }
            if kinds.allSatisfy({ $0 == .json }) { return .json }
            return .any
        }
        if case .string(let reference)? = object["$ref"], let target = resolve(reference, in: root) {
            return kind(of: target, in: root, nesting - 1)
        }
        return .any
    }

    private static func resolve(_ reference: String, in root: JSONObject) -> JSONValue? {
        guard reference.utf8.starts(with: "#/".utf8) else { return nil }
        var value = JSONValue.object(root)
        for part in reference.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false) {
            guard case .object(let object) = value else { return nil }
            guard let next = object[unescaped(part)] else { return nil }
            value = next
        }
        return value
    }
}

extension ToolTypes {
    /// A part of a JSON pointer, `~1` standing for `/` and `~0` for `~` (RFC 6901).
    private static func unescaped(_ part: Substring) -> String {
        part.split(separator: "~1", omittingEmptySubsequences: false)
            .map { $0.split(separator: "~0", omittingEmptySubsequences: false).joined(separator: "~") }
            .joined(separator: "/")
    }
}

extension Tool {
    /// The one argument by which a model is told of a tool that takes a text.
    static let textArgument = "input"

    /// Whether it takes a text, and not arguments.
    var takesText: Bool {
        if case .text = input { true } else { false }
    }
}
