import PinionEngine
import TestSupport
import Testing

@Suite("Draft source")
struct DraftSourceTests {
    private static func source(rejections: Int, _ text: [Int32]) -> KeptGuesses {
        var source = KeptGuesses()
        for _ in 0..<rejections {
            _ = source.propose(after: text, atMost: 1)
            source.verified(accepted: 0)
        }
        return source
    }

    /// Forty different tokens, and the first `count` of them once more.
    private static func copy(_ count: Int) -> [Int32] { (0..<40).map { $0 } + (0..<Int32(count)).map { $0 } }

    @Test("What followed the match is guessed, and more of it the longer the match")
    func growth() {
        var source = KeptGuesses()
        #expect(source.propose(after: Self.copy(2), atMost: 20) == 0)
        #expect(source.propose(after: Self.copy(3), atMost: 20) == 2)
        #expect(source.drafts == [3, 4])
        #expect(source.propose(after: Self.copy(6), atMost: 20) == 5)
        #expect(source.drafts == [6, 7, 8, 9, 10])
        #expect(source.propose(after: Self.copy(6), atMost: 2) == 2)
        #expect(source.propose(after: Self.copy(24), atMost: 100) == DraftSource.maximumLength)
        #expect(source.drafts.first == 24 && source.drafts.last == 38)
    }

    @Test("Nothing is guessed where there is no room", arguments: [0, -1])
    func noRoom(_ limit: Int) {
        var source = KeptGuesses()
        #expect(source.propose(after: Self.copy(8), atMost: limit) == 0)
        #expect(source.drafts.isEmpty)
    }

    @Test("A guess past the end of the text goes on with the period")
    func periodic() {
        var source = KeptGuesses()
        #expect(source.propose(after: [9, 1, 2, 1, 2, 1, 2, 1, 2], atMost: 20) == 5)
        #expect(source.drafts == [1, 2, 1, 2, 1])
        source = KeptGuesses()
        #expect(source.propose(after: [1, 1, 1, 1, 1, 1, 1], atMost: 20) == 5)
        #expect(source.drafts == [1, 1, 1, 1, 1])
    }

    @Test("Rejections ask for longer matches, up to a bound; accepted drafts for shorter ones")
    func adaptation() {
        let text = Self.copy(8)
        var source = Self.source(rejections: 3, text)
        #expect(source.required == PromptLookup.shortest + 3)
        #expect(source.propose(after: text, atMost: 20) == 4)
        // One in four is neither good nor bad.
        source.verified(accepted: 1)
        #expect(source.required == PromptLookup.shortest + 3)
        source.verified(accepted: 2)
        #expect(source.required == PromptLookup.shortest)

        source = Self.source(rejections: 100, text)
        #expect(source.required == DraftSource.maximumRequired)
        #expect(source.propose(after: text, atMost: 20) == 0)
        let long = (0..<100).map { Int32($0) } + (0..<60).map { Int32($0) }
        #expect(source.propose(after: long, atMost: 20) == DraftSource.maximumLength)
    }

    @Test("Text whose repetitions mislead costs few drafts")
    func misleading() {
        var generator = SeededGenerator(seed: 3)
        var source = KeptGuesses()
        var text: [Int32] = []
        var drafted = 0
        // Phrases that recur all the time, more or less of them, each time with something new behind.
        for round in 0..<1000 {
            text += (Int32(generator.below(18))..<21)
            drafted += source.propose(after: text, atMost: 20)
            if !source.drafts.isEmpty { source.verified(accepted: 0) }
            text.append(100 + Int32(round))
        }
        #expect(drafted > 10 && drafted <= 200)
    }
}

/// A draft source whose last guess is kept, to be looked at piece by piece.
private struct KeptGuesses {
    private var base = DraftSource()
    private(set) var drafts: [Int32] = []
    var required: Int { base.required }

    mutating func propose(after text: [Int32], atMost limit: Int) -> Int {
        drafts = base.propose(after: text, atMost: limit)
        return drafts.count
    }

    mutating func verified(accepted: Int) {
        base.verified(accepted: accepted)
    }
}
