import PinionGrammar
import Testing

@Suite("Schemas of objects")
struct SchemaObjectTests {
    static let cases = [
        SchemaCase(
            #"{"type":"object"}"#,
            valid: ["{}", #"{"a":1}"#, #"{"a":1,"b":{"c":[null]}}"#, #"{"":""}"#],
            invalid: ["[]", "1", #"{"a":1,"a":2}"#, #"{"a":1,}"#, #"{a:1}"#, "{", #"{"a"}"#]),
        SchemaCase(
            #"{"properties":{"a":{"type":"string"}}}"#,
            valid: ["null", "true", "[1]", "{}", #"{"a":"x"}"#, #"{"a":"x","b":1}"#, #"{"b":1}"#],
            invalid: [#"{"a":1}"#, #"{"b":1,"a":"x"}"#, #"{"b":1,"a":1}"#]),
        SchemaCase(
            """
            {"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"},"c":{"type":"null"}},
            "required":["b"],"additionalProperties":false}
            """,
            valid: [
                #"{"b":null}"#, #"{"a":null,"b":null}"#, #"{"b":null,"c":null}"#, #"{"a":null,"b":null,"c":null}"#,
                #"{"b": null, "c": null}"#, "{\n  \"b\": null,\n  \"c\": null\n}",
            ],
            invalid: [
                "{}", #"{"a":null}"#, #"{"a":null,"c":null}"#, #"{"b":null,"a":null}"#, #"{"b":null,"d":null}"#,
                #"{"b": null,"c": null}"#, "{\n  \"b\": null, \"c\": null\n}",
            ]),
        SchemaCase(
            #"{"type":"object","properties":{"a":false,"b":true}}"#,
            valid: ["{}", #"{"b":1}"#, #"{"c":1}"#], invalid: [#"{"a":1}"#, #"{"b":1,"a":1}"#]),
        SchemaCase(
            #"{"type":"object","required":["x","y"],"additionalProperties":{"type":"boolean"}}"#,
            valid: [
                #"{"x":true,"y":true}"#, #"{"y":true,"x":true}"#, #"{"a":true,"y":true,"b":true,"x":true,"c":true}"#,
            ],
            invalid: ["{}", #"{"x":true}"#, #"{"x":true,"y":null}"#, #"{"x":true,"y":true,"x":true}"#]),
        SchemaCase(
            #"{"type":"object","properties":{"z":{"type":"null"}},"required":["z","a"]}"#,
            valid: [#"{"z":null,"a":1}"#, #"{"z":null,"k":1,"a":1}"#],
            invalid: [#"{"z":null}"#, #"{"a":1,"z":null}"#]),
        SchemaCase(
            #"{"type":"object","patternProperties":{"^a":{"type":"null"},"b$":{"enum":[null,true]}}}"#,
            valid: [#"{"a":null}"#, #"{"b":true}"#, #"{"ab":null}"#, #"{"c":1}"#, #"{"b":true,"a":null}"#],
            invalid: [#"{"a":true}"#, #"{"ab":true}"#, #"{"xb":false}"#]),
        SchemaCase(
            """
            {"type":"object","properties":{"ab":{"enum":[null,true,false]}},
            "patternProperties":{"^a":{"enum":[true,false]},
            "b$":{"enum":[true,null]}},"additionalProperties":false}
            """,
            valid: [#"{"ab":true}"#, #"{"a":false}"#, #"{"b":null}"#, #"{"axb":true}"#, "{}"],
            invalid: [#"{"ab":null}"#, #"{"ab":false}"#, #"{"c":true}"#, #"{"axb":null}"#]),
        SchemaCase(
            #"{"type":"object","propertyNames":{"enum":["x","y"]},"additionalProperties":{"type":"null"}}"#,
            valid: ["{}", #"{"x":null}"#, #"{"y":null,"x":null}"#],
            invalid: [#"{"z":null}"#, #"{"x":null,"x":null}"#, #"{"x":null,"y":null,"x":null}"#]),
        SchemaCase(
            #"""
            {"type":"object","properties":{"long":{"type":"null"},"s":{"type":"null"}},"propertyNames":{"maxLength":2}}
            """#,
            valid: ["{}", #"{"s":null}"#, #"{"ab":1}"#], invalid: [#"{"long":null}"#, #"{"abc":1}"#]),
        SchemaCase(
            #"{"type":"object","additionalProperties":{"type":"null"},"minProperties":2,"maxProperties":3}"#,
            valid: [#"{"a":null,"b":null}"#, #"{"a":null,"b":null,"c":null}"#],
            invalid: ["{}", #"{"a":null}"#, #"{"a":null,"b":null,"c":null,"d":null}"#]),
        SchemaCase(
            """
            {"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"},"c":{"type":"null"}},
            "additionalProperties":false,"minProperties":1,"maxProperties":2}
            """,
            valid: [#"{"a":null}"#, #"{"c":null}"#, #"{"a":null,"c":null}"#, #"{"b":null,"c":null}"#],
            invalid: ["{}", #"{"a":null,"b":null,"c":null}"#]),
        SchemaCase(
            #"{"type":"object","patternProperties":{"^(a|b)$":{"type":"null"}},"additionalProperties":false}"#,
            valid: ["{}", #"{"b":null,"a":null}"#, #"{"a":null}"#], invalid: [#"{"c":null}"#, #"{"a":null,"a":null}"#]),
        SchemaCase(
            #"{"type":"object","dependentRequired":{"card":["address","name"]}}"#,
            valid: ["{}", #"{"name":1}"#, #"{"card":1,"address":2,"name":3}"#, #"{"name":3,"address":2,"card":1}"#],
            invalid: [#"{"card":1}"#, #"{"card":1,"name":2}"#]),
        SchemaCase(
            #"{"type":"object","dependentSchemas":{"a":{"required":["b"],"properties":{"b":{"type":"null"}}}}}"#,
            valid: ["{}", #"{"b":1}"#, #"{"b":null,"a":1}"#], invalid: [#"{"a":1}"#, #"{"b":1,"a":1}"#]),
        SchemaCase(
            #"{"type":"object","dependencies":{"a":["b"],"c":{"required":["d"]}}}"#,
            valid: ["{}", #"{"a":1,"b":1}"#, #"{"c":1,"d":1}"#], invalid: [#"{"a":1}"#, #"{"c":1}"#]),
        SchemaCase(
            #"""
            {"type":"object","properties":{"\"q\\\n":{"type":"null"},"é":{"type":"null"}},
            "additionalProperties":false}
            """#,
            valid: [#"{"\"q\\\n":null,"é":null}"#],
            invalid: [#"{"q":null}"#, #"{"\u00e9":null}"#, "{\"e\u{301}\":null}"]),
    ]

    @Test("Members come in the schema's order, each once, and satisfy all that is said of them", arguments: cases)
    func members(schema: SchemaCase) throws { try schema.check() }

    static let layers = [
        SchemaCase(
            """
            {"allOf":[{"properties":{"a":{"type":"null"}},"additionalProperties":{"type":"boolean"}},
            {"properties":{"b":{"type":"boolean"}}}],"type":"object"}
            """,
            valid: ["{}", #"{"a":null}"#, #"{"a":null,"b":true}"#, #"{"b":true,"c":true}"#],
            invalid: [#"{"b":1}"#, #"{"c":null}"#, #"{"a":true}"#]),
        SchemaCase(
            #"{"type":"object","allOf":[{"properties":{"a":true}}],"additionalProperties":false}"#,
            valid: ["{}"], invalid: [#"{"a":1}"#]),
        SchemaCase(
            #"{"type":"object","allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false}"#,
            valid: ["{}", #"{"a":1}"#], invalid: [#"{"b":1}"#, #"{"a":1,"b":1}"#]),
        SchemaCase(
            """
            {"type":"object","properties":{"k":true},"anyOf":[{"properties":{"a":{"type":"null"}},"required":["a"]},
            {"properties":{"b":{"type":"null"}},"required":["b"]}],"unevaluatedProperties":false}
            """,
            valid: [#"{"a":null}"#, #"{"k":1,"b":null}"#, #"{"a":null,"b":null}"#],
            invalid: ["{}", #"{"k":1}"#, #"{"a":null,"b":1}"#, #"{"a":null,"c":1}"#]),
        SchemaCase(
            """
            {"type":"object","if":{"properties":{"kind":{"const":"x"}},"required":["kind"]},
            "then":{"properties":{"x":{"type":"null"}}},"else":{"properties":{"y":{"type":"null"}}},
            "unevaluatedProperties":{"type":"boolean"}}
            """,
            valid: [
                "{}", #"{"kind":"x","x":null}"#, #"{"y":null}"#, #"{"kind":true,"y":null}"#, #"{"kind":"x","y":true}"#,
            ],
            invalid: [#"{"kind":"x","x":1}"#, #"{"kind":"z"}"#, #"{"kind":"x","y":null}"#]),
        SchemaCase(
            #"{"type":"object","not":{"required":["a","b"]},"properties":{"a":{"type":"null"},"b":{"type":"null"}}}"#,
            valid: ["{}", #"{"a":null}"#, #"{"b":null}"#, #"{"b":null,"c":1}"#], invalid: [#"{"a":null,"b":null}"#]),
        SchemaCase(
            #"{"type":"object","not":{"properties":{"a":{"type":"null"}}}}"#,
            valid: [#"{"a":true}"#, #"{"a":"","b":null}"#], invalid: ["{}", #"{"b":1}"#, #"{"a":null}"#]),
        SchemaCase(
            #"{"type":"object","not":{"additionalProperties":{"type":"null"}}}"#,
            valid: [#"{"a":true}"#, #"{"b":null,"a":true}"#, #"{"a":true,"b":true}"#],
            invalid: ["{}", #"{"b":null}"#, #"{"b":null,"c":null}"#]),
        SchemaCase(
            #"{"type":"object","not":{"patternProperties":{"^x":{"type":"null"}}}}"#,
            valid: [#"{"x1":true}"#, #"{"a":1,"x":0.5}"#], invalid: ["{}", #"{"x":null}"#, #"{"a":true}"#]),
        SchemaCase(
            #"{"type":"object","not":{"propertyNames":{"maxLength":1}}}"#,
            valid: [#"{"ab":1}"#, #"{"a":1,"bc":1}"#], invalid: ["{}", #"{"a":1}"#]),
        SchemaCase(
            #"{"type":"object","not":{"minProperties":2}}"#, valid: ["{}", #"{"a":1}"#], invalid: [#"{"a":1,"b":1}"#]),
        SchemaCase(
            #"{"type":"object","not":{"maxProperties":1}}"#, valid: [#"{"a":1,"b":1}"#], invalid: ["{}", #"{"a":1}"#]),
        SchemaCase(
            #"{"type":"object","not":{"dependentRequired":{"a":["b"]}}}"#,
            valid: [#"{"a":1}"#, #"{"a":1,"c":1}"#], invalid: ["{}", #"{"b":1}"#, #"{"a":1,"b":1}"#]),
    ]

    @Test("Each schema's additional members are judged beside its own names alone", arguments: layers)
    func separate(schema: SchemaCase) throws { try schema.check() }

    @Test("A thousand optional members cost states in proportion")
    func manyOptional() throws {
        func stateCount(_ count: Int) throws -> Int {
            let members = (0..<count).map { #""name\#($0)":{"type":"null"}"# }.joined(separator: ",")
            let schema = #"{"type":"object","properties":{\#(members)},"additionalProperties":false}"#
            return try SchemaCheck(schema).translated.grammar.stateCount
        }
        let (few, many) = (try stateCount(100), try stateCount(1_000))
        #expect(many < few * 13)
    }

    @Test("More required names without declaration than may come in any order come as they are written")
    func manyRequired() throws {
        let check = try SchemaCheck(#"{"type":"object","required":["a","b","c","d","e","f"]}"#)
        #expect(check.accepts(#"{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}"#) == true)
        #expect(check.accepts(#"{"b":1,"a":1,"c":1,"d":1,"e":1,"f":1}"#) == false)
        #expect(try check.acceptsValue(#"{"f":1,"b":1,"a":1,"c":1,"x":2,"d":1,"e":1}"#))
    }
}
