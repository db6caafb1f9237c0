import PinionGrammar
import TestSupport
import Testing

@Suite struct ByteAutomatonTests {
    /// All texts over `a`, `b`, `c` of at most this length.
    static let shortTexts: [[UInt8]] = {
        var all: [[UInt8]] = [[]]
        var last = all
        for _ in 0..<6 {
            last = last.flatMap { text in (UInt8(ascii: "a")...UInt8(ascii: "c")).map { text + [$0] } }
            all += last
        }
        return all
    }()

    static func language(_ automaton: ByteAutomaton, _ texts: [[UInt8]] = shortTexts) -> Set<[UInt8]> {
        Set(texts.filter(automaton.accepts))
    }

    /// An automaton of random texts, some of them repeated.
    static func random(_ generator: inout SeededGenerator) throws -> ByteAutomaton {
        let texts = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            (0..<Int.random(in: 0...3, using: &generator)).map { _ in UInt8.random(in: 0x61...0x63, using: &generator) }
        }
        let set = try ByteAutomaton.texts(texts)
        return switch Int.random(in: 0...3, using: &generator) {
        case 0: try set.repeated(0)
        case 1: try set.repeated(1, 3)
        default: set
        }
    }

    @Test("The empty language has no text, and the language of the empty text one")
    func trivialLanguages() throws {
        #expect(!ByteAutomaton.none.accepts([]))
        #expect(ByteAutomaton.empty.accepts([]))
        #expect(!ByteAutomaton.empty.accepts([0x61]))
        #expect(ByteAutomaton.text("") == .empty)
        #expect(try ByteAutomaton.texts([]) == .none)
        #expect(try ByteAutomaton.texts([[]]) == .empty)
        #expect(try ByteAutomaton.union([]) == .none)
        #expect(try ByteAutomaton.concatenation([]) == .empty)
        #expect(try ByteAutomaton.concatenation([.text("a"), .none]) == .none)
        #expect(try ByteAutomaton.none.repeated(0) == .empty)
        #expect(try ByteAutomaton.none.repeated(2) == .none)
        #expect(try ByteAutomaton.text("a").repeated(0, 0) == .empty)
        #expect(try ByteAutomaton.text("a").repeated(3, 2) == .none)
        #expect(try ByteAutomaton.text("a").subtracting(.text("a")) == .none)
    }

    @Test(
        "A range of bytes has the texts of one byte within it",
        arguments: [0...0, 0...255, 97...99, 255...255, 1...255])
    func byteRanges(range: ClosedRange<UInt8>) throws {
        let automaton = ByteAutomaton.bytes(range)
        for byte in UInt8.min...UInt8.max { #expect(automaton.accepts([byte]) == range.contains(byte)) }
        #expect(!automaton.accepts([]))
        #expect(!automaton.accepts([range.lowerBound, range.lowerBound]))
        #expect(try ByteAutomaton.texts(range.map { [$0] }) == automaton)
    }

    @Test("Operations agree with sets of texts, and equal languages are equal values")
    func agreesWithSets() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            let first = try Self.random(&generator)
            let second = try Self.random(&generator)
            let (a, b) = (Self.language(first), Self.language(second))
            let union = try ByteAutomaton.union([first, second])
            #expect(Self.language(union) == a.union(b))
            #expect(try ByteAutomaton.union([second, first, second]) == union)
            let common = try first.intersection(second)
            #expect(Self.language(common) == a.intersection(b))
            #expect(try second.intersection(first) == common)
            let rest = try first.subtracting(second)
            #expect(Self.language(rest) == a.subtracting(b))
            #expect(try ByteAutomaton.union([rest, common]) == first)
            #expect(try first.isDisjoint(with: second) == common.isEmpty)
            #expect(try first.isSubset(of: second) == rest.isEmpty)
            let both = try ByteAutomaton.concatenation([first, second])
            let expected = Self.shortTexts.filter { text in
                (0...text.count).contains { a.contains(Array(text[..<$0])) && b.contains(Array(text[$0...])) }
            }
            #expect(Self.language(both) == Set(expected))
        }
    }

    @Test("A repetition has as many texts as it says")
    func repetitions() throws {
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<100 {
            let part = try Self.random(&generator)
            let min = Int.random(in: 0...3, using: &generator)
            let max = Bool.random(using: &generator) ? nil : min + Int.random(in: 0...3, using: &generator)
            var exact = Array(repeating: ByteAutomaton.empty, count: 1)
            for _ in 0..<(max ?? 8) { exact.append(try .concatenation([exact[exact.count - 1], part])) }
            let expected = try Self.language(.union(Array(exact[min...])))
            #expect(try Self.language(part.repeated(min, max)) == expected, "{\(min),\(max ?? -1)}")
        }
        let character = ByteAutomaton.anyScalar(.jsonString)
        #expect(try character.repeated(0) == .anyText(.jsonString))
        #expect(try character.repeated(2, 5).repeated(1, 2) == character.repeated(2, 10))
    }

    @Test("The texts of a finite language are listed in order, those of an infinite one are not")
    func listsTexts() throws {
        let words = ["", "ab", "abc", "b", "zebra"].map { Array($0.utf8) }
        let set = try ByteAutomaton.texts(words.reversed() + words)
        #expect(set.texts(atMost: 5) == words)
        #expect(set.texts(atMost: 4) == nil)
        #expect(set.shortestText == [])
        #expect(try set.subtracting(.empty).shortestText == Array("b".utf8))
        #expect(try ByteAutomaton.text("a").repeated(0).texts(atMost: 1_000) == nil)
        #expect(try ByteAutomaton.bytes(0...255).repeated(0, 40).texts(atMost: .max) == nil)
        #expect(ByteAutomaton.none.texts(atMost: 0) == [])
        #expect(ByteAutomaton.none.shortestText == nil)
        #expect(try ByteAutomaton.text("ab").repeated(3).shortestText == Array("ababab".utf8))
    }

    @Test("Ten thousand texts become an automaton in milliseconds, a union of them is the same automaton")
    func manyTexts() throws {
        let texts = (0..<10_000).map { Array("item-\($0 * 7_919 % 100_003)-\($0 % 17)".utf8) }
        var set = ByteAutomaton.none
        let elapsed = try leastProcessorTime { set = try .texts(texts) }
        #expect(elapsed < .milliseconds(200))
        #expect(texts.allSatisfy(set.accepts))
        #expect(set.texts(atMost: 10_000)?.count == 10_000)
        let some = Array(texts.prefix(300))
        #expect(try ByteAutomaton.union(some.map { .text($0) }) == .texts(some))
    }

    @Test("Quotes around a language make the automaton that concatenation makes")
    func quotes() throws {
        let quote = ByteAutomaton.text("\"")
        var languages: [ByteAutomaton] = [.none, .empty, .anyText(.jsonString), .anyText(.utf8), quote]
        // A state behind a backslash may be like the one in front of the opening quote.
        for pattern in ["^(\")*$", "^(\")*x$", "a|\"", "^[^\"]+$", "^(\"|\\\\)*$", "é$"] {
            languages.append(try .pattern(pattern, encoding: .jsonString, isAnchored: false))
        }
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            let texts = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                    Array("a\"\\".utf8)[Int.random(in: 0...2, using: &generator)]
                }
            }
            let set = try ByteAutomaton.texts(texts)
            languages.append(Bool.random(using: &generator) ? set : try set.repeated(0))
        }
        for language in languages {
            let quoted = try language.quoted()
            #expect(try quoted == .concatenation([quote, language, quote]))
        }
    }

    @Test("All strings but some make the automaton that subtraction makes")
    func exceptions() throws {
        let strings = try ByteAutomaton.anyText(.jsonString).quoted()
        var generator = SeededGenerator(seed: 12)
        let letters = ["a", "b", "\"", "\\", "\n", "\u{1}", "\u{1F}", "0", "1", "f", "u", "é", "漢", "😀", "😁"]
        for round in 0..<400 {
            let names = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                    letters[Int.random(in: 0..<letters.count, using: &generator)]
                }.joined()
            }
            var texts = names.map { ByteAutomaton.quotedSpelling(of: $0) }
            // No string: there is nothing to take away.
            if round.isMultiple(of: 10) { texts.append(Array("\"\\x\"".utf8)) }
            #expect(try strings.removing(texts) == strings.subtracting(.texts(texts)))
        }
    }

    @Test("Every state of an automaton reaches an accepting one")
    func isTrimmed() throws {
        let language = try ByteAutomaton.text("ab").repeated(0).subtracting(.text("abab")).intersection(
            .length(0, 6, encoding: .utf8))
        #expect(language.texts(atMost: 10) == ["", "ab", "ababab"].map { Array($0.utf8) })
        for state in 0..<language.stateCount {
            var reached = Set([state])
            var pending = [state]
            while let next = pending.popLast() {
                for target in language.transitions[next * language.classCount..<(next + 1) * language.classCount]
                where target >= 0 && reached.insert(Int(target)).inserted {
                    pending.append(Int(target))
                }
            }
            #expect(reached.contains { language.accepting[$0] })
        }
    }

    @Test("A construction beyond the limits is refused, not carried out")
    func limits() throws {
        let elapsed = processorTime {
            #expect(throws: GrammarError.self) { try ByteAutomaton.anyScalar(.utf8).repeated(0, 100_000) }
            #expect(throws: GrammarError.self) { try ByteAutomaton.bytes(0...1).repeated(0, .max) }
            #expect(throws: GrammarError.self) {
                try ByteAutomaton.texts([Array(0...255) + Array(repeating: 1, count: 1 << 20)])
            }
            let tail = try? ByteAutomaton.bytes(0x61...0x62).repeated(0).intersection(
                .concatenation([.bytes(0x61...0x62).repeated(0), .text("a"), .bytes(0x61...0x62).repeated(40, 40)]))
            #expect(tail == nil)
        }
        #expect(elapsed < .seconds(1))
    }

    @Test("A cancelled task's construction ends")
    func cancellation() async throws {
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try ByteAutomaton.anyScalar(.utf8).repeated(0, 4_000)
        }
        task.cancel()
        await #expect { try await task.value } throws: { ($0 as? GrammarError)?.code == .cancelled }
    }
}
