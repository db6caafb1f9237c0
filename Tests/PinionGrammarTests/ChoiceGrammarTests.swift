import PinionGrammar
import TestSupport
import Testing

@Suite struct ChoiceGrammarTests {
    @Test("Exactly the choices are accepted, also one that begins another")
    func choices() throws {
        let language = LanguageExpectation(try ChoiceGrammar.compile(["yes", "yes please", "no", "ja 👍", ""]))
        language.accepts("yes", "yes please", "no", "ja 👍", "")
        language.awaitsMore(after: "y", "yes ", "ja ")
        language.refuses("Yes", "no ", "yesp", "maybe")
        LanguageExpectation(try ChoiceGrammar.compile([""])).accepts("")
    }

    @Test("Choices that only look the same are different by their bytes")
    func equivalentChoices() throws {
        let language = LanguageExpectation(try ChoiceGrammar.compile(["\u{E9}", "e\u{301}"]))
        language.accepts("\u{E9}", "e\u{301}")
    }

    @Test("An empty list and a choice that stands twice are errors")
    func errors() {
        LanguageExpectation.failure(.invalid, "the list of choices is empty") { () throws(GrammarError) in
            try ChoiceGrammar.compile([])
        }
        LanguageExpectation.failure(.invalid, "choice 3 is the same as choice 1") { () throws(GrammarError) in
            try ChoiceGrammar.compile(["a", "b", "a"])
        }
    }

    @Test("Ten thousand choices compile in less than a second, and too many are refused")
    func manyChoices() throws {
        let choices = (0..<10_000).map { "choice number \($0 * 7_919 % 100_003)" }
        var grammar: Grammar?
        let time = try processorTime { grammar = try ChoiceGrammar.compile(choices) }
        #expect(time < .seconds(1))
        let language = LanguageExpectation(try #require(grammar))
        language.accepts(choices[0], choices[9_999])
        language.refuses("choice number x")
        LanguageExpectation.failure(.limit) { () throws(GrammarError) in
            try ChoiceGrammar.compile((0...GrammarLimits.choices).map(String.init))
        }
        LanguageExpectation.failure(.limit) { () throws(GrammarError) in
            try ChoiceGrammar.compile([String(repeating: "a", count: GrammarLimits.textBytes + 1)])
        }
    }

    @Test("More choices than one automaton holds are told apart all the same")
    func severalAutomata() throws {
        var generator = SeededGenerator(seed: 4)
        let choices = (0..<40).map { index in
            "\(index) " + String(decoding: (0..<4_000).map { _ in UInt8(97 + generator.below(2)) }, as: UTF8.self)
        }
        let language = LanguageExpectation(try ChoiceGrammar.compile(choices))
        for choice in choices { language.accepts(choice) }
        language.refuses("41", "1 c")
    }

    @Test("Hostile combining marks take time in proportion to their bytes")
    func hostileUnicode() throws {
        let slowdown = try HostileText.slowdown(bytes: 50_000) { marks in
            LanguageExpectation(try ChoiceGrammar.compile([marks, "a", "b"])).accepts(marks)
        }
        #expect(slowdown < 20)
    }
}
