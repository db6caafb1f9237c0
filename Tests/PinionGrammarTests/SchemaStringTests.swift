import PinionGrammar
import Testing

@Suite("Schemas of strings and constants")
struct SchemaStringTests {
    static let strings = [
        SchemaCase(
            #"{"type":"string"}"#, valid: [#""""#, #""a\"\\\n\u0001é😀""#],
            invalid: ["1", #""\u0041""#, #""\/""#, "\"\n\"", #""a"#]),
        SchemaCase(
            #"{"type":"string","minLength":2,"maxLength":3}"#,
            valid: [#""ab""#, #""😀é\n""#], invalid: [#""a""#, #""abcd""#, #""""#]),
        SchemaCase(
            #"{"type":"string","maxLength":100000,"pattern":"^[a-c]*$"}"#,
            valid: [#""""#, #""abcabc""#], invalid: [#""d""#, #""abd""#]),
        SchemaCase(
            #"{"type":"string","minLength":3,"pattern":"^a+$"}"#, valid: [#""aaa""#, #""aaaa""#],
            invalid: [#""aa""#, #""aab""#]),
        SchemaCase(
            #"{"type":"string","pattern":"b.d","maxLength":4}"#, valid: [#""bcd""#, #""abéd""#],
            invalid: [#""bd""#, #""abcde""#]),
        SchemaCase(
            #"{"type":"string","allOf":[{"pattern":"^a"},{"pattern":"z$"}]}"#, valid: [#""az""#, #""a\nz""#],
            invalid: [#""a""#, #""za""#]),
        SchemaCase(
            #"{"type":"string","not":{"pattern":"^a"}}"#, valid: [#""""#, #""ba""#], invalid: [#""a""#, #""ab""#]),
        SchemaCase(
            #"{"type":"string","not":{"minLength":2}}"#, valid: [#""""#, #""b""#], invalid: [#""ab""#]),
        SchemaCase(
            #"{"type":"string","not":{"enum":["a","ab"]}}"#, valid: [#""""#, #""b""#, #""abc""#],
            invalid: [#""ab""#, #""a""#]),
        SchemaCase(
            #"{"type":"string","pattern":"^(ab\n|é😀)*$","maxLength":1000}"#,
            valid: [quoted("é😀", 500), quoted(#"ab\n"#, 333)],
            invalid: [quoted("é😀", 501), quoted(#"ab\n"#, 334)]),
        SchemaCase(
            #"{"type":"string","pattern":"^(ab)*$","minLength":3,"maxLength":5001}"#,
            valid: [quoted("ab", 2), quoted("ab", 2500)], invalid: [quoted("ab", 1), quoted("ab", 2501)]),
        SchemaCase(
            #"{"type":"string","format":"uri","minLength":1,"maxLength":2083}"#,
            valid: [#""https://a.b/c?d=%20#e""#, "\"x:" + String(repeating: "y", count: 2081) + "\""],
            invalid: [#""""#, #""no uri""#, "\"x:" + String(repeating: "y", count: 2082) + "\""]),
        SchemaCase(
            // The state behind "b" is also the state behind the backslash of the line break.
            #"{"type":"string","pattern":"^(bn|\n)$","maxLength":1500}"#, valid: [#""bn""#, #""\n""#],
            invalid: [#""n""#]),
        SchemaCase(#"{"minLength":2}"#, valid: ["[]", "null", #""ab""#], invalid: [#""a""#]),
    ]

    private static func quoted(_ text: String, _ count: Int) -> String {
        "\"" + String(repeating: text, count: count) + "\""
    }

    @Test("Where no text can end within the length, none goes on")
    func endsInTime() throws {
        let schema = #"{"type":"string","pattern":"^(ab|cdefg)*$","maxLength":1000}"#
        var matcher = GrammarMatcher(try SchemaCheck(schema).translated.grammar)
        let begun = Array("\"\(String(repeating: "ab", count: 498))".utf8)
        #expect(matcher.read(begun + Array("ab".utf8)) == .incomplete)
        #expect(matcher.read(begun + Array("cd".utf8)) == .refused(at: begun.count))
    }

    @Test("Strings have the length and the pattern that are said", arguments: strings)
    func checksStrings(schema: SchemaCase) throws { try schema.check() }

    static let constants = [
        SchemaCase(
            #"{"enum":["a",null,true,{"k":[null,"x"],"j":{}},[false]]}"#,
            valid: [#""a""#, "null", "true", #"{"k":[null,"x"],"j":{}}"#, #"{"k": [null, "x"], "j": {}}"#, "[false]"],
            invalid: [#""b""#, "false", #"{"k":[null]}"#, #"{"j":{},"k":[null,"x"]}"#, "[]", "[false,false]"]),
        SchemaCase(#"{"const":{}}"#, valid: ["{}"], invalid: [#"{"a":1}"#, "[]", "null"]),
        SchemaCase(#"{"const":[]}"#, valid: ["[]"], invalid: ["[1]", "{}"]),
        SchemaCase(
            #"""
            {"enum":["a","abc",null],"type":"string","minLength":2}
            """#, valid: [#""abc""#], invalid: [#""a""#, "null"]),
        SchemaCase(
            #"{"enum":[{"a":null},{"b":null}],"required":["b"]}"#, valid: [#"{"b":null}"#], invalid: [#"{"a":null}"#]),
        SchemaCase(
            #"{"enum":["a","b"],"const":"b"}"#, valid: [#""b""#], invalid: [#""a""#]),
        SchemaCase(
            #"{"type":"array","not":{"const":[null,"a"]}}"#,
            valid: ["[]", "[null]", #"["a",null]"#, #"[null,"a",1]"#, #"[null,"b"]"#], invalid: [#"[null,"a"]"#]),
        SchemaCase(
            #"{"type":"object","not":{"const":{"a":null}}}"#,
            valid: ["{}", #"{"a":true}"#, #"{"a":null,"b":1}"#, #"{"b":null}"#], invalid: [#"{"a":null}"#]),
        SchemaCase(
            #"{"enum":["\u0041\u00e9","\"\\/"]}"#, valid: [#""Aé""#, #""\"\\/""#], invalid: [#""\u0041é""#]),
    ]

    @Test("Listed values are written as they stand, one spelling for a character", arguments: constants)
    func checksConstants(schema: SchemaCase) throws { try schema.check() }

    @Test("A constant does not count as evaluated")
    func constantEvaluatesNothing() {
        #expect(schemaError(#"{"const":{"a":1},"unevaluatedProperties":false}"#)?.code == .unsatisfiable)
    }

    @Test("Names and values that differ in normalisation alone are different")
    func normalisation() throws {
        let check = try SchemaCheck("{\"enum\":[\"\u{e9}\",\"e\u{301}\"]}")
        #expect(check.accepts("\"\u{e9}\"") == true)
        #expect(check.accepts("\"e\u{301}\"") == true)
        let object = try SchemaCheck(
            """
            {"type":"object","properties":{"\u{e9}":{"type":"null"}},"additionalProperties":{"type":"boolean"}}
            """
        )
        #expect(object.accepts("{\"\u{e9}\":null,\"e\u{301}\":true}") == true)
        #expect(object.accepts("{\"e\u{301}\":null}") == false)
    }
}
