import PinionPattern
import Testing

@Suite("Pattern")
struct PatternTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var pattern: String
        var text: String
        /// The matched part, or nil for no match.
        var expected: String?
        var testDescription: String { "\(pattern) in \(text.debugDescription)" }

        init(_ pattern: String, _ text: String, _ expected: String?) {
            self.pattern = pattern
            self.text = text
            self.expected = expected
        }
    }

    static let examples: [Example] = [
        Example("abc", "xxabcx", "abc"),
        Example("a|ab", "ab", "a"),
        Example("(?:a|ab)c", "abc", "abc"),
        Example("a*", "baaa", ""),
        Example("a+?", "aaa", "a"),
        Example("a+?b", "aaab", "aaab"),
        Example("a++a", "aaa", nil),
        Example("a*+b", "aaab", "aaab"),
        Example("(?>a|ab)c", "abc", nil),
        Example("a{2,3}", "aaaa", "aaa"),
        Example("[a-c]*b", "abcabca", "abcab"),
        Example("[a-c]*ca", "abcabcb", "abca"),
        Example("[a-c]*[b-d]", "aaaba", "aaab"),
        Example("[a-c]*d", "abc", nil),
        Example("\\w+[é-ü]+", "aéüoeaé1", "aéüoeaé"),
        Example("\\w+é", "aéüa", "aé"),
        Example("\\w{3,}[a-z]{2}", "ééabc", "ééabc"),
        Example("\\s*[\\r\\n]+", " \n \u{3000} ", " \n"),
        Example(".*(?:b|$)", "abab!", "abab!"),
        Example("a{2,3}?", "aaaa", "aa"),
        Example("a{2}", "a", nil),
        Example("a{,2}b", "aaab", "aab"),
        Example("a{x}", "a{x}", "a{x}"),
        Example("(ab){2,}", "abababa", "ababab"),
        Example("(ab){1,2}?a", "ababa", "aba"),
        Example("(a*)*b", "aaab", "aaab"),
        Example("(a|b?)+c", "abac", "abac"),
        Example("(a*?)*?c", "aac", "aac"),
        Example("(?:)*x", "x", "x"),
        Example("[a-c]+", "xxabcd", "abc"),
        Example("[^a-c]+", "abxyc", "xy"),
        Example("[]a]+", "a]b", "a]"),
        Example("[a-]+", "b-a", "-a"),
        Example("[[\\]]+", "a[]", "[]"),
        Example("[\\d\\-x]+", "a1-x", "1-x"),
        Example("[^\\S\\n]+", "a\n \tb", " \t"),
        Example("\\p{L}+", "12äß中x3", "äß中x"),
        Example("\\p{Lu}\\p{Ll}", "aBÉé", "Éé"),
        Example("\\p{^L}+", "ab12c", "12"),
        Example("\\P{L}+", "ab12c", "12"),
        Example("\\pN+", "x٣४5", "٣४5"),
        Example("\\s+", "a\u{A0}\u{3000}\u{85}\u{2028}b", "\u{A0}\u{3000}\u{85}\u{2028}"),
        Example("\\s", "\u{200B}\u{180E}", nil),
        Example("\\w+", "-añ_9e\u{301}-", "añ_9e\u{301}"),
        Example(".", "\n\u{1F600}", "\u{1F600}"),
        Example("(?s:.)", "\n", "\n"),
        Example("(?i:straSSe)", "STRASSE", "STRASSE"),
        Example("(?i:'s)", "'\u{17F}", "'\u{17F}"),
        Example("(?i)σ", "ς", "ς"),
        Example("(?i:a)b", "AB", nil),
        Example("(?i:[^a])", "Ab", "b"),
        Example("(?i:a(?-i:b))", "AB Ab", "Ab"),
        Example("a(?=b)", "acab", "a"),
        Example("a(?!b)", "abac", "a"),
        Example("(?=(a|ab)c)ab", "abc", "ab"),
        Example("(?!a)\\w", "ab", "b"),
        Example("\\s+(?!\\S)", "  x", " "),
        Example("\\s+(?!\\S)", " x", nil),
        Example("^a", "ba", nil),
        Example("a$", "ab a", "a"),
        Example("a$", "a\n", nil),
        Example("(?m:^b$)", "a\nb\nc", "b"),
        Example("\\bfoo\\b", "afoo foo", "foo"),
        Example("\\Boo", "foo", "oo"),
        Example("\\x41\\u0042\\x{43}\\u{44}", "ABCD", "ABCD"),
        Example("\\ud83d\\ude00", "\u{1F600}", "\u{1F600}"),
        Example("(?<year>\\d{4})-(?P<m>\\d\\d)", "on 2024-05", "2024-05"),
        Example("\\t\\.\\/\\-", "\t./-", "\t./-"),
        Example("(?:x+x+)+y", "xxxxy", "xxxxy"),
        Example("[\u{10000}-\u{10FFFF}]+", "a\u{1F600}\u{1F601}", "\u{1F600}\u{1F601}"),
        Example("a||b", "b", ""),
    ]

    @Test("A pattern finds its leftmost match", arguments: examples)
    func findsMatch(example: Example) throws {
        let found = try Pattern(example.pattern).firstMatch(in: example.text)
        let bytes = Array(example.text.utf8)
        let expectedBytes = example.expected.map { Array($0.utf8) }
        #expect(found.map { Array(bytes[$0]) } == expectedBytes)
    }

    @Test(
        "A malformed or unsupported pattern is refused",
        arguments: [
            "(", ")", "a)", "(a", "[a", "[", "[]", "*", "a**", "a{3,2}", "\\", "[z-a]", "\\1", "(?<=a)b", "(?<!a)",
            "\\p{Sogdian}",
            "\\p{", "\\p", "(?x)a", "\\q", "\\x{110000}", "\\xg", "\\ud800", "[a&&b]", "[[:alpha:]]", "^*", "(?=a)+",
            "(?<>a)",
            "(?<a", "(?i", "[\\d-z]x(", "\\012", "a|*", "(?P=x)", "a{1}{2}", "a+{2}", "a?*",
        ])
    func refusesMalformed(pattern: String) {
        #expect {
            try Pattern(pattern)
        } throws: { error in
            guard let error = error as? PatternError else { return false }
            return error.code == .invalid && error.line == 1 && error.column != nil
        }
    }

    @Test("An error names the construct and its place")
    func errorNamesPlace() {
        #expect(throws: PatternError(.invalid, "look-behind is not supported", line: 1, column: 3)) {
            try Pattern("ab(?<=b)")
        }
        #expect {
            try Pattern("x\\p{Runic}")
        } throws: { ($0 as? PatternError)?.message.contains("Runic") == true }
    }

    @Test("Oniguruma's dialect nests classes, intersects them, and ends lines at newlines")
    func oniguruma() throws {
        func matches(_ pattern: String, _ text: String) throws -> [String] {
            let compiled = try Pattern(pattern, dialect: .oniguruma)
            let bytes = Array(text.utf8)
            var matcher = PatternMatcher(compiled)
            var found: [String] = []
            try bytes.withUnsafeBufferPointer { buffer in
                var start = 0
                while start < buffer.count, let match = try matcher.firstMatch(in: buffer, from: start) {
                    found.append(String(decoding: buffer[match], as: UTF8.self))
                    start = max(match.upperBound, start + 1)
                }
            }
            return found
        }
        #expect(try matches("[a[bc]]+", "xabcx]") == ["abc"])
        #expect(try matches(#"[\p{L}&&[^\p{Han}]]+"#, "ab漢字c") == ["ab", "c"])
        #expect(try matches("a$", "a\na") == ["a", "a"])
        #expect(try matches(#"a\z"#, "a\na") == ["a"])
        #expect(try matches(#"a\Z"#, "a\na\n") == ["a"])
        #expect(try matches(#"\h+"#, "xa1fz") == ["a1f"])
        #expect(try matches("a{2}+", "aaaaa") == ["aaaa"])
        #expect(try matches("a++b", "aab") == ["aab"])
        #expect(throws: PatternError.self) { try Pattern("[a[b]", dialect: .oniguruma) }
        #expect(throws: PatternError.self) {
            try Pattern(String(repeating: "[", count: 200), dialect: .oniguruma)
        }
    }

    @Test("A leading run that failed is not tried again from its middle")
    func leadingRun() throws {
        let bytes = Array((String(repeating: " ", count: 1 << 20) + "a ").utf8)
        var matcher = PatternMatcher(try Pattern(#"\s+$"#))
        let match = try bytes.withUnsafeBufferPointer { try matcher.firstMatch(in: $0, from: 0) }
        #expect(match == bytes.count - 1..<bytes.count)
        // Counted runs are no such runs.
        #expect(try Pattern("a{2}b").firstMatch(in: "aaab") == 1..<4)
        #expect(try Pattern("a+?b").firstMatch(in: "aaac ab") == 5..<7)
    }

    @Test("Steps may be shared by all calls of a matcher")
    func sharedSteps() throws {
        let bytes = Array("aaaa".utf8)
        var matcher = PatternMatcher(try Pattern("a"), stepLimit: 4, sharesSteps: true)
        #expect(throws: PatternError.self) {
            try bytes.withUnsafeBufferPointer { buffer in
                for start in 0..<4 { _ = try matcher.match(in: buffer, at: start) }
            }
        }
    }
}
