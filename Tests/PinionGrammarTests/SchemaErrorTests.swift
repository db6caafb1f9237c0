import PinionGrammar
import PinionJSON
import TestSupport
import Testing

@Suite("Schemas that are refused")
struct SchemaErrorTests {
    static let invalid: [(String, String)] = [
        ("3", ""), (#"{"properties":[]}"#, "/properties"), (#"{"properties":{"a":3}}"#, "/properties/a"),
        (#"{"minLength":"3"}"#, "/minLength"), (#"{"minLength":-1}"#, "/minLength"),
        (#"{"minItems":1.5}"#, "/minItems"),
        (#"{"type":"text"}"#, "/type"), (#"{"type":["null",3]}"#, "/type/1"), (#"{"required":"a"}"#, "/required"),
        (#"{"required":["a",1]}"#, "/required/1"), (#"{"anyOf":[]}"#, "/anyOf"), (#"{"allOf":{}}"#, "/allOf"),
        (#"{"enum":"a"}"#, "/enum"), (#"{"uniqueItems":1}"#, "/uniqueItems"), (#"{"pattern":"("}"#, "/pattern"),
        (#"{"$defs":{"a/b":{"minimum":"1"}}}"#, "/$defs/a~1b/minimum"), (#"{"multipleOf":0}"#, "/multipleOf"),
        (#"{"patternProperties":{"(":{}}}"#, "/patternProperties/("), (#"{"$ref":1}"#, "/$ref"),
        (#"{"dependentRequired":{"a":[1]}}"#, "/dependentRequired/a/0"),
        (#"{"$schema":"https://json-schema.org/draft/2020-12/schema","items":[{}]}"#, "/items"),
        (#"{"not":{"items":{"maximum":null}}}"#, "/not/items/maximum"),
    ]

    @Test("A keyword with a value of a wrong type is told with its place", arguments: invalid)
    func refusesInvalid(schema: String, pointer: String) {
        let error = schemaError(schema)
        #expect(error?.code == .invalid)
        #expect(error?.pointer == pointer)
    }

    static let impossible = [
        "false", #"{"type":"string","minLength":3,"maxLength":2}"#, #"{"enum":[]}"#, #"{"const":1,"type":"string"}"#,
        #"{"type":"object","required":["a"],"properties":{"a":false}}"#,
        #"{"allOf":[{"type":"null"},{"type":"string"}]}"#,
        ##"{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}"##, #"{"not":{}}"#,
        #"{"type":"string","pattern":"^a","allOf":[{"pattern":"^b"}]}"#,
        #"{"type":"array","minItems":2,"items":false}"#,
        #"{"type":"object","required":["a"],"additionalProperties":false}"#,
        #"{"type":"object","minProperties":1,"additionalProperties":false}"#,
        #"{"type":"array","contains":false}"#, #"{"type":"object","propertyNames":false,"minProperties":1}"#,
        #"{"type":"array","items":{"enum":["a","b"]},"uniqueItems":true,"minItems":3}"#,
    ]

    @Test("A schema that no value satisfies is refused", arguments: impossible)
    func refusesUnsatisfiable(schema: String) {
        #expect(schemaError(schema)?.code == .unsatisfiable)
    }

    static let unsupported: [(String, String, String)] = [
        (#"{"type":"string","pattern":"(a)\\1"}"#, "/pattern", #""a""#),
        (#"{"type":"array","items":{},"uniqueItems":true}"#, "/uniqueItems", "[1,1]"),
        (#"{"type":"string","not":{"format":"date"}}"#, "/not/format", #""x""#),
        (#"{"type":"object","properties":{"a":{"$ref":"https://e.org/x"}}}"#, "/properties/a/$ref", #"{"a":[1]}"#),
        (
            #"{"type":"object","oneOf":[{"properties":{"a":{"uniqueItems":true}}},{"required":["b"]}]}"#,
            "/oneOf/0/properties/a/uniqueItems", #"{"a":[1,1]}"#
        ),
        (#"{"type":"object","not":{"dependencies":{"a":["b"]}}}"#, "/not/dependencies", "{}"),
        (#"{"$schema":"https://e.org/dialect","type":"null"}"#, "/$schema", "null"),
    ]

    @Test("What cannot be enforced is refused, or left out with a warning", arguments: unsupported)
    func refusesUnsupported(schema: String, pointer: String, relaxed: String) throws {
        let error = schemaError(schema)
        #expect(error?.code == .unsupported)
        #expect(error?.pointer == pointer)
        let lenient = try SchemaCheck(schema, mode: .lenient)
        #expect(lenient.translated.warnings.contains { $0.pointer == pointer })
        #expect(lenient.accepts(relaxed) == true)
    }

    @Test("Unknown formats and keywords of other drafts are annotations with a warning")
    func warns() throws {
        let format = try SchemaCheck(#"{"properties":{"a":{"type":"string","format":"colour"}},"type":"object"}"#)
        #expect(format.translated.warnings.map(\.pointer) == ["/properties/a/format"])
        #expect(format.translated.warnings.first?.keyword == "format")
        #expect(format.accepts(#"{"a":"x"}"#) == true)
        let old = try SchemaCheck(
            #"{"$schema":"http://json-schema.org/draft-07/schema#","dependentRequired":{"a":["b"]}}"#)
        #expect(old.translated.warnings.map(\.pointer) == ["/dependentRequired"])
        let plain = try SchemaCheck(#"{"title":"t","x-note":{"minLength":"3"},"discriminator":{},"type":"null"}"#)
        #expect(plain.translated.warnings.isEmpty)
    }

    static let hostile: [@Sendable () -> String] = [
        { #"{"enum":["# + (0..<10_000).map { "\"value \($0)\"" }.joined(separator: ",") + "]}" },
        { #"{"anyOf":["# + (0..<10_000).map { #"{"const":"value \#($0)"}"# }.joined(separator: ",") + "]}" },
        {
            let branches = (0..<10_000).map {
                #"{"type":"object","properties":{"k":{"const":"\#($0)"}},"required":["k"]}"#
            }
            return #"{"anyOf":["# + branches.joined(separator: ",") + "]}"
        },
        {
            let branches = (0..<2_000).map {
                #"{"type":"object","properties":{"k":{"const":"\#($0)"}},"required":["k"]}"#
            }
            return #"{"oneOf":["# + branches.joined(separator: ",") + "]}"
        },
        { #"{"oneOf":["# + (0..<300).map { #"{"required":["k\#($0)"]}"# }.joined(separator: ",") + "]}" },
        {
            #"{"allOf":["#
                + (0..<40).map { #"{"anyOf":[{"required":["a\#($0)"]},{"required":["b\#($0)"]}]}"# }.joined(
                    separator: ",") + "]}"
        },
        {
            #"{"not":{"allOf":["#
                + (0..<40).map { #"{"oneOf":[{"required":["a\#($0)"]},{"required":["b\#($0)"]}]}"# }.joined(
                    separator: ",") + "]}}"
        },
        {
            let patterns = (0..<40).map { #""\#($0).*\#($0 + 1)":{"minLength":\#($0)}"# }
            return #"{"patternProperties":{"# + patterns.joined(separator: ",") + "}}"
        },
        { #"{"required":["# + (0..<10_000).map { "\"r\($0)\"" }.joined(separator: ",") + "]}" },
        {
            let defs = (0..<5_000).map { ##""d\##($0)":{"allOf":[{"$ref":"#/$defs/d\##($0 + 1)"}]}"## }
            return ##"{"$ref":"#/$defs/d0","$defs":{"## + defs.joined(separator: ",") + #","d5000":{}}}"#
        },
        {
            let defs = (0..<5_000).map {
                ##""d\##($0)":{"properties":{"a":{"$ref":"#/$defs/d\##($0 + 1)"}},"required":["a"]}"##
            }
            return ##"{"$ref":"#/$defs/d0","$defs":{"## + defs.joined(separator: ",") + #","d5000":{}}}"#
        },
        {
            #"{"minProperties":4000,"maxProperties":4096,"properties":{"#
                + (0..<500).map { "\"p\($0)\":{}" }.joined(separator: ",") + "}}"
        },
        {
            #"""
            {"items":{"contains":{"type":"null"},"maxContains":4000,"minContains":3000,"minItems":4000,
            "maxItems":4096}}
            """#
        },
        { #"{"uniqueItems":true,"items":{"enum":["# + (0..<4_000).map { "\"v\($0)\"" }.joined(separator: ",") + "]}}" },
        { #"{"type":"string","pattern":"(a{1,1000}){1,1000}"}"# },
        { #"{"type":"string","minLength":60000,"pattern":"a.*b"}"# },
        {
            let branches = (0..<30).map { #"{"properties":{"p\#($0)":{"type":"null"}},"required":["p\#($0)"]}"# }
            return #"{"unevaluatedProperties":false,"anyOf":["# + branches.joined(separator: ",") + "]}"
        },
        { "{\"properties\":{\"" + String(repeating: "\u{301}", count: 500) + "\":{}}}" },
    ]

    @Test("A schema that is large or made to grow ends within a second", arguments: hostile.indices)
    func endsSoon(index: Int) throws {
        let schema = try SchemaCheck.json(Self.hostile[index]())
        let elapsed = processorTime {
            do {
                _ = try SchemaGrammar.compile(schema, mode: .strict)
            } catch {
                let code = (error as? GrammarError)?.code
                #expect(code == .limit || code == .invalid, "\(error)")
            }
        }
        print("hostile schema \(index): \(elapsed)")
        #expect(elapsed < .seconds(2))
    }

    @Test("What is left out of one schema takes nothing from the schemas before it")
    func takesBack() throws {
        func value(_ schema: String) throws -> JSONValue {
            try JSONValue.parse(Array(schema.utf8), limits: JSONLimits(depth: 20, values: 1_000))
        }
        let first = try value(#"{"type":"array","items":{"enum":["a",["b"]]}}"#)
        // Left out once parts of it are written: its lexemes and those of the first schema are the same.
        let second = try value(
            #"""
            {"type":"object","properties":{"x":{"type":"array","items":{"enum":["a",["b"]]}},
            "y":{"type":"array","uniqueItems":true,"items":{"type":"array"}}},"required":["x"],"additionalProperties":false}
            """#)
        var builder = GrammarBuilder()
        var ways = [try SchemaGrammar.production(of: first, mode: .lenient, in: &builder).0]
        #expect(throws: GrammarError.self) {
            try SchemaGrammar.production(of: second, mode: .strict, in: &builder)
        }
        let (production, warnings) = try SchemaGrammar.production(of: second, mode: .lenient, in: &builder)
        #expect(!warnings.isEmpty)
        ways.append(production)
        ways.append(try SchemaGrammar.production(of: first, mode: .lenient, in: &builder).0)
        let start = try builder.rule("all", .choice(ways))
        let grammar = try builder.finish(start: start)
        for (text, isAccepted) in [
            (#"["a",["b"]]"#, true), (#"{"x":["a"],"y":[[1],[1]]}"#, true), (#"{"x":["c"]}"#, false), ("[[]]", false),
        ] {
            var matcher = GrammarMatcher(grammar)
            #expect((matcher.read(Array(text.utf8)) == .accepted) == isAccepted, "\(text)")
        }
    }
}
