import PinionGrammar
import Testing

@Suite("Schemas of arrays")
struct SchemaArrayTests {
    static let cases = [
        SchemaCase(
            #"{"type":"array"}"#, valid: ["[]", "[1,[null],{}]", "[1, 2]", "[\n    1,\n    2\n]"],
            invalid: ["{}", "[,]", "[1,]", "[1", "[ ]", "[1,\n2]"]),
        SchemaCase(
            #"{"items":{"type":"null"}}"#, valid: ["[]", "[null]", "[null,null]", "{}", "1"],
            invalid: ["[1]", "[null,1]"]),
        SchemaCase(
            #"{"type":"array","prefixItems":[{"type":"null"},{"type":"boolean"}]}"#,
            valid: ["[]", "[null]", "[null,true]", "[null,true,1,{}]"], invalid: ["[1]", "[null,null]"]),
        SchemaCase(
            #"{"type":"array","prefixItems":[{"type":"null"},{"type":"boolean"}],"items":false,"minItems":1}"#,
            valid: ["[null]", "[null,true]"], invalid: ["[]", "[null,true,1]"]),
        SchemaCase(
            #"{"type":"array","items":[{"type":"null"}],"additionalItems":{"type":"boolean"}}"#,
            valid: ["[]", "[null]", "[null,true,false]"], invalid: ["[true]", "[null,null]"]),
        SchemaCase(
            #"{"type":"array","items":{"type":"null"},"minItems":2,"maxItems":4}"#,
            valid: ["[null,null]", "[null,null,null]", "[null,null,null,null]"],
            invalid: ["[]", "[null]", "[null,null,null,null,null]"]),
        SchemaCase(
            #"{"type":"array","maxItems":0}"#, valid: ["[]"], invalid: ["[1]"]),
        SchemaCase(
            #"{"type":"array","prefixItems":[true,false]}"#, valid: ["[]", "[1]"], invalid: ["[1,2]"]),
        SchemaCase(
            #"{"type":"array","contains":{"type":"null"}}"#,
            valid: ["[null]", "[1,null]", "[null,1,null]"], invalid: ["[]", "[1]", "[[null]]"]),
        SchemaCase(
            #"{"type":"array","contains":{"type":"null"},"minContains":2,"maxContains":3}"#,
            valid: ["[null,null]", "[null,1,null]", "[null,null,null,1]"],
            invalid: ["[]", "[null]", "[null,null,null,null]", "[1,null,2]"]),
        SchemaCase(
            #"{"type":"array","contains":{"type":"null"},"minContains":0,"maxContains":1}"#,
            valid: ["[]", "[1]", "[null,2]"], invalid: ["[null,null]"]),
        SchemaCase(
            #"""
            {"type":"array","allOf":[{"contains":{"type":"null"}},{"contains":{"enum":[null,
            true]},"minContains":2}]}
            """#,
            valid: ["[null,true]", "[null,null]", "[true,1,null]"], invalid: ["[null]", "[true,true]", "[null,1]"]),
        SchemaCase(
            #"{"type":"array","not":{"items":{"type":"null"}}}"#,
            valid: ["[1]", "[null,1]", "[1,null]"], invalid: ["[]", "[null]"]),
        SchemaCase(
            #"{"type":"array","not":{"contains":{"type":"null"}}}"#, valid: ["[]", "[1]"],
            invalid: ["[null]", "[1,null]"]),
        SchemaCase(
            #"{"type":"array","not":{"prefixItems":[{"type":"null"},{"type":"null"}]}}"#,
            valid: ["[1]", "[null,1]", "[1,null,null]"], invalid: ["[]", "[null]", "[null,null]", "[null,null,1]"]),
        SchemaCase(
            #"{"type":"array","not":{"prefixItems":[true],"items":{"type":"null"}}}"#,
            valid: ["[null,1]", "[1,null,1]"], invalid: ["[]", "[1]", "[1,null]"]),
        SchemaCase(
            #"{"type":"array","not":{"minItems":2}}"#, valid: ["[]", "[1]"], invalid: ["[1,2]"]),
        SchemaCase(
            #"{"type":"array","prefixItems":[{"type":"null"}],"unevaluatedItems":false}"#,
            valid: ["[]", "[null]"], invalid: ["[1]", "[null,1]"]),
        SchemaCase(
            #"""
            {"type":"array","prefixItems":[{"type":"null"}],"contains":{"type":"boolean"},
            "unevaluatedItems":{"type":"string"}}
            """#,
            valid: ["[null,true]", #"[null,"a",true,"b"]"#], invalid: ["[null]", "[null,true,1]", "[true]"]),
        SchemaCase(
            #"""
            {"type":"array","anyOf":[{"prefixItems":[{"const":"a"}]},{"prefixItems":[true,
            {"const":"b"}]}],"unevaluatedItems":false}
            """#,
            valid: ["[]", #"["a"]"#, #"["a","b"]"#, #"["x","b"]"#, #"["x"]"#],
            invalid: [#"["a","c"]"#, #"["a","b","c"]"#]),
    ]

    @Test("Elements satisfy what is said of their places, and come in the numbers that are said", arguments: cases)
    func elements(schema: SchemaCase) throws { try schema.check() }

    static let unique = [
        SchemaCase(
            #"{"type":"array","items":{"type":"string"},"uniqueItems":true}"#,
            valid: ["[]", #"["a"]"#, #"["a","b"]"#, #"["a","ab",""]"#],
            invalid: [#"["a","a"]"#, #"["a","b","a"]"#, #"["","a",""]"#]),
        SchemaCase(
            #"{"type":"array","items":{"enum":["a","b",true]},"uniqueItems":true}"#,
            valid: ["[]", #"["b","a",true]"#, "[true]"], invalid: [#"["a","a"]"#, #"["a","b",true,"a"]"#, #"["c"]"#]),
        SchemaCase(
            #"{"type":"array","items":{"type":["boolean","null"]},"uniqueItems":true,"minItems":2}"#,
            valid: ["[true,false]", "[null,true,false]"], invalid: ["[true]", "[true,true]", "[null,true,false,null]"]),
        SchemaCase(
            #"""
            {"type":"array","prefixItems":[{"enum":["a","b"]},{"const":"a"}],"items":false,
            "minItems":2,"uniqueItems":true}
            """#,
            valid: [#"["b","a"]"#], invalid: [#"["a","a"]"#, #"["a"]"#]),
        SchemaCase(
            #"{"type":"array","items":{"pattern":"^[a-l]$","type":"string"},"uniqueItems":true,"minItems":12}"#,
            valid: [#"["l","k","j","i","h","g","f","e","d","c","b","a"]"#],
            invalid: [#"["a"]"#, #"["l","k","j","i","h","g","f","e","d","c","b","b"]"#]),
        SchemaCase(#"{"type":"array","uniqueItems":true,"maxItems":1}"#, valid: ["[]", "[{}]"], invalid: ["[1,2]"]),
        SchemaCase(#"{"type":"array","uniqueItems":false}"#, valid: ["[1,1]"], invalid: []),
    ]

    @Test("Elements that have to differ do, where their values can be told apart", arguments: unique)
    func uniqueElements(schema: SchemaCase) throws { try schema.check() }

    static let refused = [
        #"{"type":"array","uniqueItems":true}"#,
        #"{"type":"array","items":{"type":"object"},"uniqueItems":true}"#,
        #"{"type":"array","items":{"type":"string"},"contains":{"const":"a"},"uniqueItems":true}"#,
        #"{"type":"array","not":{"uniqueItems":true}}"#,
    ]

    @Test("Elements that have to differ and cannot be told apart are refused", arguments: refused)
    func refusesUnique(schema: String) {
        let error = schemaError(schema)
        #expect(error?.code == .unsupported)
        #expect(error?.pointer?.hasSuffix("/uniqueItems") == true)
    }

    @Test("A large count is kept for a minimum and cut for a maximum")
    func counts() throws {
        let list = { "[" + Array(repeating: "null", count: $0).joined(separator: ",") + "]" }
        let check = try SchemaCheck(#"{"type":"array","items":{"type":"null"},"maxItems":1000000,"minItems":1000}"#)
        #expect(check.accepts(list(1_000)) == true)
        #expect(check.accepts(list(999)) == false)
        #expect(check.accepts(list(4_096)) == true)
        #expect(check.accepts(list(4_097)) == false)
        let error = schemaError(#"{"type":"array","minItems":5000}"#)
        #expect(error?.code == .limit)
        #expect(error?.pointer == "/minItems")
    }
}
