package import PinionJSON

/// A keyword where it stands in a schema.
package struct SchemaKeywordUse: Sendable, Equatable {
    /// The JSON pointer of the keyword.
    package let pointer: String
    package let keyword: String
    /// Nil for an annotation, which has no effect on replies.
    package let role: SchemaKeyword.Role?

    /// All keywords of a schema and of the schemas within it.
    ///
    /// - Throws: ``GrammarError`` if the schema is invalid. Whether each assertion can be enforced is not asked.
    package static func all(in schema: JSONValue) throws(GrammarError) -> [SchemaKeywordUse] {
        let document = try SchemaDocument(schema, mode: .lenient)
        var uses: [SchemaKeywordUse] = []
        for node in document.nodes {
            guard case .object(let object) = node.value else { continue }
            for member in object.members {
                let known = SchemaKeyword.named(member.name).flatMap { node.draft.knows($0) ? $0 : nil }
                uses.append(
                    SchemaKeywordUse(
                        pointer: node.pointer + "/" + SchemaNode.escaped(member.name), keyword: member.name,
                        role: known?.role))
            }
        }
        return uses
    }
}
