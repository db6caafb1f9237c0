import PinionGrammar
import Testing

@Suite struct PatternGrammarTests {
    @Test("A pattern matches from the beginning of the text to its end")
    func anchored() throws {
        let language = LanguageExpectation(try PatternGrammar.compile("[A-Z]{2}-[0-9]+|none"))
        language.accepts("AB-1", "XY-2024", "none")
        language.awaitsMore(after: "", "AB-", "no")
        language.refuses("xAB-1", "none ", "ABC")
        LanguageExpectation(try PatternGrammar.compile("^a$")).accepts("a")
        LanguageExpectation(try PatternGrammar.compile("a*")).accepts("", "aaa")
    }

    @Test("Characters are whole and in UTF-8")
    func unicode() throws {
        let language = LanguageExpectation(try PatternGrammar.compile("[あ-ん]{2}😀?."))
        language.accepts("いろは", "いろ😀", "いろ😀\u{10FFFF}")
        language.refuses("いr", "いろ\n")
    }

    @Test("A pattern that matches nothing, or cannot be compiled, is an error")
    func errors() {
        LanguageExpectation.failure(.invalid, "the pattern is empty") { () throws(GrammarError) in
            try PatternGrammar.compile("")
        }
        LanguageExpectation.failure(.unsatisfiable, "no text matches the pattern") { () throws(GrammarError) in
            try PatternGrammar.compile("a(?!b)b")
        }
        LanguageExpectation.failure(.invalid) { () throws(GrammarError) in try PatternGrammar.compile("(a") }
        LanguageExpectation.failure(.unsupported) { () throws(GrammarError) in try PatternGrammar.compile("(a)\\1") }
        LanguageExpectation.failure(.limit) { () throws(GrammarError) in
            try PatternGrammar.compile("(a{1,1000}){1,1000}")
        }
        LanguageExpectation.failure(.limit) { () throws(GrammarError) in
            try PatternGrammar.compile(String(repeating: "(", count: 30_000))
        }
    }
}
