import PinionJSON
import TextGeneration

/// A format by its content, so that equal ones are compiled once; compared and hashed as bytes.
struct FormatKey: Hashable, Sendable {
    private enum Kind: UInt8 {
        case text, jsonObject, strictSchema, lenientSchema, pattern, choice, gbnf, lark
    }

    /// The kind, and the content in a spelling that no other content has.
    let bytes: [UInt8]

    init(_ plan: ReplyPlan) {
        var writer = JSONWriter()
        if let reply = plan.format, reply.thinking != nil || !plan.tools.isEmpty {
            // What stands around the format; both in front of it, because a format may be any bytes.
            writer.value(plan.description(of: reply))
            writer.raw([0])
        }
        let format = plan.output
        func kind(_ kind: Kind) { writer.raw([kind.rawValue]) }
        switch format {
        case .text: kind(.text)
        case .jsonObject: kind(.jsonObject)
        case .jsonSchema(let schema, let isStrict):
            kind(isStrict ? .strictSchema : .lenientSchema)
            writer.value(schema)
        case .pattern(let pattern):
            kind(.pattern)
            writer.raw(Array(pattern.utf8))
        case .choice(let choices):
            kind(.choice)
            writer.list(choices) { $0.string($1) }
        case .grammar(let text, let syntax):
            kind(syntax == .gbnf ? .gbnf : .lark)
            writer.raw(Array(text.utf8))
        }
        bytes = writer.bytes
    }
}

extension ReplyPlan {
    /// All that a grammar depends on beside the format of the text.
    fileprivate func description(of reply: ReplyFormat) -> JSONValue {
        let tools = tools.map { tool -> JSONValue in
            let input: [JSONValue] =
                switch tool.input {
                case .arguments(let schema, let isStrict): [schema ?? .null, .bool(isStrict)]
                case .text(.pattern(let pattern)): ["pattern", .string(pattern)]
                case .text(.grammar(let text, .gbnf)): ["gbnf", .string(text)]
                case .text(.grammar(let text, .lark)): ["lark", .string(text)]
                case .text: ["text"]
                }
            return .array([.string(tool.name)] + input)
        }
        let choice: [JSONValue] =
            switch choice {
            case .auto: ["auto"]
            case .none: ["none"]
            case .required: ["required"]
            case .named(let name): ["named", .string(name)]
            case .allowed(let names, let isRequired): ["allowed", .bool(isRequired)] + names.map { .string($0) }
            }
        return .array([
            .string(reply.name), .bool(isThinking), .bool(allowsParallelCalls), .array(choice), .array(tools),
        ])
    }
}
