import PinionPattern
import Testing
import TestSupport

@Suite("Pattern against reference implementations")
struct PatternFixtureTests {
    /// One line of `patterns.json`: pattern, text, and the first match as UTF-8 offsets.
    struct Case: Decodable {
        var p: String
        var t: String
        var m: [Int]?
    }

    @Test("Random patterns match where the reference matches")
    func matchesReference() throws {
        let cases: [Case] = try TokenizerFixtures.load("patterns.json")
        #expect(cases.count { $0.m != nil } > 300)
        for item in cases {
            let found = try Pattern(item.p).firstMatch(in: item.t)
            #expect(found.map { [$0.lowerBound, $0.upperBound] } == item.m, "\(item.p) in \(item.t.debugDescription)")
        }
    }

    @Test("Unicode classes agree with the tokenizer library on every scalar it has assigned")
    func classesMatchReference() throws {
        let classes: [String: [ClosedRange<UInt32>]] = try TokenizerFixtures.load(
            "unicode-classes.json", as: [String: [[UInt32]]].self
        ).mapValues { $0.map { $0[0]...$0[1] } }
        let unassigned = ScalarSet(try #require(classes["Cn"]))
        func set(_ pattern: String) throws -> ScalarSet {
            guard case .set(let set) = try Pattern(pattern).node else { return .empty }
            return set
        }
        for (name, pattern) in [("L", "\\p{L}"), ("N", "\\p{N}"), ("s", "\\s"), ("numeric", "\\p{N}")] {
            let expected = ScalarSet(try #require(classes[name])).intersection(unassigned.inverted)
            let found = try set(pattern).intersection(unassigned.inverted)
            #expect(expected.count > 20)
            #expect(found == expected, "\(name)")
        }
        #expect(try set("\\p{Any}").count == 0x110000 - 0x800)
        #expect(try set("[^\\s\\S]").isEmpty)
    }

    @Test("Random text is cut alike by each scalar's class and by the compiled set")
    func setsAgreeWithStandardLibrary() throws {
        let letters = try Pattern("\\p{L}")
        var matcher = PatternMatcher(letters)
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<20_000 {
            guard let scalar = Unicode.Scalar(UInt32.random(in: 0...0x2FFFF, using: &generator)) else { continue }
            let bytes = Array(String(Character(scalar)).utf8)
            let end = try bytes.withUnsafeBufferPointer { try matcher.match(in: $0, at: 0) }
            let isLetter: Bool =
                switch scalar.properties.generalCategory {
                case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
                default: false
                }
            #expect(end == (isLetter ? bytes.count : nil))
        }
    }
}
