package import PinionJSON

/// Writes a JSON value in the spelling that the grammar of a schema has for it: members in the schema's order, no white
/// space, one spelling for each string.
///
///     let spelling = try InstanceSpelling(schema, mode: .strict)
///     matcher.read(try spelling.text(of: instance))
///
/// A value that is no instance of the schema is written all the same. Numbers are written as they are: `1.0` where the
/// grammar has `1` alone is refused by the grammar.
package struct InstanceSpelling {
    private let document: SchemaDocument
    private let mode: SchemaGrammar.Mode

    /// - Throws: ``GrammarError`` if the text of the schema is invalid.
    package init(_ schema: JSONValue, mode: SchemaGrammar.Mode) throws(GrammarError) {
        document = try SchemaDocument(schema, mode: mode)
        self.mode = mode
    }

    /// - Throws: What ``SchemaGrammar/compile(_:mode:)`` throws of those parts of the schema that the value reaches.
    package func text(of value: JSONValue) throws(GrammarError) -> [UInt8] { try ordered(value).compactText }

    /// The value with the members of its objects in the order of the grammar: declared ones first, as the alternative
    /// that the object fits declares them, and then the others as they were.
    ///
    /// - Throws: as ``text(of:)``.
    package func ordered(_ value: JSONValue) throws(GrammarError) -> JSONValue {
        let (arranged, _) = try SchemaExpander.read(document, mode: mode) { expander throws(GrammarError) in
            var order = InstanceOrder(expander)
            return try order.arrange(value, try expander.root()).value
        }
        return arranged
    }
}

extension JSONValue {
    /// The value without white space, each string in one spelling.
    package var compactText: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.raw("null")
        case .bool(let flag): writer.raw(flag ? "true" : "false")
        case .integer, .bigInteger, .decimal: writer.raw(Array((numberSpelling ?? "").utf8))
        case .string(let text): writer.string(text)
        case .array(let elements):
            writer.raw("[")
            writer.list(elements) { $1.write(to: &$0) }
            writer.raw("]")
        case .object(let object):
            writer.raw("{")
            writer.list(object.members) { writer, member in
                writer.string(member.name)
                writer.raw(":")
                member.value.write(to: &writer)
            }
            writer.raw("}")
        }
    }
}
