import PinionGrammar
import Testing

@Suite struct GrammarMatcherTests {
    private func read(_ text: String, _ grammar: Grammar) -> GrammarMatcher.Result {
        var matcher = GrammarMatcher(grammar)
        return matcher.read(Array(text.utf8))
    }

    @Test("A left-recursive rule reads sums of any length")
    func leftRecursion() throws {
        var builder = GrammarBuilder()
        let sum = builder.declare("sum")
        let digits = Production.lexeme(try ByteAutomaton.bytes(0x30...0x39).repeated(1))
        try builder.define(sum, .choice([.sequence([.rule(sum), .lexeme(.text("+")), digits]), digits]))
        let grammar = try builder.finish(start: sum)
        #expect(read("1+22+333", grammar) == .accepted)
        #expect(read("1+", grammar) == .incomplete)
        #expect(read("+1", grammar) == .refused(at: 0))
        #expect(read("1++", grammar) == .refused(at: 2))
    }

    @Test("Rules that begin with each other read what they derive")
    func indirectLeftRecursion() throws {
        // a = b x | y ; b = a z | w
        var builder = GrammarBuilder()
        let (a, b) = (builder.declare("a"), builder.declare("b"))
        try builder.define(a, .choice([.sequence([.rule(b), .lexeme(.text("x"))]), .lexeme(.text("y"))]))
        try builder.define(b, .choice([.sequence([.rule(a), .lexeme(.text("z"))]), .lexeme(.text("w"))]))
        let grammar = try builder.finish(start: a)
        for text in ["y", "wx", "yzx", "wxzx", "yzxzx"] { #expect(read(text, grammar) == .accepted, "\(text)") }
        for text in ["x", "yx", "wz", "yzz"] { #expect(read(text, grammar) != .accepted, "\(text)") }
    }

    @Test("An ambiguous grammar with empty rules takes time that grows with the text, not with its readings")
    func ambiguity() throws {
        // s = s s | "a" | nothing: the number of readings is a Catalan number.
        var builder = GrammarBuilder()
        let rule = builder.declare("s")
        try builder.define(rule, .choice([.sequence([.rule(rule), .rule(rule)]), .lexeme(.text("a")), .empty]))
        let grammar = try builder.finish(start: rule)
        #expect(read("", grammar) == .accepted)
        #expect(read(String(repeating: "a", count: 500), grammar) == .accepted)
        #expect(read("aab", grammar) == .refused(at: 2))
    }

    @Test("Brackets close as often as they open, 10,000 deep")
    func nesting() throws {
        var builder = GrammarBuilder()
        let list = builder.declare("list")
        try builder.define(
            list, .sequence([.lexeme(.text("[")), .repeated(.rule(list), min: 0, max: nil), .lexeme(.text("]"))]))
        let grammar = try builder.finish(start: list)
        let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        #expect(read(deep, grammar) == .accepted)
        #expect(read(String(deep.dropLast()), grammar) == .incomplete)
        #expect(read(deep + "]", grammar) == .refused(at: 20_000))
    }

    @Test("A count is kept, however large")
    func counts() throws {
        var builder = GrammarBuilder()
        let rule = try builder.rule("text", .counted(.bytes(0x61...0x7A), min: 3, max: 5_000))
        let grammar = try builder.finish(start: rule)
        #expect(read("ab", grammar) == .incomplete)
        #expect(read("abc", grammar) == .accepted)
        #expect(read(String(repeating: "z", count: 5_000), grammar) == .accepted)
        #expect(read(String(repeating: "z", count: 5_001), grammar) == .refused(at: 5_000))
    }

    @Test("What derives nothing is refused, and a rule without definition is named")
    func impossible() throws {
        var builder = GrammarBuilder()
        let endless = builder.declare("endless")
        try builder.define(endless, .sequence([.lexeme(.text("a")), .rule(endless)]))
        let unsatisfiable = #expect(throws: GrammarError.self) { try builder.finish(start: endless) }
        #expect(unsatisfiable?.code == .unsatisfiable)
        var other = GrammarBuilder()
        let start = try other.rule("start", .rule(other.declare("missing")))
        let missing = #expect(throws: GrammarError.self) { try other.finish(start: start) }
        #expect(missing?.message == "rule 'missing' is used and not defined")
    }

    @Test("An alternative that cannot be finished is not begun")
    func deadEnds() throws {
        var builder = GrammarBuilder()
        let endless = builder.declare("endless")
        try builder.define(endless, .sequence([.lexeme(.text("ab")), .rule(endless)]))
        let start = try builder.rule("start", .choice([.rule(endless), .lexeme(.text("ac"))]))
        let grammar = try builder.finish(start: start)
        #expect(read("ac", grammar) == .accepted)
        #expect(read("ab", grammar) == .refused(at: 1))
    }
}

@Suite struct JSONSpaceTests {
    private func read(_ text: String) throws -> GrammarMatcher.Result {
        var matcher = GrammarMatcher(try TestGrammars.json())
        return matcher.read(Array(text.utf8))
    }

    @Test(
        "Each style of white space is read",
        arguments: [
            #"{"a":1,"b":[1,2,{}],"c":[]}"#, #"{"a": 1, "b": [1, 2, {}], "c": []}"#,
            "{\n  \"a\": 1,\n  \"b\": [\n    1,\n    {\n      \"x\": 2\n    }\n  ]\n}",
            "{\n    \"a\": [\n        1\n    ]\n}", #"{ "a": 1, "b": [1, 2, { "x": 2 }], "c": [] }"#,
            "{\n\t\"a\": [\n\t\t1,\n\t\t2\n\t]\n}",
        ])
    func styles(_ text: String) throws {
        #expect(try read(text) == .accepted)
    }

    @Test(
        "The first use of a style holds for the whole text",
        arguments: [
            (#"{"a": 1,"b":2}"#, 8), (#"{"a":1, "b":2}"#, 7), ("{\"a\": 1,\n", 8), ("{\n  \"a\":1", 8),
            ("{\n  \"a\": [\n      1]", 15), ("{\n  \"a\": [1]", 10), ("{ \"a\":1}", 6), ("{ \"a\": 1}", 8),
            ("{ \"a\": 1, \"b\": [ 2", 16), ("{\"a\" :1}", 4),
        ])
    func mixedStyles(_ text: String, _ offset: Int) throws {
        #expect(try read(text) == .refused(at: offset))
    }

    @Test("A name stands once in an object, and again in objects within and beside it")
    func names() throws {
        #expect(try read(#"{"a":1,"b":2,"a":3}"#) == .refused(at: 15))
        #expect(try read(#"{"a":{"a":1,"ab":2},"ab":[{"a":1},{"a":2}]}"#) == .accepted)
        #expect(try read(#"{"a":{"b":1},"b":{"b":1,"b""#) == .refused(at: 26))
    }
}

enum TestGrammars {
    /// Objects and arrays of one-digit numbers, with free names of letters.
    static func json() throws -> Grammar {
        var builder = GrammarBuilder()
        let value = builder.declare("value")
        let name = try ByteAutomaton.concatenation([
            .text("\""), try ByteAutomaton.bytes(0x61...0x7A).repeated(1), .text("\""),
        ])
        let member: Production = .sequence([
            .memberName(name), .lexeme(.text(":")), .space(.afterColon), .rule(value),
        ])
        let comma: Production = .sequence([.lexeme(.text(",")), .space(.afterComma)])
        func list(_ part: Production, _ open: String, _ close: String) -> Production {
            let isArray = open == "["
            let parts: [Production] = [
                .space(isArray ? .openingArray : .opening), part,
                .repeated(.sequence([comma, part]), min: 0, max: nil),
            ]
            return .choice([
                .lexeme(.text(open + close)),
                .sequence([
                    .lexeme(.text(open)), .container(.sequence(parts)),
                    .space(isArray ? .closingArray : .closing), .lexeme(.text(close)),
                ]),
            ])
        }
        try builder.define(
            value, .choice([.lexeme(.bytes(0x30...0x39)), list(member, "{", "}"), list(.rule(value), "[", "]")]))
        return try builder.finish(start: value)
    }
}
