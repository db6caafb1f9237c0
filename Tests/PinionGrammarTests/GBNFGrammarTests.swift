import PinionGrammar
import Testing

@Suite struct GBNFGrammarTests {
    private func language(_ text: String) throws -> LanguageExpectation {
        LanguageExpectation(try GBNFGrammar.compile(text))
    }

    // MARK: - What the language means

    @Test("A sequence has its items in order, a choice has one of them, a group binds them")
    func sequencesAndChoices() throws {
        let language = try language(#"root ::= "a" ("b" | "cd") "e" | "f""#)
        language.accepts("abe", "acde", "f")
        language.refuses("ae", "abcde", "fe", "b")
        language.awaitsMore(after: "", "ab", "ac")
    }

    @Test("An alternative, and a rule, may be empty")
    func emptyAlternatives() throws {
        let language = try language("root ::= \"a\" rest \"b\"\nrest ::= | \"c\" rest\nnothing ::=\n")
        language.accepts("ab", "acb", "accccb")
        language.refuses("acca")
        try self.language("root ::=").accepts("")
    }

    @Test("Literals hold escapes, and their codes are scalars, not bytes")
    func literalEscapes() throws {
        try language(#"root ::= "\n\t\r\\\"\[\]\-\^""#).accepts("\n\t\r\\\"[]-^")
        try language(#"root ::= "\x41\xE9\u00e9\u3042\U0001F600""#).accepts("Aééあ😀")
        try language("root ::= \"日本\" \"語😀\"").accepts("日本語😀")
    }

    @Test("A class has scalars and ranges of them, negated all others")
    func classes() throws {
        let letters = try language("root ::= [a-cxあ-う]")
        letters.accepts("a", "c", "x", "い")
        letters.refuses("d", "ab", "え", "-")
        let others = try language(#"root ::= [^\n"\\]"#)
        others.accepts("a", "é", "😀", "\r", "\0", "\u{10FFFF}")
        others.refuses("\n", "\"", "\\")
        let dashes = try language(#"root ::= [-a] [a-] [+\-/] [\]\[\^] [^^]"#)
        dashes.accepts("---]a", "aa/[-", "aa+^b")
        dashes.refuses("--.", "b", "aab", "---]^")
    }

    @Test("A dot is every character whole, a line break included")
    func anyCharacter() throws {
        let language = try language("root ::= . \"!\"")
        language.accepts("a!", "\n!", "é!", "😀!")
        language.refuses("ab", "!a")
        var matcher = GrammarMatcher(language.grammar)
        #expect(matcher.read([0xF0, 0x9F]) == .incomplete)
        #expect(matcher.read([0xF0, 0x9F, 0x21]) == .refused(at: 2))
        #expect(matcher.read([0xED, 0xA0]) == .refused(at: 1), "the beginning of a surrogate")
        #expect(matcher.read([0xC0]) == .refused(at: 0), "an overlong form")
    }

    @Test("Repetitions count whole items")
    func repetitions() throws {
        let star = try language(#"root ::= "ab"* "c""#)
        star.accepts("c", "abc", "ababc")
        star.refuses("abb", "ac")
        let plus = try language("root ::= [0-9]+")
        plus.accepts("1", "12345")
        plus.awaitsMore(after: "")
        let optional = try language(#"root ::= "a"? ("b" "c")?"#)
        optional.accepts("", "a", "bc", "abc")
        optional.refuses("aa", "c")
        let exact = try language(#"root ::= ("a" | "b"){3}"#)
        exact.accepts("aba", "bbb")
        exact.awaitsMore(after: "ab")
        exact.refuses("abab")
        let open = try language(#"root ::= [a]{ 2 , }"#)
        open.accepts("aa", "aaaaaaa")
        open.awaitsMore(after: "a")
        let between = try language(#"root ::= item{1,2} "."  item ::= [a-z] [0-9]"#.replacing("  item", with: "\nitem"))
        between.accepts("a1.", "a1b2.")
        between.refuses(".", "a1b2c")
        try language(#"root ::= "a"{0} "b"{0,0} "c""#).accepts("c")
    }

    @Test("Operators may follow each other")
    func stackedOperators() throws {
        let language = try language(#"root ::= "a"+? "b"{2}{2}"#)
        language.accepts("bbbb", "aaabbbb")
        language.refuses("aaabbbbb")
    }

    @Test("Large counts of characters and of rules are counted exactly")
    func largeCounts() throws {
        let characters = try language("root ::= [a-zé]{2,5000} \".\"")
        characters.accepts(String(repeating: "é", count: 5_000) + ".")
        characters.refuses(String(repeating: "a", count: 5_001), "a.")
        let rules = try language("root ::= (\"(\" root \")\" | \"x\"){1,3000}")
        rules.accepts(String(repeating: "(x)", count: 3_000))
        rules.refuses(String(repeating: "x", count: 3_001))
    }

    @Test("A rule goes on until the next one begins, over line breaks and comments")
    func lines() throws {
        let language = try language(
            """
            # a comment
            root ::= # behind the sign
              "a" |  # behind a bar
              "b"
              | item-2 # before a bar
              | (
                "d"  # in a group

                "e"
              )\r
            item-2 ::=
              "c"\r\n
            """)
        language.accepts("a", "b", "c", "de")
        language.refuses("d e", "ab")
    }

    @Test("Names have letters, digits, dashes and underscores")
    func names() throws {
        try language("root ::= A-b_1 2x\nA-b_1 ::= \"a\"\n2x ::= \"b\"").accepts("ab")
    }

    // MARK: - Whole grammars

    @Test("Arithmetic with left recursion")
    func arithmetic() throws {
        let language = try language(
            #"""
            root ::= sum
            sum ::= sum [-+] product | product
            product ::= product [*/] power | power
            power ::= atom "^" power | atom
            atom ::= "(" sum ")" | "-" atom | number
            number ::= [0-9]+ ("." [0-9]+)?
            """#)
        language.accepts("1", "1+2*3", "(1+2)*-3^2^1", "((((7))))/1.25-0", "--1")
        language.awaitsMore(after: "", "1+", "(1", "1.", "2^")
        language.refuses("+1", "1++2", "1)", "(1))", "1..2", "()")
        language.refuses("12+(3*4))", at: 8)
    }

    @Test("JSON with free white space")
    func json() throws {
        let language = try language(Self.json)
        language.accepts(
            #"{}"#, #"{ "a" : [ 1, -2.5e+10, true ] }"#, #"{"é":{"\u00e9\n":null},"":""}"#, "{\n\t\"x\": [[[[]]]]\n}")
        language.awaitsMore(after: "", "{", #"{"a"#, #"{"a":1"#, #"{"a":[1,"#)
        language.refuses("[]", #"{"a" 1}"#, #"{"a":01}"#, #"{"a":tru }"#, #"{"\x":1}"#, "{\"\n", #"{"a":1,}"#)
        language.refuses(#"{"a":1}}"#, at: 7)
    }

    private static let json = #"""
        root   ::= object
        value  ::= object | array | string | number | ("true" | "false" | "null") ws
        object ::= "{" ws ( string ":" ws value ("," ws string ":" ws value)* )? "}" ws
        array  ::= "[" ws ( value ("," ws value)* )? "]" ws
        string ::= "\"" (
            [^"\\\x7F\x00-\x1F] |
            "\\" (["\\bfnrt/] | "u" [0-9a-fA-F]{4})
          )* "\"" ws
        number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]+)? ([eE] [-+]? [1-9] [0-9]{0,15})? ws
        ws ::= | " " | "\n" [ \t]{0,20}
        """#

    @Test("Moves of chess")
    func chess() throws {
        let language = try language(
            #"""
            root ::= turn+
            turn ::= [1-9] [0-9]? ". " move " " move "\n"
            move ::= (pawn | piece | castling) [+#]?
            pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBRQ])?
            piece ::= [NBRQK] [a-h]? [1-8]? "x"? [a-h] [1-8]
            castling ::= "O-O" "-O"?
            """#)
        language.accepts("1. e4 e5\n", "1. e4 c5\n2. Nf3 Nbxd7+\n3. O-O O-O-O#\n", "12. exd8=Q R1xa3\n")
        language.awaitsMore(after: "1. e4", "1. O-O ", "1. e4 e5")
        language.refuses("0. e4 e5\n", "1. e9", "1. Pe4", "1. O-O-O-", "1 e4")
    }

    @Test("A rule that begins with a rule that may be empty calls itself in front of anything")
    func hiddenLeftRecursion() throws {
        let language = try language(
            """
            root ::= sign root "!" | "x"
            sign ::= "-"?
            """)
        language.accepts("x", "x!!", "-x!", "--x!!!")
        language.refuses("--x-", "!")
        let indirect = try self.language(
            """
            root ::= a
            a ::= b "1" | "a"
            b ::= c "2" | "b"
            c ::= a "3" | "c"
            """)
        indirect.accepts("a", "b1", "c21", "a321", "c21321", "b1321321")
        indirect.refuses("a1", "c1", "a322")
    }
}
