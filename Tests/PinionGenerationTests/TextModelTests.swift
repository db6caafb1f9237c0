import Foundation
import PinionEngine
import PinionGeneration
import PinionTokenizer
import Synchronization
import Testing
import TextGeneration

@Suite("Text generation", .timeLimit(.minutes(1)))
struct TextModelTests {
    /// The tokens of a request straight from the engine.
    private static func tokens(_ model: TextModel, _ request: GenerationRequest) async throws -> [Int32] {
        let prompt = try model.prompt(for: request)
        return try await withCheckedThrowingContinuation { done in
            let sink = IDSink(done)
            do {
                try model.engine.submit(
                    EngineRequest(
                        prompt: prompt, sampling: SamplingParameters(request), maximumTokens: request.maximumTokens,
                        endTokens: [],
                        choices: [.init(sink: sink)]))
            } catch { done.resume(throwing: error) }
        }
    }

    @Test(
        "The pieces of a stream join to the text of the same tokens decoded at once",
        arguments: 1...6 as ClosedRange<Int64>)
    func pieces(_ seed: Int64) async throws {
        let model = try await GenerationFixtures.model()
        let request = GenerationFixtures.request(maximum: 120, seed: seed)
        let tokens = try await Self.tokens(model, request)
        let streamed = try await GenerationFixtures.reply(request, by: model)
        #expect(streamed.text == model.tokenizer.decode(tokens))
        #expect(streamed.completionTokens == tokens.count && tokens.count == 120)
        // A reader that comes late finds the same text in one piece.
        let late = try await model.start(request)
        #expect(try await GenerationFixtures.eventually { model.engine.pendingSequences == 0 })
        let whole = try await GenerationFixtures.collect(late)
        #expect(whole.text == streamed.text && whole.pieces == 1)
    }

    @Test("Equal seeds give equal text, other seeds other text")
    func seeds() async throws {
        let model = try await GenerationFixtures.model()
        var texts: Set<String> = []
        for seed in 0..<5 as Range<Int64> {
            let first = try await GenerationFixtures.reply(GenerationFixtures.request(seed: seed), by: model)
            let second = try await GenerationFixtures.reply(GenerationFixtures.request(seed: seed), by: model)
            #expect(first.text == second.text)
            texts.insert(first.text)
        }
        #expect(texts.count == 5)
    }

    @Test("Each of three choices is whole, and the first is what a single one would be")
    func choices() async throws {
        let model = try await GenerationFixtures.model()
        let single = try await GenerationFixtures.reply(GenerationFixtures.request(seed: 3), by: model)
        let request = GenerationFixtures.request(seed: 3, choices: 3)
        let reply = try await GenerationFixtures.reply(request, by: model)
        #expect(reply.texts[0] == single.text)
        #expect(Set(reply.texts).count == 3)
        #expect(reply.reasons == [.length, .length, .length])
        #expect(reply.completionTokens == 120 && reply.promptTokens == single.promptTokens)
    }

    @Test("Usage comes last and counts the prompt's and the sampled tokens", arguments: [1, 2, 17])
    func usage(_ maximum: Int) async throws {
        let model = try await GenerationFixtures.model()
        let request = GenerationFixtures.request(maximum: maximum)
        let outcomes = Mutex<[Outcome]>([])
        let queue = try await model.start(request) { outcome in outcomes.withLock { $0.append(outcome) } }
        let reply = try await GenerationFixtures.collect(queue)
        let usage = Usage(
            promptTokens: try model.prompt(for: request).count, cachedTokens: 0, completionTokens: maximum)
        #expect(reply.last == .usage(usage))
        #expect(outcomes.withLock { $0 } == [Outcome(.completed, usage)])
        #expect(reply.reasons == [.length])
        #expect(try await queue.next() == .end)
        queue.withdraw(.cancelled)
        #expect(outcomes.withLock { $0.count } == 1)
    }

    @Test("A reply goes on to the end of the context and ends there with length, whatever more was asked for")
    func contextEnd() async throws {
        let model = try await GenerationFixtures.model { $0.contextLength = 100 }
        let room = try 100 - model.prompt(for: GenerationFixtures.request()).count
        for (maximum, generated) in [
            (room - 1, room - 1), (room, room), (room + 1, room), (32_000, room), (nil, room),
        ] as [(Int?, Int)] {
            let reply = try await GenerationFixtures.reply(GenerationFixtures.request(maximum: maximum), by: model)
            #expect(reply.reasons == [maximum.map { $0 <= room } == true ? .length : .contextEnd])
            #expect(reply.promptTokens == 100 - room && reply.completionTokens == generated)
        }
    }

    @Test("An end token ends the text before it, unless it is to be ignored")
    func endToken() async throws {
        let model = try await GenerationFixtures.model()
        var ended = 0
        for seed in 0..<20 as Range<Int64> {
            let request = GenerationFixtures.request(maximum: 200, seed: seed, ignoresEnd: false)
            let reply = try await GenerationFixtures.reply(request, by: model)
            let tokens = try await Self.tokens(model, request)
            let end = tokens.firstIndex { model.tokenizer.endOfGenerationTokens.contains($0) }
            #expect(reply.reasons == [end == nil ? .length : .stop])
            #expect(reply.text == model.tokenizer.decode(Array(tokens[..<(end ?? tokens.count)])))
            #expect(reply.completionTokens == end.map { $0 + 1 } ?? tokens.count)
            guard let end else { continue }
            ended += 1
            // Just allowed, the end token still ends the reply; one token less, the limit does.
            for (maximum, reason) in [(end + 1, .stop), (end, .length)] as [(Int, FinishReason)]
            where maximum > 0 {
                var limited = request
                limited.maximumTokens = maximum
                let reply = try await GenerationFixtures.reply(limited, by: model)
                #expect(reply.reasons == [reason] && reply.completionTokens == maximum)
                #expect(reply.text == model.tokenizer.decode(Array(tokens[..<end])))
            }
        }
        #expect(ended > 3)
    }

    @Test(
        "A stop string ends the text before it, in the step that completes it", arguments: 1...4 as ClosedRange<Int64>)
    func stopStrings(_ seed: Int64) async throws {
        let model = try await GenerationFixtures.model()
        let tokens = try await Self.tokens(model, GenerationFixtures.request(maximum: 100, seed: seed))
        let scalars = Array(model.tokenizer.decode(tokens).unicodeScalars)
        for (place, length) in [(3, 1), (10, 2), (20, 5), (31, 12), (45, 3), (60, 30)]
        where place + length <= scalars.count {
            var stop = ""
            stop.unicodeScalars.append(contentsOf: scalars[place..<place + length])
            let expected = Self.untilStop(tokens, stop, model.tokenizer)
            let request = GenerationFixtures.request(
                maximum: 100, seed: seed, stop: ["no such text", stop], logprobs: 0)
            let reply = try await GenerationFixtures.reply(request, by: model)
            #expect(Array(reply.text.utf8) == expected.text)
            #expect(reply.reasons == [.stopString(stop)])
            #expect(reply.completionTokens == expected.tokens)
            // Completed by the last token allowed, the stop string still ends the reply; one token less, the limit does.
            var limited = request
            limited.maximumTokens = expected.tokens
            let last = try await GenerationFixtures.reply(limited, by: model)
            #expect(last.texts == reply.texts && last.reports == reply.reports && last.reasons == reply.reasons)
            #expect(last.completionTokens == expected.tokens)
            limited.maximumTokens = expected.tokens - 1
            let shorter = model.tokenizer.decode(Array(tokens.prefix(expected.tokens - 1)))
            if expected.tokens > 1, !shorter.utf8.contains(stop.utf8) {
                let cut = try await GenerationFixtures.reply(limited, by: model)
                #expect(cut.reasons == [.length] && cut.text.utf8.elementsEqual(shorter.utf8))
                #expect(cut.completionTokens == expected.tokens - 1)
            }
            // Reports of just the tokens that the text needs.
            #expect(reply.reports[0].count <= expected.tokens)
            let bytes = reply.reports[0].flatMap { Self.shownBytes($0, model.tokenizer) }
            #expect(String(decoding: bytes, as: UTF8.self).utf8.starts(with: reply.text.utf8))
        }
    }

    /// Text before the first completed stop string, and how many tokens it takes to see it.
    private static func untilStop(_ tokens: [Int32], _ stop: String, _ tokenizer: Tokenizer) -> (
        text: [UInt8], tokens: Int
    ) {
        var detokenizer = StreamingDetokenizer(tokenizer)
        var bytes: [UInt8] = []
        let stop = Array(stop.utf8)
        for (index, token) in tokens.enumerated() {
            bytes += Array(detokenizer.append(token).utf8)
            for start in bytes.indices where bytes[start...].starts(with: stop) {
                return (Array(bytes[..<start]), index + 1)
            }
        }
        return (bytes, tokens.count)
    }

    /// A report's bytes as far as they are text: control tokens give none.
    private static func shownBytes(_ report: TokenReport, _ tokenizer: Tokenizer) -> [UInt8] {
        let controls = (0..<Int32(tokenizer.vocabularyCount)).filter { tokenizer.isControl($0) }
        return controls.contains { tokenizer.bytes(of: $0) == report.token.bytes } ? [] : report.token.bytes
    }

    @Test("Log probabilities come with the text they belong to, one report a token")
    func logprobs() async throws {
        let model = try await GenerationFixtures.model()
        let request = GenerationFixtures.request(maximum: 80, seed: 2, logprobs: 3)
        var text = ""
        var bytes: [UInt8] = []
        let reply = try await GenerationFixtures.collect(model.start(request)) { event in
            guard case .text(_, let piece, let reports) = event else { return }
            text += piece
            bytes += reports.flatMap { Self.shownBytes($0, model.tokenizer) }
            #expect(
                String(decoding: bytes, as: UTF8.self).utf8.starts(with: text.utf8), "text runs ahead of its reports")
        }
        #expect(String(decoding: bytes, as: UTF8.self) == reply.text)
        let tokens = try await Self.tokens(model, request)
        #expect(reply.reports[0].map(\.token.bytes) == tokens.map { model.tokenizer.bytes(of: $0) })
        for report in reply.reports[0] {
            #expect(report.alternatives.count == 3 && report.token.logprob <= 0)
            #expect(report.alternatives.map(\.logprob) == report.alternatives.map(\.logprob).sorted(by: >))
            #expect(report.alternatives[0].logprob >= report.token.logprob)
        }
        let silent = try await GenerationFixtures.reply(GenerationFixtures.request(), by: model)
        #expect(silent.reports == [[]])
    }
}

/// Hands the tokens of one sequence to whoever waits for them.
private final class IDSink: TokenSink {
    private let ids = Mutex<[Int32]>([])
    private let done: CheckedContinuation<[Int32], any Error>

    init(_ done: CheckedContinuation<[Int32], any Error>) {
        self.done = done
    }

    func accept(_ token: SampledToken) -> TokenDecision {
        ids.withLock { $0.append(token.id) }
        return .goOn
    }

    func finish(_ outcome: SequenceOutcome) {
        done.resume(returning: ids.withLock { $0 })
    }
}
