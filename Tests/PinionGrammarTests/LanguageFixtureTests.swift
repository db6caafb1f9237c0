import Foundation
import PinionGrammar
import Testing

/// Grammars and texts that other implementations have judged.
@Suite struct LanguageFixtureTests {
    private struct Fixture: Decodable {
        struct Text: Decodable {
            let text: String
            let isAccepted: Bool

            init(from decoder: any Decoder) throws {
                var values = try decoder.unkeyedContainer()
                text = try values.decode(String.self)
                isAccepted = try values.decode(Bool.self)
            }
        }

        let name: String
        let grammar: String
        let texts: [Text]
    }

    /// - Parameter least: Grammars that the file holds at least.
    private func compare(
        _ name: String, least: Int, _ compile: (String) throws(GrammarError) -> Grammar
    ) throws {
        let tests = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        let file = tests.deletingLastPathComponent().appending(path: "Fixtures/grammars/\(name).json")
        let fixtures = try JSONDecoder().decode([Fixture].self, from: Data(contentsOf: file))
        #expect(fixtures.count >= least)
        for fixture in fixtures {
            var matcher = GrammarMatcher(try compile(fixture.grammar))
            #expect(Set(fixture.texts.map(\.isAccepted)) == [true, false])
            for text in fixture.texts {
                let isAccepted = matcher.read(Array(text.text.utf8)) == .accepted
                #expect(isAccepted == text.isAccepted, "\(fixture.name): \(text.text.debugDescription)")
            }
        }
    }

    @Test("Lark grammars mean what Lark means by them (make_lark_fixtures.py)")
    func lark() throws {
        try compare("lark", least: 9, LarkGrammar.compile)
    }

    @Test("GBNF grammars mean what xgrammar means by them (make_gbnf_fixtures.py)")
    func gbnf() throws {
        try compare("gbnf", least: 7, GBNFGrammar.compile)
    }
}
