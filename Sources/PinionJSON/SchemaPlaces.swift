/// Where the schemas within a JSON Schema stand: a property that is called `properties`, or an example of one, is none.
package enum SchemaPlaces {
    /// Keywords whose value is a schema.
    private static let schemas: Set<ProtocolWord> = [
        "items", "additionalItems", "unevaluatedItems", "contains", "additionalProperties", "unevaluatedProperties",
        "propertyNames", "not", "if", "then", "else",
    ]
    /// Keywords whose value is a list of schemas; `items` in drafts before 2020-12 is one of either.
    private static let lists: Set<ProtocolWord> = ["allOf", "anyOf", "oneOf", "prefixItems", "items"]
    /// Keywords whose value has a schema under each name.
    private static let tables: Set<ProtocolWord> = [
        "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies",
    ]

    /// The schema with `change` made to each object in it that is a schema, the inner ones first.
    ///
    /// - Complexity: Linear in the schema; recursion is as deep as the JSON text was.
    package static func mapped(_ schema: JSONValue, _ change: (inout JSONObject) -> Void) -> JSONValue {
        guard case .object(var object) = schema else { return schema }
        for index in object.members.indices {
            let keyword = ProtocolWord(object.members[index].name)
            switch object.members[index].value {
            case .object(var table) where tables.contains(keyword):
                for entry in table.members.indices {
                    table.members[entry].value = mapped(table.members[entry].value, change)
                }
                object.members[index].value = .object(table)
            case .object(let inner) where schemas.contains(keyword):
                object.members[index].value = mapped(.object(inner), change)
            case .array(let elements) where lists.contains(keyword):
                object.members[index].value = .array(elements.map { mapped($0, change) })
            default: break
            }
        }
        change(&object)
        return .object(object)
    }
}
