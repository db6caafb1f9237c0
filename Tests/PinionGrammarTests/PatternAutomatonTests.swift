import PinionGrammar
import PinionPattern
import TestSupport
import Testing

@Suite struct PatternAutomatonTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var pattern: String
        var matching: [String]
        var others: [String]
        var testDescription: String { pattern }

        init(_ pattern: String, _ matching: [String], not others: [String]) {
            self.pattern = pattern
            self.matching = matching
            self.others = others
        }
    }

    static let examples: [Example] = [
        Example("", ["", "a"], not: []),
        Example("a", ["a", "bab"], not: ["", "b"]),
        Example("^a|b$", ["a", "ax", "b", "xb"], not: ["xa", "bx", ""]),
        Example("(^|,)x", ["x", "a,x", "xa"], not: ["ax", ",a"]),
        Example("^[a-z]{2,3}$", ["ab", "abc"], not: ["a", "abcd", "ab\n"]),
        Example("^$", [""], not: ["a", "\n"]),
        Example("$^", [""], not: ["a"]),
        Example("a$b", [], not: ["ab", "a", "b", ""]),
        Example("^.$", ["a", "\"", "\\", "\t", "\u{85}", "😀"], not: ["\n", "\r", "\u{2028}", "\u{2029}", "", "ab"]),
        Example("^\\d+$", ["0", "42"], not: ["٣", "४", ""]),
        Example("^\\w+$", ["aZ_9"], not: ["é", "ſ", "-"]),
        Example("^\\s$", [" ", "\u{FEFF}", "\u{A0}", "\u{2003}", "\t", "\u{2028}"], not: ["\u{85}", "\u{180E}", "a"]),
        Example("^\\S\\W\\D$", ["a--", "\u{85}é٣"], not: [" --", "aa-", "a-1"]),
        Example("^\\cJ\\x41\\u0042\\u{1F600}\\0$", ["\nAB😀\0"], not: ["\nAB😀0"]),
        Example("^\\uD83D\\uDE00[\\uD83D\\uDE00-\\uD83D\\uDE02]$", ["😀😁"], not: ["😀😃", "😀"]),
        Example("^[^\\ud800-\\udfff]$", ["a", "😀"], not: [""]),
        Example("\\ud800", [], not: ["", "a"]),
        Example("^\\p{L}\\p{Letter}\\p{Lu}\\P{Lu}$", ["éßÀà"], not: ["éßàÀ", "1ßÀà"]),
        Example("^\\p{Script=Greek}+\\p{sc=Cyrillic}\\p{Script=Han}$", ["αβж漢"], not: ["aж漢", "αa漢"]),
        Example("^[\\w\\-.]+\\/\\-$", ["a-b.c/-"], not: ["a b/-", "a/b"]),
        Example("^[\\w-.]$", ["a", "-", "."], not: ["/", ","]),
        Example("^(?<year>\\d{4})-(?<m>\\d\\d)$", ["2024-05"], not: ["2024-5"]),
        Example("[]", [], not: ["", "a", "]"]),
        Example("^[^]$", ["a", "\n"], not: ["", "ab"]),
        Example("^[a&&b]+$", ["a&b"], not: ["c"]),
        Example("^a{x}$", ["a{x}"], not: ["a"]),
        Example("^(?i:straße)$", ["STRAßE", "ſtraße"], not: ["STRASSE"]),
        Example("(?m:^b$)", ["a\nb\nc", "b", "\u{2028}b\r"], not: ["ab", "b\u{85}"]),
        Example("\\bfoo\\b", ["foo", "a foo.", "éfooé"], not: ["afoo", "foo_"]),
        Example("\\Boo", ["foo"], not: ["oo", " oo"]),
        Example("^\\B$", [""], not: ["a"]),
        Example("a(?=b)", ["ab", "aab"], not: ["a", "ba"]),
        Example("a(?!b)", ["a", "ac", "aba"], not: ["ab", ""]),
        Example("^(?!.*foo).*$", ["", "fo", "oof"], not: ["foo", "xfoox"]),
        Example(
            "^(?=.*[A-Z])(?=.*\\d)(?=.*[@#])[A-Za-z\\d@#]{5,}$", ["Aa1@x", "@@@1A"], not: ["aa1@x", "Aa1x", "Aa1@x!"]),
        Example("^(?=(a|ab)c)ab?c$", ["ac", "abc"], not: ["ab", "c"]),
        Example("(?<=\\$)\\d+$", ["$42", "a$1"], not: ["42", "$4x"]),
        Example("(?<!a)b", ["b", "cb", "abb"], not: ["ab", "a"]),
        Example("^(?:(?=ab|cd)[a-d]{2})+$", ["ab", "abcd"], not: ["abc", "ac", ""]),
        Example("(?<=\\bfoo)\\b", ["foo", "a foo."], not: ["xfoo", "foox"]),
        Example("(?<=a(?=b))b", ["ab"], not: ["b", "ac"]),
        Example("(?<!(?<!x)a)b", ["xab", "b"], not: ["ab", "yab"]),
        Example("a+?b*?c", ["abc", "aaac"], not: ["bc"]),
    ]

    @Test("A pattern has the texts that it matches somewhere", arguments: examples)
    func matches(example: Example) throws {
        for encoding in [ScalarEncoding.utf8, .jsonString] {
            let automaton = try ByteAutomaton.pattern(example.pattern, encoding: encoding, isAnchored: false)
            for (text, isExpected) in example.matching.map({ ($0, true) }) + example.others.map({ ($0, false) }) {
                let spelling = encoding == .utf8 ? Array(text.utf8) : ByteAutomaton.jsonSpelling(of: text)
                #expect(automaton.accepts(spelling) == isExpected, "\(text.debugDescription)")
                #expect(try PatternOracle.matches(example.pattern, text, isAnchored: false) == isExpected)
            }
        }
    }

    @Test("An anchored pattern has the texts that it matches whole")
    func anchored() throws {
        let either = try ByteAutomaton.pattern("a|bc", encoding: .utf8, isAnchored: true)
        #expect(either.texts(atMost: 2) == ["a", "bc"].map { Array($0.utf8) })
        #expect(try ByteAutomaton.pattern("^(a|bc)$", encoding: .utf8, isAnchored: false) == either)
        #expect(try ByteAutomaton.pattern("(?=.b)ab?", encoding: .utf8, isAnchored: true) == .text("ab"))
        #expect(try ByteAutomaton.pattern("a\"\\n", encoding: .jsonString, isAnchored: true) == .text("a\\\"\\n"))
        #expect(try ByteAutomaton.pattern(".*\\n.*|.*", encoding: .utf8, isAnchored: false) == .anyText(.utf8))
        #expect(try ByteAutomaton.pattern("[^]*", encoding: .jsonString, isAnchored: true) == .anyText(.jsonString))
        let conditions = String(repeating: "((?=a\\w)|(?!b\\w)|)", count: 40)
        #expect(try ByteAutomaton.pattern(conditions, encoding: .utf8, isAnchored: false) == .anyText(.utf8))
    }

    @Test("Random patterns agree with the definition of a match")
    func agreesWithDefinition() throws {
        var generator = SeededGenerator(seed: 99)
        let texts = Self.texts
        for _ in 0..<1_500 {
            let pattern = Self.randomPattern(&generator, depth: 4)
            for isAnchored in [false, true] {
                let automaton = try ByteAutomaton.pattern(pattern, encoding: .utf8, isAnchored: isAnchored)
                for _ in 0..<60 {
                    let text = texts.randomElement(using: &generator) ?? ""
                    let isExpected = try PatternOracle.matches(pattern, text, isAnchored: isAnchored)
                    #expect(automaton.accepts(Array(text.utf8)) == isExpected, "\(pattern) on \(text.debugDescription)")
                }
            }
        }
    }

    /// All texts of at most four of these characters.
    static let texts: [String] = {
        var all = [""]
        var last = all
        for _ in 0..<4 {
            last = last.flatMap { text in ["a", "b", " ", "\n", "é"].map { text + $0 } }
            all += last
        }
        return all
    }()

    static func randomPattern(_ generator: inout SeededGenerator, depth: Int) -> String {
        if depth == 0 || Int.random(in: 0...5, using: &generator) == 0 {
            let atoms = [
                "a", "b", " ", ".", "[ab]", "[^a]", "é", "\\w", "\\b", "\\B", "^", "$", "(?m:^)", "(?m:$)", "\\n",
                "(?:)",
            ]
            return atoms.randomElement(using: &generator) ?? ""
        }
        func part() -> String { randomPattern(&generator, depth: depth - 1) }
        switch Int.random(in: 0...8, using: &generator) {
        case 0...2: return part() + part()
        case 3: return "(?:\(part())|\(part()))"
        case 4: return "(\(part()))" + (["*", "+", "?", "{0,2}", "{2}", "*?"].randomElement(using: &generator) ?? "")
        case 5: return "(?=\(part()))"
        case 6: return "(?!\(part()))"
        case 7: return "(?<=\(part()))"
        default: return "(?<!\(part()))"
        }
    }

    @Test(
        "A pattern that cannot be an automaton is refused by its kind",
        arguments: [
            ("(a)\\1", .unsupported), ("(?<n>a)\\k<n>", .unsupported), ("a++", .unsupported), ("(?>a)", .unsupported),
            ("\\p{Script=Sogdian}", .unsupported), ("(", .invalid), ("[b-a]", .invalid), ("\\q", .invalid),
            ("a{,2}", .invalid),
            ("*", .invalid), ("[[:alpha:]]", .invalid), ("\\c1", .invalid), ("(a{1,1000}){1,1000}", .limit),
            ("[^]{100000}", .limit), (String(repeating: "(", count: 200), .limit),
        ] as [(String, GrammarError.Code)])
    func refused(pattern: String, code: GrammarError.Code) {
        #expect {
            try ByteAutomaton.pattern(pattern, encoding: .jsonString, isAnchored: false)
        } throws: { ($0 as? GrammarError)?.code == code }
    }

    @Test(
        "A pattern whose states explode ends at a limit within a second",
        arguments: [
            ".*a.{30}", "(.*a.{20}b){3}", "^(?=.*a.{16})(?=.*b.{16})(?=.*c.{16})", "(\\w*a\\w{15}\\W*){9}",
            "^((a?){100}){100}$", "^(((?=.*a.{9})|(?!.*b.{9})|(?=.*c.{9}))[^]){90}$",
            (0..<8_000).map { "[^\(String(UnicodeScalar(0x4E00 + $0) ?? "x"))]" }.joined(), "(?<=a.{40})b",
            (0..<40).map { "((?=a\\w{\($0)})|(?!b\\w{\($0)}))" }.joined() + "x",
            String(repeating: "(?=((?=a.)|(?=.b)|)", count: 40) + String(repeating: ")", count: 40) + ".*x.{25}",
            "^" + String(repeating: "(?<!(?=a.*b)(?=.*c)(?!d.)x?)", count: 30),
            "^("
                + (0..<2_000).map { "[^\($0 % 10)]\(String(UnicodeScalar(0x4E00 + $0) ?? "x"))*" }.joined(
                    separator: "|") + "){50}$",
        ])
    func explosions(pattern: String) {
        let elapsed = processorTime {
            #expect {
                try ByteAutomaton.pattern(pattern, encoding: .jsonString, isAnchored: false)
            } throws: { ($0 as? GrammarError)?.code == .limit }
        }
        #expect(elapsed < .seconds(1))
    }
}
