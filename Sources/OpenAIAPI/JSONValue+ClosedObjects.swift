import PinionJSON

extension JSONValue {
    /// The JSON Schema with `additionalProperties: false` wherever it lists properties and does not say what further ones
    /// may be, as vLLM's `disable_additional_properties` asks.
    var withClosedObjects: JSONValue {
        SchemaPlaces.mapped(self) { schema in
            let names = Set(schema.members.map { ProtocolWord($0.name) })
            guard !names.isDisjoint(with: ["properties", "patternProperties"]), !names.contains("additionalProperties")
            else { return }
            schema.members.append(.init(name: "additionalProperties", value: .bool(false)))
        }
    }
}
