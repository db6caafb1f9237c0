import PinionPattern
import Testing

@Suite("ECMA's dialect of patterns")
struct ECMAPatternTests {
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
        Example("^\\d$", ["0"], not: ["٣", "߀"]),
        Example("^\\D$", ["߀"], not: ["0"]),
        Example("^\\w$", ["a", "_"], not: ["é"]),
        Example("^\\W$", ["é"], not: ["a"]),
        Example(
            "^\\s$", [" ", "\t", "\u{B}", "\u{C}", "\u{A0}", "\u{FEFF}", "\n", "\u{2029}", "\u{2003}"],
            not: ["\u{1}", "\u{85}", "–"]),
        Example("^\\S$", ["\u{1}", "\u{85}"], not: [" ", "\u{FEFF}"]),
        Example("^.$", ["a", "\u{85}"], not: ["\n", "\r", "\u{2028}", "\u{2029}"]),
        Example("(?s:^.$)", ["\n"], not: [""]),
        Example("^\\cC\\cc$", ["\u{3}\u{3}"], not: ["\\cC"]),
        Example("\\bb\\b", ["éb"], not: ["ab"]),
        Example("(?m:^b$)", ["a\u{2028}b\rc"], not: ["a\u{85}b"]),
        Example("^\\p{digit}\\p{Lu}\\p{Script=Greek}\\p{sc=Han}$", ["४Éα漢"], not: ["aÉα漢"]),
        Example(
            "^\\p{Emoji}\\p{Lowercase}\\P{Alphabetic}\\p{ASCII_Hex_Digit}$", ["😀a-F"], not: ["aa-F", "😀A-F", "😀aaF"]),
        Example("^[]|b$", ["b"], not: ["]", "a"]),
        Example("^[^]$", ["\n"], not: [""]),
        Example("^[[&&]$", ["[", "&"], not: ["]"]),
        Example("^[\\w-.]$", ["-", "a"], not: [","]),
        Example("^[\\ud800-\\udfff]?a\\ud83d?\\ude00?$", ["a"], not: ["😀", "a😀"]),
        Example("^\\ud83d\\ude00\\u{1F600}$", ["😀😀"], not: ["😀"]),
        Example("^a{$", ["a{"], not: ["a"]),
        Example("^(?<$a>b)$", ["b"], not: ["$a"]),
    ]

    @Test("A pattern means what ECMA-262 says", arguments: examples)
    func matches(example: Example) throws {
        let pattern = try Pattern(example.pattern, dialect: .ecma)
        for text in example.matching { #expect(try pattern.firstMatch(in: text) != nil, "\(text.debugDescription)") }
        for text in example.others { #expect(try pattern.firstMatch(in: text) == nil, "\(text.debugDescription)") }
    }

    @Test("White space is what ECMA-262 lists and what Unicode calls a space separator")
    func whiteSpace() throws {
        let listed = "[\\t\\n\\v\\f\\r\\uFEFF\\u2028\\u2029\\p{Zs}]"
        #expect(try Pattern.tree(of: "\\s", dialect: .ecma) == Pattern.tree(of: listed, dialect: .ecma))
    }

    @Test(
        "What is no pattern is told from what is not supported",
        arguments: [
            ("\\a", .invalid), ("\\e", .invalid), ("a{,2}", .invalid), ("\\c1", .invalid), ("[[:alpha:]]", .invalid),
            ("(?=a)*", .invalid), ("(?<=a)*", .invalid), ("[b-a]", .invalid), ("\\1", .unsupported),
            ("\\k<a>", .unsupported),
            ("\\p{Script=Sogdian}", .unsupported), ("(?<=a)b", .unsupported),
        ] as [(String, PatternError.Code)])
    func refused(pattern: String, code: PatternError.Code) {
        #expect { try Pattern(pattern, dialect: .ecma) } throws: { ($0 as? PatternError)?.code == code }
    }

    @Test("The tree of a pattern may look behind")
    func lookbehind() throws {
        let letter = PatternNode.set(ScalarSet(0x61))
        #expect(
            try Pattern.tree(of: "(?<=a)a", dialect: .ecma)
                == .sequence([.lookbehind(letter, isNegative: false), letter]))
        #expect(try Pattern.tree(of: "(?<!a)", dialect: .ecma) == .lookbehind(letter, isNegative: true))
        #expect(throws: PatternError.self) { try Pattern.tree(of: "(?<=a)b", dialect: .perl) }
    }
}
