import PinionEngine
import PinionGeneration
import PinionTokenizer
import Synchronization
import Testing
import TextGeneration

/// The sink fed by hand, so that what it says is seen after every single token.
@Suite("Text and reports, token by token")
struct TextSinkTests {
    /// Ends what one token brought: nothing else uses this choice.
    private static let marker = GenerationEvent.finished(choice: .max, .stop)

    private struct Feed {
        let sink: TextSink
        let queue = GenerationQueue()
        var text: [UInt8] = []
        var reports: [TokenReport] = []
        var reason: FinishReason?

        init(_ tokenizer: Tokenizer, stop: [String]) {
            sink = TextSink(
                choice: 0, tokenizer: tokenizer, reply: ReplyWriter(stop: stop),
                completion: Completion(promptTokens: 3, choices: 1, into: queue))
        }

        /// Takes in the events so far.
        mutating func drain() async throws {
            queue.send(marker)
            while case .events(let events) = try await queue.next() {
                for event in events where event != marker {
                    switch event {
                    case .accepted(let promptTokens, _): #expect(promptTokens == 3)
                    case .text(_, let piece, let new):
                        text += Array(piece.utf8)
                        reports += new
                    case .reasoning, .toolCall, .warned: Issue.record("nothing tells these yet")
                    case .finished(_, let reason): self.reason = reason
                    case .usage(let usage):
                        #expect(usage == Usage(promptTokens: 3, cachedTokens: 0, completionTokens: 60))
                    }
                }
                if events.last == marker { return }
            }
        }
    }

    /// Random tokens, control tokens among them, which give no text.
    private static func tokens(_ seed: Int, _ tokenizer: Tokenizer) -> [Int32] {
        var state = UInt64(seed)
        return (0..<60).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int32(state >> 33) % Int32(tokenizer.vocabularyCount)
        }
    }

    private static func report(_ token: Int32) -> SampledToken {
        SampledToken(id: token, logprob: -Float(token), alternatives: [.init(id: token, logprob: -Float(token))])
    }

    @Test("Without stop strings every token's report and text leave at once")
    func immediate() async throws {
        let tokenizer = try await GenerationFixtures.model().tokenizer
        for seed in 0..<30 {
            let tokens = Self.tokens(seed, tokenizer)
            var feed = Feed(tokenizer, stop: [])
            var detokenizer = StreamingDetokenizer(tokenizer)
            var text = ""
            for (index, token) in tokens.enumerated() {
                #expect(feed.sink.accept(Self.report(token)) == .goOn)
                try await feed.drain()
                text += detokenizer.append(token)
                #expect(feed.text == Array(text.utf8))
                #expect(feed.reports.map(\.token.logprob) == tokens[...index].map { -Float($0) })
                #expect(feed.reports.last?.alternatives.map(\.bytes) == [tokenizer.bytes(of: token)])
            }
            feed.sink.finish(SequenceOutcome(reason: .length, generatedTokens: 60))
            try await feed.drain()
            #expect(String(decoding: feed.text, as: UTF8.self) == tokenizer.decode(tokens))
            #expect(feed.reason == .length)
        }
    }

    /// Lets a number of tokens pass, and notes how many were told when each was counted.
    private final class Allowance: TokenAllowance {
        private let left: Mutex<Int>
        let counted = Mutex(0)

        init(_ tokens: Int) { left = Mutex(tokens) }

        func open(promptTokens: Int, choices: Int, limit: Int) -> Int { limit }

        func count(isReasoning: Bool, goesOn: Bool) -> Bool {
            counted.withLock { $0 += 1 }
            return left.withLock { left in
                left -= 1
                return goesOn && left > 0
            }
        }
    }

    @Test("An allowance that is used up ends the choice as its length, with all of its text")
    func allowance() async throws {
        let tokenizer = try await GenerationFixtures.model().tokenizer
        let allowance = Allowance(7)
        let queue = GenerationQueue(allowance: allowance)
        let sink = TextSink(
            choice: 0, tokenizer: tokenizer, reply: ReplyWriter(stop: []),
            completion: Completion(promptTokens: 3, choices: 1, into: queue))
        let tokens = Array(Self.tokens(1, tokenizer).prefix(7))
        for token in tokens.dropLast() { #expect(sink.accept(Self.report(token)) == .goOn) }
        #expect(sink.accept(Self.report(tokens[6])) == .stop)
        sink.finish(SequenceOutcome(reason: .stop, generatedTokens: 7))
        var (text, reason): (String, FinishReason?) = ("", nil)
        while case .events(let events) = try await queue.next() {
            for event in events {
                if case .text(_, let piece, _) = event { text += piece }
                if case .finished(_, let told) = event { reason = told }
            }
        }
        #expect(text == tokenizer.decode(tokens))
        #expect(reason == .length)
        #expect(allowance.counted.withLock { $0 } == 7)
    }

    @Test("The last token of a limit asks for no other")
    func limit() async throws {
        let tokenizer = try await GenerationFixtures.model().tokenizer
        let queue = GenerationQueue(allowance: Allowance(3))
        let sink = TextSink(
            choice: 0, tokenizer: tokenizer, reply: ReplyWriter(stop: []),
            completion: Completion(promptTokens: 3, choices: 1, into: queue), limit: 3)
        for token in Self.tokens(1, tokenizer).prefix(3) { #expect(sink.accept(Self.report(token)) == .goOn) }
    }

    @Test("A report leaves with the last of its token's text, and a stop string takes along those of what it cuts off")
    func stops() async throws {
        let tokenizer = try await GenerationFixtures.model().tokenizer
        var (stopped, begun) = (0, 0)
        for seed in 0..<200 {
            let tokens = Self.tokens(seed, tokenizer)
            let scalars = Array(tokenizer.decode(tokens).unicodeScalars)
            let start = seed * 7 % (scalars.count - 8)
            // A stop string of the text, and one that only begins like it.
            var stop = ""
            stop.unicodeScalars.append(contentsOf: scalars[start..<start + 1 + seed % 8])
            var feed = Feed(tokenizer, stop: ["\(stop)\u{7F}never", stop])
            var detokenizer = StreamingDetokenizer(tokenizer)
            // Where each token's text ends; nil while its last bytes only begin a character.
            var ends: [Int?] = []
            var starts: [Int] = []
            var (fed, shown) = (0, 0)
            var decision = TokenDecision.goOn
            for token in tokens where decision == .goOn {
                decision = feed.sink.accept(Self.report(token))
                try await feed.drain()
                fed += 1
                let text = detokenizer.append(token)
                if let first = text.unicodeScalars.first {
                    ends = ends.map { $0 ?? shown + String(first).utf8.count }
                }
                shown += text.utf8.count
                var rest = detokenizer
                ends.append(rest.finish().isEmpty ? shown : nil)
                starts.append(shown - text.utf8.count)
                #expect(feed.reports.map(\.token.logprob) == tokens.prefix(feed.reports.count).map { -Float($0) })
                // What is held back may become the stop string; its tokens' reports wait with it.
                guard decision == .goOn else { continue }
                let out = ends.prefix { $0.map { $0 <= feed.text.count } ?? false }.count
                #expect(feed.reports.count == out)
                begun += ends.contains(nil) ? 1 : 0
            }
            let reason: SequenceOutcome.Reason = decision == .stop ? .stop : .length
            feed.sink.finish(SequenceOutcome(reason: reason, generatedTokens: 60))
            try await feed.drain()
            guard decision == .stop else { continue }
            stopped += 1
            #expect(feed.reason == .stopString(stop))
            // Just the tokens whose text begins before the cut, or that have none.
            let kept = zip(starts, ends).prefix { $0 < feed.text.count || ($1 ?? .max) <= feed.text.count }.count
            #expect(feed.reports.count == kept && kept <= fed)
        }
        #expect(stopped > 150 && begun > 100)
    }

    @Test("A token that only begins a character is reported with that character, or cut off with it")
    func begunCharacter() async throws {
        let tokenizer = try await GenerationFixtures.model().tokenizer
        func token(_ bytes: [UInt8]) throws -> Int32 {
            try #require((0..<Int32(tokenizer.vocabularyCount)).first { tokenizer.bytes(of: $0) == bytes })
        }
        // "é" is C3 A9, "è" is C3 A8.
        let (z, first, acute, grave) = (try token([0x7a]), try token([0xc3]), try token([0xa9]), try token([0xa8]))
        func feed(_ tokens: [Int32], stop: [String]) async throws -> (feed: Feed, reported: [[Int32]], stops: Bool) {
            var feed = Feed(tokenizer, stop: stop)
            var reported: [[Int32]] = []
            var stops = false
            for token in tokens {
                stops = feed.sink.accept(Self.report(token)) == .stop
                try await feed.drain()
                reported.append(feed.reports.map { Int32(-$0.token.logprob) })
            }
            feed.sink.finish(SequenceOutcome(reason: stops ? .stop : .length, generatedTokens: 60))
            try await feed.drain()
            reported.append(feed.reports.map { Int32(-$0.token.logprob) })
            return (feed, reported, stops)
        }
        let cut = try await feed([z, first, acute], stop: ["é"])
        #expect(cut.reported == [[z], [z], [z], [z]])
        #expect(cut.feed.text == [0x7a] && cut.feed.reason == .stopString("é") && cut.stops)

        let other = try await feed([z, first, grave], stop: ["é"])
        #expect(other.reported == [[z], [z], [z, first, grave], [z, first, grave]])
        #expect(other.feed.text == Array("zè".utf8) && other.feed.reason == .length)

        let cutLater = try await feed([z, first, acute, z, z], stop: ["zz"])
        #expect(
            cutLater.reported == [
                [], [], [z, first, acute], [z, first, acute], [z, first, acute], [z, first, acute],
            ])
        #expect(cutLater.feed.text == Array("zé".utf8))

        // What is begun and never ended becomes U+FFFD at the end, which a stop string may be, too.
        let unfinished = try await feed([z, first], stop: ["é"])
        #expect(unfinished.reported == [[z], [z], [z, first]])
        #expect(unfinished.feed.text == Array("z\u{FFFD}".utf8) && unfinished.feed.reason == .length)
        let replaced = try await feed([z, first], stop: ["\u{FFFD}"])
        #expect(replaced.reported == [[z], [z], [z]])
        #expect(replaced.feed.text == [0x7a] && replaced.feed.reason == .stopString("\u{FFFD}"))

        // Nothing can take it back where there is no stop string: it is told at once.
        #expect(try await feed([z, first, acute], stop: []).reported.prefix(2) == [[z], [z, first]])
    }

    @Test("A failure of the engine reaches the reader after the text before it", arguments: [true, false])
    func failure(_ isCancelled: Bool) async throws {
        let tokenizer = try await GenerationFixtures.model().tokenizer
        let outcomes = Mutex<[Outcome]>([])
        let queue = GenerationQueue { outcome in outcomes.withLock { $0.append(outcome) } }
        let completion = Completion(promptTokens: 1, choices: 2, into: queue)
        let sinks = (0..<2).map {
            TextSink(
                choice: $0, tokenizer: tokenizer, reply: ReplyWriter(stop: ["zq"]), completion: completion)
        }
        let token = try #require(tokenizer.token(forText: "z"))
        #expect(sinks[0].accept(SampledToken(id: token)) == .goOn)
        let end = SequenceOutcome(reason: isCancelled ? .cancelled : .engineStopped, generatedTokens: 1)
        sinks[0].finish(end)
        #expect(
            try await queue.next() == .events([.accepted(promptTokens: 1), .text(choice: 0, "z", [])]))
        let error = await #expect(throws: GenerationError.self) { try await queue.next() }
        #expect(error?.code == .interrupted)
        // The reader knows at once; what it took is told when every choice has ended, and the others stop at their next
        // token.
        #expect(outcomes.withLock { $0.isEmpty })
        let other = try #require(tokenizer.token(forText: "a"))
        #expect(sinks[1].accept(SampledToken(id: other)) == .stop)
        sinks[1].finish(end)
        let usage = Usage(promptTokens: 1, cachedTokens: 0, completionTokens: 2)
        #expect(outcomes.withLock { $0 } == [Outcome(.failed(.interrupted), usage)])
    }
}
