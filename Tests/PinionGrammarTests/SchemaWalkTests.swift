import PinionGrammar
import PinionJSON
import TestSupport
import Testing

@Suite("Walks through schemas' grammars")
struct SchemaWalkTests {
    static let schemas = [
        "{}",
        #"{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["b"]}"#,
        #"{"type":"object","propertyNames":{"pattern":"^[ab]{1,2}$"},"additionalProperties":{"type":"null"}}"#,
        #"""
        {"type":"object","patternProperties":{"^a$":{"type":"null"},"^.$":{"enum":["x",true]}},
        "propertyNames":{"enum":["a","b"]}}
        """#,
        #"""
        {"type":"object","required":["x","y"],"minProperties":3,"maxProperties":4,
        "additionalProperties":{"type":"boolean"}}
        """#,
        #"{"type":"array","items":{"enum":["a","ab","abc","b",1,12]},"uniqueItems":true,"minItems":3}"#,
        #"{"type":"array","items":{"type":"string","pattern":"^[ab]{0,2}$"},"uniqueItems":true,"minItems":6}"#,
        #"""
        {"type":"array","contains":{"type":"null"},"minContains":2,"maxContains":3,"items":{"type":["null",
        "boolean"]}}
        """#,
        #"{"type":"object","not":{"additionalProperties":{"type":"null"}},"maxProperties":2}"#,
        #"{"oneOf":[{"required":["a"]},{"required":["b"]}],"type":"object","maxProperties":1}"#,
        #"""
        {"type":"object","unevaluatedProperties":false,"anyOf":[{"properties":{"a":{"type":"null"}}},
        {"properties":{"b":true}}]}
        """#,
        ##"""
        {"$ref":"#/$defs/t","$defs":{"t":{"type":"object","properties":{"v":{"type":"number"},
        "n":{"anyOf":[{"$ref":"#/$defs/t"},{"type":"null"}]}},"required":["v","n"],"additionalProperties":false}}}
        """##,
    ]

    /// Bytes that a walk tries, in no order of preference: all that JSON is made of, and some of what strings hold.
    private static let bytes = Array(#"{}[]:,"\-0123456789.etruefalsnabycvx "#.utf8) + [0x0A, 0xC3, 0xA9]

    /// A text that the grammar lets be written byte by byte, ended as soon as it may be once it is long.
    private static func walk(_ grammar: Grammar, _ random: inout SeededGenerator) -> [UInt8]? {
        var matcher = GrammarMatcher(grammar)
        var text: [UInt8] = []
        while text.count < 400 {
            if matcher.read(text) == .accepted, text.count > 40 || UInt8.random(in: 0..<3, using: &random) == 0 {
                return text
            }
            var candidates = Set(bytes).sorted().shuffled(using: &random)
            if text.count > 30 { candidates = Array(#""}],:"#.utf8) + candidates }
            let next = candidates.first { byte in
                if case .refused = matcher.read(text + [byte]) { false } else { true }
            }
            guard let next else { return matcher.read(text) == .accepted ? text : nil }
            text.append(next)
        }
        return []
    }

    @Test(
        "Every walk comes to an end, as JSON without duplicate names that its grammar accepts anew", arguments: schemas)
    func ends(schema: String) throws {
        let json = try SchemaCheck.json(schema)
        let grammar = try SchemaGrammar.compile(json, mode: .strict).grammar
        let spelling = try InstanceSpelling(json, mode: .strict)
        var random = SeededGenerator(seed: 7)
        var finished = 0
        for _ in 0..<12 {
            let text = try #require(Self.walk(grammar, &random), "a walk met a dead end")
            if text.isEmpty { continue }
            finished += 1
            let value = try JSONValue.parse(text, limits: SchemaCheck.limits)
            var matcher = GrammarMatcher(grammar)
            #expect(matcher.read(try spelling.text(of: value)) == .accepted)
        }
        #expect(finished >= 4)
    }
}
