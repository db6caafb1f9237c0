import PinionJSON
import TextGeneration

/// A format by its content, so that equal ones are compiled once; compared and hashed as bytes.
struct FormatKey: Hashable, Sendable {
    private enum Kind: UInt8 {
        case text, jsonObject, strictSchema, lenientSchema, pattern, choice, gbnf, lark
    }

    /// The kind, and the content in a spelling that no other content has.
    let bytes: [UInt8]

    init(_ format: OutputFormat) {
        var writer = JSONWriter()
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
