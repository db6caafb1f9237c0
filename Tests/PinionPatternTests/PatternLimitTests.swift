import PinionPattern
import Testing
import TestSupport

@Suite("Pattern limits")
struct PatternLimitTests {
    static let hostile: [String] = [
        "(a{1,1000}){1,1000}",
        "((((a{9}){99}){99}){99}){99}",
        "a{100001}",
        "a{99999999999999999999999}",
        String(repeating: "(", count: 20_000),
        String(repeating: "(?:", count: 101) + "a" + String(repeating: ")", count: 101),
        String(repeating: "a", count: 40_000),
        String(repeating: "[\\p{L}a]", count: 4_000),
        String(repeating: "\\P{Ll}", count: 4_000),
        "(?i:" + String(repeating: "[\\p{L}]", count: 4_000) + ")",
        "(?:" + String(repeating: "[\\p{L}x]y", count: 200) + "){1000}",
    ]

    @Test("A pattern beyond the limits is refused quickly", arguments: hostile)
    func refusesHostile(pattern: String) {
        let elapsed = processorTime {
            #expect {
                try Pattern(pattern)
            } throws: { ($0 as? PatternError)?.code == .limitExceeded }
        }
        #expect(elapsed < .seconds(1))
    }

    static let exponential: [String] = [
        "(a+)+b", "(a|aa)+$", "(a*)*b", "(?:a?){40}a{40}b", "(a|a|b)*c", "(?=(a+)+b)a", "(a+?)+?b",
    ]

    @Test("A pattern that backtracks without end stops at the step limit", arguments: exponential)
    func stopsBacktracking(pattern: String) throws {
        let compiled = try Pattern(pattern)
        let text = String(repeating: "a", count: 5_000) + "!"
        let elapsed = processorTime {
            #expect {
                _ = try compiled.firstMatch(in: text)
            } throws: { ($0 as? PatternError)?.code == .limitExceeded }
        }
        #expect(elapsed < .seconds(2))
    }

    @Test("Long scans from every start count against the step limit")
    func countsScans() throws {
        let compiled = try Pattern("[a-z]{90000}!")
        let text = String(repeating: "a", count: 1_000_000)
        #expect {
            _ = try compiled.firstMatch(in: text)
        } throws: { ($0 as? PatternError)?.code == .limitExceeded }
    }

    @Test("A repeated group over a long text ends in a match or a limit, not in a trap")
    func boundsOpenChoices() throws {
        let text = String(repeating: "ab", count: 2_000_000)
        #expect {
            _ = try Pattern("(?:ab)*c").firstMatch(in: text)
        } throws: { ($0 as? PatternError)?.code == .limitExceeded }
        #expect(try Pattern("(?:ab)*").firstMatch(in: String(text.prefix(100_000))) == 0..<100_000)
    }

    @Test("Bytes that are not UTF-8 are read without leaving the buffer")
    func survivesMalformedText() throws {
        let patterns = try ["[^a]+", ".", "\\p{L}*b", "\\s+(?!\\S)", "\\b\\w"].map { try Pattern($0) }
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                UInt8.random(in: 0x60...0xFF, using: &generator)
            }
            for pattern in patterns {
                var matcher = PatternMatcher(pattern)
                for start in 0...bytes.count {
                    let found = try bytes.withUnsafeBufferPointer { try matcher.firstMatch(in: $0, from: start) }
                    #expect(found.map { $0.lowerBound >= start && $0.upperBound <= bytes.count } ?? true)
                }
            }
        }
    }
}
