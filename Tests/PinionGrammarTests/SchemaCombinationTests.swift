import PinionGrammar
import Testing

@Suite("Schemas that are put together")
struct SchemaCombinationTests {
    static let applicators = [
        SchemaCase("true", valid: ["null", "{}", #""a""#], invalid: ["nul", ""]),
        SchemaCase("{}", valid: ["null", "[{}]"], invalid: ["undefined"]),
        SchemaCase(#"{"type":["null","boolean"]}"#, valid: ["null", "true"], invalid: ["[]", #""a""#]),
        SchemaCase(#"{"type":"boolean","enum":[true,null]}"#, valid: ["true"], invalid: ["false", "null"]),
        SchemaCase(
            #"{"anyOf":[{"type":"null"},{"type":"array","items":{"type":"null"}}]}"#, valid: ["null", "[null]"],
            invalid: ["true", "[true]"]),
        SchemaCase(
            #"{"type":"string","anyOf":[{"pattern":"^a"},{"maxLength":1}]}"#, valid: [#""abc""#, #""b""#],
            invalid: [#""bc""#]),
        SchemaCase(
            #"{"allOf":[{"type":["null","boolean"]},{"type":["boolean","string"]}]}"#, valid: ["true"],
            invalid: ["null", #""a""#]),
        SchemaCase(
            #"{"not":{"type":["string","null","object","array"]},"type":["boolean","null"]}"#, valid: ["true"],
            invalid: ["null"]),
        SchemaCase(#"{"not":{"not":{"type":"null"}}}"#, valid: ["null"], invalid: ["true"]),
        SchemaCase(
            #"{"if":{"type":"string"},"then":{"minLength":1},"else":{"type":"null"}}"#, valid: [#""a""#, "null"],
            invalid: [#""""#, "true"]),
        SchemaCase(#"{"then":{"type":"null"}}"#, valid: ["true"], invalid: []),
        SchemaCase(
            #"{"oneOf":[{"type":"string"},{"type":"null"}]}"#, valid: [#""a""#, "null"], invalid: ["true"]),
        SchemaCase(
            #"{"type":"string","oneOf":[{"pattern":"a"},{"pattern":"b"}]}"#, valid: [#""a""#, #""cb""#],
            invalid: [#""ab""#, #""c""#, #""""#]),
        SchemaCase(
            #"{"type":"string","oneOf":[{"pattern":"a"},{"pattern":"b"},{"pattern":"c"}]}"#,
            valid: [#""a""#, #""xb""#, #""cc""#], invalid: [#""ab""#, #""abc""#, #""""#]),
        SchemaCase(
            #"{"type":"string","not":{"oneOf":[{"pattern":"a"},{"pattern":"b"}]}}"#, valid: [#""ab""#, #""""#],
            invalid: [#""a""#, #""b""#]),
        SchemaCase(
            """
            {"oneOf":[{"type":"object","properties":{"t":{"const":"a"},"v":{"type":"null"}},"required":["t","v"]},
            {"type":"object","properties":{"t":{"const":"b"},"v":{"type":"boolean"}},"required":["t","v"]}]}
            """,
            valid: [#"{"t":"a","v":null}"#, #"{"t":"b","v":true}"#],
            invalid: [#"{"t":"a","v":true}"#, #"{"t":"c","v":null}"#]),
        SchemaCase(
            #"{"type":"object","oneOf":[{"required":["a"]},{"required":["b"]}]}"#,
            valid: [#"{"a":1}"#, #"{"b":1,"c":1}"#], invalid: ["{}", #"{"a":1,"b":1}"#, #"{"b":1,"a":1}"#]),
        SchemaCase(
            """
            {"oneOf":[{"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":false},
            {"type":"object","properties":{"b":{"type":"null"}},"additionalProperties":false}]}
            """,
            valid: [#"{"a":null}"#, #"{"b":null}"#], invalid: ["{}", #"{"a":null,"b":null}"#, #"{"c":null}"#]),
        SchemaCase(
            #"{"oneOf":[{"type":"array","items":{"type":"null"}},{"type":"array","items":{"type":"boolean"}}]}"#,
            valid: ["[null]", "[true,false]"], invalid: ["[]", "[null,true]"]),
    ]

    @Test("Schemas hold together, one of them, exactly one or none, as is said", arguments: applicators)
    func holds(schema: SchemaCase) throws { try schema.check() }

    static let references = [
        SchemaCase(
            ##"{"$ref":"#/$defs/list","$defs":{"list":{"type":["array","null"],"items":{"$ref":"#/$defs/list"}}}}"##,
            valid: ["null", "[]", "[null,[[]]]"], invalid: ["true", "[true]"]),
        SchemaCase(
            ##"{"properties":{"next":{"$ref":"#"}},"additionalProperties":false,"type":"object"}"##,
            valid: ["{}", #"{"next":{"next":{}}}"#], invalid: [#"{"next":{"nex":{}}}"#]),
        SchemaCase(
            ##"{"$ref":"#/$defs/a","maxLength":2,"$defs":{"a":{"type":"string"}}}"##, valid: [#""ab""#],
            invalid: [#""abc""#, "null"]),
        SchemaCase(
            ##"""
            {"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"$ref":"#/definitions/a",
            "maxLength":2}},"definitions":{"a":{"type":"string"}}}
            """##,
            valid: [#"{"a":"abc"}"#], invalid: [#"{"a":null}"#]),
        SchemaCase(
            #"{"$id":"https://e.org/root/s.json","$ref":"item.json","$defs":{"x":{"$id":"item.json","type":"null"}}}"#,
            valid: ["null"], invalid: ["true"]),
        SchemaCase(
            ##"{"$ref":"#a","$defs":{"x":{"$anchor":"a","type":"null"}}}"##, valid: ["null"], invalid: ["true"]),
        SchemaCase(
            ##"{"$ref":"#/$defs/a~1b~0c%25","$defs":{"a/b~c%":{"type":"null"}}}"##, valid: ["null"], invalid: ["true"]),
        SchemaCase(
            ##"{"$ref":"#/x-parts/0","x-parts":[{"type":"null"}]}"##, valid: ["null"], invalid: ["true"]),
        SchemaCase(
            """
            {"$id":"https://e.org/strict","$ref":"tree","$dynamicAnchor":"node","unevaluatedProperties":false,
            "$defs":{"tree":{"$id":"tree","$dynamicAnchor":"node","type":"object",
            "properties":{"value":{"type":"null"},"children":{"type":"array","items":{"$dynamicRef":"#node"}}}}}}
            """,
            valid: [#"{"value":null,"children":[{"value":null}]}"#],
            invalid: [#"{"valu":null}"#, #"{"children":[{"valu":null}]}"#]),
    ]

    @Test("References are followed within the document, into recursion too", arguments: references)
    func follows(schema: SchemaCase) throws { try schema.check() }

    @Test("References past the document and into nothing are refused at their places")
    func refusesReferences() {
        let remote = schemaError(#"{"properties":{"a":{"$ref":"https://e.org/other.json"}}}"#)
        #expect(remote?.code == .unsupported)
        #expect(remote?.pointer == "/properties/a/$ref")
        let missing = schemaError(##"{"items":{"$ref":"#/$defs/x"}}"##)
        #expect(missing?.code == .invalid)
        #expect(missing?.pointer == "/items/$ref")
        #expect(schemaError(##"{"$ref":"#"}"##)?.code == .invalid)
        #expect(schemaError(##"{"anyOf":[{"$ref":"#"},{"type":"null"}]}"##)?.code == .invalid)
    }
}
