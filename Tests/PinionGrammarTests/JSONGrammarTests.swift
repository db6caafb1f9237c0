import PinionGrammar
import TestSupport
import Testing

@Suite struct JSONGrammarTests {
    private func language(_ grammar: () throws(GrammarError) -> Grammar) throws -> LanguageExpectation {
        LanguageExpectation(try grammar())
    }

    @Test("An object is accepted in each of the styles of white space, and in no mixture")
    func styles() throws {
        let language = try language(JSONGrammar.object)
        language.accepts(
            #"{}"#, #"{"a":1,"b":[1,2]}"#, #"{"a": 1, "b": [1, 2], "c": {"d": null}}"#,
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}", "{\n\t\"a\": {\n\t\t\"b\": 0\n\t}\n}",
            #"{ "a": [1, { "b": [] }], "c": {} }"#)
        language.refuses(
            #"{"a":1, "b""#, #"{"a": 1,"b""#, #"{ "a":1"#, #"{ "a": 1}"#, #"{ "a": [ 1"#, #"{"a": [ 1"#, "{\n  \"a\":1",
            "{\n  \"a\": 1}", "{\n  \"a\": {\n\t", "{ }",
            " {")
    }

    @Test("Only objects begin an object, and any value a value")
    func kinds() throws {
        let object = try language(JSONGrammar.object)
        object.refuses("[", "1", "\"", "null")
        let value = try language(JSONGrammar.value)
        value.accepts("[]", "1", "\"\"", "null", "true", "false", "{}", "[[1],{}]")
        value.refuses("nil", "[1,]", "{\"a\"}", "[}")
        value.awaitsMore(after: "", "[", "\"", "-", "{\"a\"", "tru")
    }

    @Test("Names are distinct within an object, and may return in another")
    func distinctNames() throws {
        let language = try language(JSONGrammar.object)
        language.accepts(#"{"a":{"a":1},"b":{"a":2},"aa":3}"#)
        language.refuses(#"{"a":1,"a""#, #"{"a":{"b":1,"c":2,"b""#)
    }

    @Test("Strings and numbers have one spelling")
    func spellings() throws {
        let value = try language(JSONGrammar.value)
        value.accepts(#""é😀\"\\\n\u0001""#, "-0.5", "0", "120", "1e+10")
        value.refuses(#""\/"#, #""\u0041"#, #""\u000A"#, "\"\n", "01", "+1", ".5", "--1", "\"\u{1}")
    }

    @Test("Nesting has no end")
    func nesting() throws {
        let value = try language(JSONGrammar.value)
        let depth = 2_000
        value.accepts(String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
        value.accepts(String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth))
        value.refuses(String(repeating: "[", count: depth) + String(repeating: "]", count: depth + 1))
    }

    @Test("The rules stand within a larger grammar")
    func rules() throws {
        var builder = GrammarBuilder()
        let rules = try JSONRules(in: &builder)
        let start = try builder.rule(
            "call", .sequence([.lexeme(.text("f(")), .rule(rules.array), .lexeme(.text(")"))]))
        let language = LanguageExpectation(try builder.finish(start: start))
        language.accepts("f([1,{\"a\":[]}])", "f([])")
        language.refuses("f({", "f(1")
    }
}
