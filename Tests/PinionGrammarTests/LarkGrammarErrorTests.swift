import PinionGrammar
import PinionPattern
import TestSupport
import Testing

@Suite struct LarkGrammarErrorTests {
    @Test(
        "An error says what is wrong and where",
        arguments: [
            ("", "the grammar is empty"),
            ("// nothing", "the grammar is empty"),
            ("begin: \"a\"", "the grammar has no rule 'start'"),
            ("start \"a\"", "expected ':' behind the name of a rule or terminal, found '\"' (line 1, column 7)"),
            ("Start: \"a\"", "a name is all lower case (a rule) or all upper case (a terminal) (line 1, column 1)"),
            ("start: aB", "a name is all lower case (a rule) or all upper case (a terminal) (line 1, column 8)"),
            ("1: \"a\"", "expected the name of a rule or terminal, found '1' (line 1, column 1)"),
            ("start.x: \"a\"", "expected the number of a priority, found 'x' (line 1, column 7)"),
            ("start: \"a\n", "the string is not closed in its line (line 1, column 8)"),
            (
                "start: \"\\d\"",
                #"unknown escape '\' before 'd'; known are \n \r \t \f \\ \" \xHH \uHHHH \UHHHHHHHH (line 1, column 9)"#
            ),
            ("start: /a", "the regular expression is not closed in its line (line 1, column 8)"),
            ("start: /é(b/", "group is not closed (line 1, column 10)"),
            ("start: /é(b/i", "group is not closed (line 1, column 10)"),
            ("start: \"ab\"..\"c\"", "a range is between two single characters (line 1, column 8)"),
            ("start: \"b\"..\"a\"", "a range is out of order (line 1, column 8)"),
            (
                "start: \"a\"..b",
                "expected the last character of a range, in quotation marks, found 'b' (line 1, column 13)"
            ),
            ("start: (\"a\" | [\"b\")", "expected an expression or ']', found ')' (line 1, column 19)"),
            ("start: (\"a\"\nb: \"c\"", "the group is not closed (line 1, column 8)"),
            ("start: \"a\" )", "expected an expression or the next definition, found ')' (line 1, column 12)"),
            ("start: \"a\" b: \"b\"", "expected an expression or the next definition, found ':' (line 1, column 13)"),
            ("start: +", "nothing to repeat before '+' (line 1, column 8)"),
            ("start: \"a\"*?", "a repetition is repeated; put it into a group (line 1, column 12)"),
            ("start: \"a\" ~ b", "expected a number behind '~', found 'b' (line 1, column 14)"),
            ("start: \"a\" ~ 1..b", "expected a number behind '..', found 'b' (line 1, column 17)"),
            ("start: \"a\" ~ 3..2", "the counts of a repetition are out of order (line 1, column 12)"),
            ("start: \"a\" -> ", "expected the name of an alias, found the end of the text (line 1, column 15)"),
            ("start: missing", "'missing' is not defined (line 1, column 8)"),
            ("start: A\nA: B\n", "'B' is not defined (line 2, column 4)"),
            ("start: \"a\"\nstart: \"b\"", "'start' is defined twice, first in line 1 (line 2, column 1)"),
            (
                "start: INT\nINT: \"1\"\n%import common.INT",
                "'INT' is defined twice, first in line 2 (line 3, column 16)"
            ),
            ("start: A\nA: \"a\" start", "a terminal cannot use the rule 'start' (line 2, column 8)"),
            (
                "start: X\nX: A\nA: B\nB: \"b\" [A]",
                "the terminal 'A' uses itself; only rules can be recursive (line 3, column 1)"
            ),
            ("start: \"a\"\n%ignore start", "a terminal cannot use the rule 'start' (line 2, column 9)"),
            ("start: \"a\"\n%ignored \"b\"", "unknown directive '%ignored' (line 2, column 1)"),
            ("start: A\n%import common.A", "'common' has no terminal 'A' (line 2, column 16)"),
            (
                "start: A\n%import common.INT -> a",
                "a terminal is imported under an upper-case name (line 2, column 23)"
            ),
            (
                "start: A\n%import common",
                "expected '.' and a terminal, or a list of terminals, found the end of the text (line 2, column 15)"
            ),
            (
                "start: A\n%import common (INT, WS",
                "expected ',' or ')' in a list of imports, found the end of the text (line 2, column 24)"
            ),
        ])
    func messages(_ text: String, _ message: String) {
        LanguageExpectation.failure(.invalid, message) { () throws(GrammarError) in try LarkGrammar.compile(text) }
    }

    @Test(
        "What Lark or its relatives have beyond the subset is refused by name",
        arguments: [
            ("start: a\n%declare A", "'%declare' is not supported (line 2, column 1)"),
            ("start: a\n%extend a: \"b\"", "'%extend' is not supported (line 2, column 1)"),
            ("start: a\n%override a: \"b\"", "'%override' is not supported (line 2, column 1)"),
            ("%llguidance {}\nstart: a", "'%llguidance' is not supported (line 1, column 1)"),
            ("start: %json {}", "'%json' is not supported in an expression (line 1, column 8)"),
            ("start: <think>", "tokens ('<…>') are not supported (line 1, column 8)"),
            ("start: @other", "grammars within a grammar ('@') are not supported (line 1, column 8)"),
            (
                "start: a{b}",
                "templates ('name{…}') are not supported; a repetition is written '~ 2..3' (line 1, column 9)"
            ),
            (
                "start: \"a\"\nlist{x}: x",
                "templates ('name{…}') are not supported; a repetition is written '~ 2..3' (line 2, column 5)"
            ),
            ("start: /a/x", "the flag 'x' of a regular expression is not supported (line 1, column 8)"),
            ("start: /a/l", "the flag 'l' of a regular expression is not supported (line 1, column 8)"),
            ("start: A\n%import python.NAME", "only 'common' can be imported, not 'python' (line 2, column 9)"),
            ("start: A\n%import .file.NAME", "only 'common' can be imported, no file (line 2, column 9)"),
        ])
    func unsupported(_ text: String, _ message: String) {
        LanguageExpectation.failure(.unsupported, message) { () throws(GrammarError) in try LarkGrammar.compile(text) }
    }

    @Test("Rules and terminals that derive nothing are errors")
    func underivable() {
        LanguageExpectation.failure(
            .unsatisfiable, "'loop' derives no text: every alternative leads back to it (line 2, column 1)"
        ) { () throws(GrammarError) in try LarkGrammar.compile("start: \"a\" | loop\nloop: loop \"b\"") }
        LanguageExpectation.failure(.unsatisfiable, "'NONE' derives no text (line 2, column 1)") {
            () throws(GrammarError) in try LarkGrammar.compile("start: \"a\"\nNONE: /[^\\s\\S]/")
        }
        LanguageExpectation.failure(.unsatisfiable, "'start' derives no text (line 1, column 1)") {
            () throws(GrammarError) in try LarkGrammar.compile("start: /a(?!b)b/")
        }
    }

    // MARK: - Hostile texts

    @Test("Nesting beyond the limit is refused wherever it stands")
    func deepNesting() throws {
        let many = 100_000
        for text in [
            "start: " + String(repeating: "(", count: many) + "\"a\"" + String(repeating: ")", count: many),
            "start: " + String(repeating: "[", count: many),
            "start: A\nA: " + String(repeating: "(\"a\" | ", count: many),
            "start: /" + String(repeating: "(", count: 30_000) + "a" + String(repeating: ")", count: 30_000) + "/",
            "start: T0\n" + (0..<10_000).map { "T\($0): T\($0 + 1) \"x\"\n" }.joined() + "T10000: \"y\"",
        ] {
            LanguageExpectation.failure(.limit) { () throws(GrammarError) in try LarkGrammar.compile(text) }
        }
    }

    @Test("Ten thousand definitions, half of them terminals, compile in about a second")
    func manyDefinitions() throws {
        let count = 5_000
        let terminals = (0..<count).map { "T\($0): \"<\($0)>\" | /[a-z]+\($0)/\n" }.joined()
        let chain =
            "start: r0\nr\(count): \"x\"\n%ignore /[ \\n]/\n"
            + (0..<count).map { "r\($0): r\($0 + 1) T\($0) | \"!\"\n" }.joined() + terminals
        let flat =
            "start: (" + (0..<count).map { "r\($0)" }.joined(separator: " | ") + ")+\n%ignore \" \"\n"
            + (0..<count).map { "r\($0): \"(\" T\($0) \")\"\n" }.joined() + terminals
        let texts = [
            (chain, "x" + (0..<count).reversed().map { "<\($0)>" }.joined()), (flat, "(<12>) ( abc4999)"),
        ]
        for (text, accepted) in texts {
            var grammar: Grammar?
            let time = try processorTime { grammar = try LarkGrammar.compile(text) }
            // Twice what it takes, because neighbours on a core lengthen processor time too.
            #expect(time < .seconds(2))
            LanguageExpectation(try #require(grammar)).accepts(accepted)
        }
    }

    @Test("Terminals that double each other are refused in time, not written out")
    func doublingTerminals() throws {
        for last in ["\"a\"", "/[a-z]{50}/"] {
            let text = "start: T0\n" + (0..<60).map { "T\($0): T\($0 + 1) T\($0 + 1)\n" }.joined() + "T60: \(last)"
            let time = processorTime {
                LanguageExpectation.failure(.limit) { () throws(GrammarError) in try LarkGrammar.compile(text) }
            }
            #expect(time < .seconds(1))
        }
        let wide =
            "start: T0\n" + (0..<3_000).map { "T\($0): T | \"\($0)\"\n" }.joined()
            + "T: \"\(String(repeating: "a", count: 30_000))\""
        let time = processorTime {
            LanguageExpectation.failure(.limit) { () throws(GrammarError) in try LarkGrammar.compile(wide) }
        }
        #expect(time < .seconds(2))
    }

    @Test("An expression that explodes is refused, at its place")
    func explodingExpressions() throws {
        let time = processorTime {
            for expression in ["(a{1,1000}){1,1000}", "(.*a.{25}){3}"] {
                LanguageExpectation.failure(.limit) { () throws(GrammarError) in
                    try LarkGrammar.compile("start: /\(expression)/")
                }
            }
        }
        #expect(time < .seconds(2))
    }

    @Test("Names and literals of hostile Unicode take time in proportion to their bytes")
    func hostileUnicode() throws {
        let slowdown = try HostileText.slowdown(bytes: 30_000) { marks in
            let grammar = try LarkGrammar.compile("start: \"\(marks)\" | /[\(marks)]/")
            LanguageExpectation(grammar).accepts(marks)
        }
        #expect(slowdown < 20)
        LanguageExpectation.failure(.invalid) { () throws(GrammarError) in
            try LarkGrammar.compile(HostileText.marks(bytes: 100_000) + ": \"a\"")
        }
    }
}
