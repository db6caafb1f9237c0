import PinionGrammar
import TestSupport
import Testing

@Suite struct GBNFGrammarErrorTests {
    @Test(
        "An error says what is wrong and where",
        arguments: [
            ("", "the grammar is empty"),
            (" # nothing\n", "the grammar is empty"),
            ("start ::= \"a\"", "the grammar has no rule 'root'"),
            ("root = \"a\"", "expected '::=' behind the name of a rule, found '=' (line 1, column 6)"),
            ("= \"a\"", "expected the name of a rule, found '=' (line 1, column 1)"),
            ("root ::= \"a\n  ", "the string is not closed (line 1, column 10)"),
            ("root ::= \"a\\", "the string is not closed (line 1, column 10)"),
            ("root ::= [a-", "the character class is not closed (line 1, column 10)"),
            ("root ::= []", "the character class is empty (line 1, column 10)"),
            ("root ::= [^\\U00000000-\\U0010FFFF]", "the character class is empty (line 1, column 10)"),
            ("root ::= [\\uD800]", "the character class is empty (line 1, column 10)"),
            ("root ::= [xz-a]", "a range is out of order (line 1, column 12)"),
            (
                "root ::= \"\\d\"",
                #"unknown escape '\' before 'd'; known are \n \r \t \\ \" \[ \] \- \^ \xHH \uHHHH \UHHHHHHHH (line 1, column 11)"#
            ),
            (
                "root ::= \"é\\x4g\"",
                "expected 2 hexadecimal digits in an escape, found 'g' (line 1, column 12)"
            ),
            ("root ::= \"\\U00110000\"", "a character code is beyond U+10FFFF (line 1, column 11)"),
            (
                "root ::= \"\\uD83D\\uDE00\"",
                "a surrogate is no character; write '\\U' with its whole code (line 1, column 11)"
            ),
            ("root ::= *", "nothing to repeat before '*' (line 1, column 10)"),
            ("root ::= (+ \"a\")", "nothing to repeat before '+' (line 1, column 11)"),
            ("root ::= \"a\"{x}", "expected a number in '{m,n}', found 'x' (line 1, column 14)"),
            ("root ::= \"a\"{,3}", "expected a number in '{m,n}', found ',' (line 1, column 14)"),
            ("root ::= \"a\"{1;", "expected '}' behind the counts of a repetition, found ';' (line 1, column 15)"),
            ("root ::= \"a\"{3,2}", "the counts of a repetition are out of order (line 1, column 13)"),
            ("root ::= (\"a\" (\"b\")", "the group is not closed (line 1, column 10)"),
            ("root ::= (\"a\"\nb ::= \"b\"", "the group is not closed (line 1, column 10)"),
            ("root ::= (\"a\" $)", "expected an expression or ')', found '$' (line 1, column 15)"),
            ("root ::= \"a\")", "expected an expression or the next rule, found ')' (line 1, column 13)"),
            ("root ::= \"a\"\n  \u{7}", "expected an expression or the next rule, found U+0007 (line 2, column 3)"),
            ("root ::= \"a\" b ::= \"b\"", "a rule begins on a line of its own (line 1, column 16)"),
            ("root ::= \"a\"\nb ::= \"b\"\nroot ::= b", "'root' is defined twice, first in line 1 (line 3, column 1)"),
            ("root ::= a\r\n\r\na ::= \"x\" | missing-1", "'missing-1' is not defined (line 3, column 13)"),
        ])
    func messages(_ text: String, _ message: String) {
        LanguageExpectation.failure(.invalid, message) { () throws(GrammarError) in try GBNFGrammar.compile(text) }
    }

    @Test("Tokens are refused, as there is no text that they stand for")
    func tokens() {
        LanguageExpectation.failure(.unsupported, "tokens ('<…>') are not supported (line 1, column 10)") {
            () throws(GrammarError) in try GBNFGrammar.compile("root ::= <think>")
        }
        LanguageExpectation.failure(.unsupported, "tokens ('<…>') are not supported (line 1, column 14)") {
            () throws(GrammarError) in try GBNFGrammar.compile("root ::= \"a\" !<[12]>")
        }
    }

    @Test("A rule that derives nothing is an error, and the one that is to blame is named")
    func underivableRules() {
        let message = "'loop' derives no text: every alternative leads back to it (line 3, column 1)"
        for last in ["loop ::= loop \"x\"", "loop ::= \"x\" loop", "loop ::= (\"x\" | loop) loop{2,3}"] {
            LanguageExpectation.failure(.unsatisfiable, message) { () throws(GrammarError) in
                try GBNFGrammar.compile("root ::= \"a\" | middle\nmiddle ::= loop \"b\"\n\(last)")
            }
        }
        LanguageExpectation.failure(
            .unsatisfiable, "'root' derives no text: every alternative leads back to it (line 1, column 1)"
        ) { () throws(GrammarError) in try GBNFGrammar.compile("root ::= root") }
    }

    // MARK: - Hostile texts

    @Test("Nesting beyond the limit is refused wherever it stands")
    func deepNesting() throws {
        let many = 100_000
        for text in [
            "root ::= " + String(repeating: "(", count: many) + "\"a\"" + String(repeating: ")", count: many),
            "root ::= " + String(repeating: "(", count: many),
            "root ::= \"a\"" + String(repeating: "?", count: many),
            "root ::= \"a\"" + String(repeating: "{1,2}", count: many),
            "root ::= " + String(repeating: "(\"a\" | ", count: many),
        ] {
            LanguageExpectation.failure(.limit) { () throws(GrammarError) in try GBNFGrammar.compile(text) }
        }
        let allowed = GrammarLimits.expressionNesting - 1
        let nested = String(repeating: "(", count: allowed) + "\"a\"" + String(repeating: ")", count: allowed)
        LanguageExpectation(try GBNFGrammar.compile("root ::= " + nested)).accepts("a")
    }

    @Test("Ten thousand rules compile in less than a second, chained, recursive or side by side")
    func manyRules() throws {
        let count = 10_000
        let chain =
            "root ::= r0\n" + (0..<count).map { "r\($0) ::= r\($0 + 1) \"x\" | \"\($0)\"\n" }.joined()
            + "r\(count) ::= [a-z]+\n"
        let flat =
            "root ::= (" + (0..<count).map { "r\($0)" }.joined(separator: " | ") + ")+\n"
            + (0..<count).map { "r\($0) ::= \"<\($0)\" [0-9]* \">\"\n" }.joined()
        let recursive =
            "root ::= r0\n"
            + (0..<count).map { "r\($0) ::= \"(\" r\(($0 * 7 + 1) % count) \")\" | \"\($0)\"\n" }.joined()
        let texts = [
            (chain, "9999" + String(repeating: "x", count: 9_999)), (flat, "<77123><9999>"), (recursive, "((8))"),
        ]
        for (text, accepted) in texts {
            var grammar: Grammar?
            let time = try processorTime { grammar = try GBNFGrammar.compile(text) }
            #expect(time < .seconds(1))
            LanguageExpectation(try #require(grammar)).accepts(accepted)
        }
    }

    @Test("Ten thousand keywords are one lexeme")
    func manyKeywords() throws {
        let words = (0..<10_000).map { "word\($0 * 7_919 % 100_003)" }
        let text =
            "root ::= keyword (\" \" keyword)*\nkeyword ::= " + words.map { "\"\($0)\"" }.joined(separator: " | ")
        var grammar: Grammar?
        let time = try processorTime { grammar = try GBNFGrammar.compile(text) }
        #expect(time < .seconds(1))
        let language = LanguageExpectation(try #require(grammar))
        language.accepts(words[9_999], "\(words[0]) \(words[5_000])")
        language.refuses("word1x", "wore")
    }

    @Test("A text beyond the limits is refused, not compiled")
    func largeTexts() {
        let large = "root ::= " + String(repeating: "\"a\" ", count: GrammarLimits.textBytes / 4)
        LanguageExpectation.failure(
            .limit, "the grammar has \(large.utf8.count) bytes; at most \(GrammarLimits.textBytes) are allowed"
        ) { () throws(GrammarError) in try GBNFGrammar.compile(large) }
        let many = "root ::= " + String(repeating: "[a]", count: GrammarLimits.expressions + 1)
        LanguageExpectation.failure(.limit) { () throws(GrammarError) in try GBNFGrammar.compile(many) }
        let counts = "root ::= (\"a\" root){0,999999999999999999999999}"
        LanguageExpectation.failure(.limit) { () throws(GrammarError) in try GBNFGrammar.compile(counts) }
        let exponential =
            "root ::= r0\n" + (0..<40).map { "r\($0) ::= r\($0 + 1) r\($0 + 1)\n" }.joined() + "r40 ::= \"a\""
        LanguageExpectation(try! GBNFGrammar.compile(exponential)).awaitsMore(after: "aaaa")
    }

    @Test("Names and literals of hostile Unicode take time in proportion to their bytes")
    func hostileUnicode() throws {
        let slowdown = try HostileText.slowdown(bytes: 100_000) { marks in
            let grammar = try GBNFGrammar.compile("root ::= \"\(marks)\" | [\(marks)]")
            LanguageExpectation(grammar).accepts(marks)
        }
        #expect(slowdown < 20)
        LanguageExpectation.failure(.invalid) { () throws(GrammarError) in
            try GBNFGrammar.compile("root ::= " + HostileText.marks(bytes: 100_000))
        }
    }

    @Test("A cancelled task stops compiling")
    func cancellation() async throws {
        let text = "root ::= " + String(repeating: "[ab] ", count: 20_000)
        let task = Task { () -> GrammarError.Code? in
            withUnsafeCurrentTask { $0?.cancel() }
            let result = Result { () throws(GrammarError) in try GBNFGrammar.compile(text) }
            guard case .failure(let error) = result else { return nil }
            return error.code
        }
        #expect(await task.value == .cancelled)
    }
}
