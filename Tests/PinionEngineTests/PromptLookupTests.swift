import PinionEngine
import TestSupport
import Testing

@Suite("Prompt lookup")
struct PromptLookupTests {
    private static func match(_ text: [Int32]) -> PromptLookup.Match? {
        var lookup = PromptLookup()
        return lookup.match(text)
    }

    @Test("The longest match is found, with the token that followed it")
    func longest() {
        #expect(Self.match([1, 2, 3, 4, 9, 2, 3, 4, 8, 1, 2, 3, 4]) == .init(next: 4, length: 4))
        #expect(Self.match([5, 1, 2, 3, 7, 6, 1, 2, 3]) == .init(next: 4, length: 3))
    }

    @Test("Of equally long matches the newest is taken")
    func newest() {
        #expect(Self.match([1, 2, 3, 7, 1, 2, 3, 8, 1, 2, 3]) == .init(next: 7, length: 3))
    }

    @Test("Text that is too short or new matches nothing, and never itself")
    func none() {
        for text: [Int32] in [[], [1], [1, 2, 3], [1, 2, 1, 2], [1, 2, 3, 4, 5, 6], [1, 2, 3, 9, 2, 2, 3]] {
            #expect(Self.match(text) == nil, "\(text)")
        }
    }

    @Test("A match may overlap the end of the text")
    func overlap() {
        #expect(Self.match([7, 7, 7, 7]) == .init(next: 3, length: 3))
        #expect(Self.match([4, 5, 4, 5, 4, 5, 4]) == .init(next: 5, length: 5))
    }

    @Test("A match is measured up to the bound")
    func bound() {
        let part = (0..<Int32(PromptLookup.longest + 20)).map { $0 }
        #expect(Self.match(part + [-1] + part) == .init(next: part.count, length: PromptLookup.longest))
    }

    /// The longest match among the newest `candidates`, by a search through all of the text.
    private static func expected(_ text: [Int32], candidates: Int) -> PromptLookup.Match? {
        let n = PromptLookup.shortest
        guard text.count > n else { return nil }
        let ends = stride(from: text.count - 1, through: n, by: -1)
        var best: PromptLookup.Match?
        for end in ends.lazy.filter({ text[$0 - n..<$0] == text[(text.count - n)...] }).prefix(candidates) {
            var length = n
            while length < min(end, PromptLookup.longest), text[end - 1 - length] == text[text.count - 1 - length] {
                length += 1
            }
            if length > best?.length ?? 0 { best = .init(next: end, length: length) }
        }
        return best
    }

    @Test("A growing text gives the same matches as a search through all of it", arguments: [2, 40, 100_000])
    func growing(_ vocabulary: Int) {
        var generator = SeededGenerator(seed: UInt64(vocabulary))
        var lookup = PromptLookup()
        var text: [Int32] = []
        var found = 0
        for step in 0..<3000 {
            // Mostly copies of earlier parts, which are looked up at random moments.
            if text.count > 50, generator.below(8) > 0 {
                let start = generator.below(text.count - 20)
                text += text[start..<start + 1 + generator.below(6)]
            } else {
                text.append(Int32(generator.below(vocabulary)))
            }
            guard generator.below(3) == 0 else { continue }
            let match = lookup.match(text)
            if let match {
                found += 1
                let length = match.length
                #expect(match.next < text.count && length >= PromptLookup.shortest)
                #expect(text[match.next - length..<match.next] == text[(text.count - length)...])
            }
            // The search is slow. Collisions may cost the look-up some of its candidates, but not nearly all.
            guard step % 16 == 0 else { continue }
            let (all, few) = (Self.expected(text, candidates: .max), Self.expected(text, candidates: 3))
            #expect((match == nil) == (all == nil))
            #expect(match?.length ?? 0 <= all?.length ?? 0)
            #expect(match?.length ?? 0 >= few?.length ?? 0)
        }
        #expect(found > 300)
    }
}
