import PinionEngine
import PinionGeneration
import PinionTokenizer
import Synchronization
import Testing
import TextGeneration

@Suite("Ends and refusals of a generation", .timeLimit(.minutes(1)))
struct GenerationEndTests {
    @Test("A withdrawn generation leaves the engine, and its outcome tells what it took", arguments: [1, 12])
    func withdrawal(_ choices: Int) async throws {
        let model = try await GenerationFixtures.model()
        var withdrawn = 0
        for attempt in 0..<10 {
            let outcomes = Mutex<[Outcome]>([])
            let request = GenerationFixtures.request(
                maximum: nil, seed: Int64(attempt), choices: choices, logprobs: 20)
            let queue = try await model.start(request) { outcome in outcomes.withLock { $0.append(outcome) } }
            // The first events, then the end in mid reply.
            for _ in 0...attempt { _ = try await queue.next() }
            queue.withdraw(.disconnected)
            await #expect(throws: GenerationQueue.Withdrawal.disconnected) { try await queue.next() }
            #expect(try await GenerationFixtures.eventually { !outcomes.withLock { $0.isEmpty } })
            #expect(try await GenerationFixtures.eventually { model.engine.pendingSequences == 0 })
            let outcome = try #require(outcomes.withLock { $0.first })
            #expect(outcomes.withLock { $0.count } == 1)
            // On a busy machine a reply may be complete before it is withdrawn, but not every time.
            guard outcome.end == .disconnected else { continue }
            withdrawn += 1
            // One that was withdrawn at once may not have had its turn.
            let length = try model.prompt(for: request).count
            #expect(outcome.usage.promptTokens == length || attempt < 2 && outcome.usage.promptTokens == 0)
            #expect(attempt < 2 || outcome.usage.completionTokens > 0)
        }
        #expect(withdrawn > 0)
        let after = try await GenerationFixtures.reply(GenerationFixtures.request(), by: model)
        #expect(after.completionTokens == 40)
    }

    @Test("A request whose choices are let go without an end fails for its reader, and is settled")
    func lost() async throws {
        let outcomes = Mutex<[Outcome]>([])
        let queue = GenerationQueue { outcome in outcomes.withLock { $0.append(outcome) } }
        do {
            let completion = Completion(promptTokens: 3, choices: 2, into: queue)
            completion.accept()
        }
        let first = try await queue.next()
        #expect(first == .events([.accepted(promptTokens: 3, warnings: [])]))
        await #expect(throws: GenerationError.self) { try await queue.next() }
        #expect(outcomes.withLock { $0.map(\.end) } == [.failed(.interrupted)])
    }

    @Test("A request that was never accepted is settled by whoever refused it")
    func unaccepted() {
        let outcomes = Mutex<[Outcome]>([])
        let queue = GenerationQueue { outcome in outcomes.withLock { $0.append(outcome) } }
        do { _ = Completion(promptTokens: 3, choices: 1, into: queue) }
        #expect(outcomes.withLock { $0.isEmpty })
        queue.finish(.unstarted(.failed(.overloaded)))
        #expect(outcomes.withLock { $0.map(\.end) } == [.failed(.overloaded)])
    }

    @Test("A generation that is withdrawn while it waits for its turn took no tokens")
    func withdrawnWaiting() async throws {
        let model = try await GenerationFixtures.model { $0.maximumSequences = 1 }
        let first = try await model.start(GenerationFixtures.request(maximum: nil))
        _ = try await first.next()
        let outcomes = Mutex<[Outcome]>([])
        let second = try await model.start(GenerationFixtures.request(seed: 2)) { outcome in
            outcomes.withLock { $0.append(outcome) }
        }
        second.withdraw(.disconnected)
        #expect(try await GenerationFixtures.eventually { !outcomes.withLock { $0.isEmpty } })
        let outcome = try #require(outcomes.withLock { $0.first })
        #expect(outcome.end == .disconnected)
        #expect(outcome.usage == Usage(promptTokens: 0, cachedTokens: 0, completionTokens: 0))
        first.withdraw(.cancelled)
        #expect(try await GenerationFixtures.eventually { model.engine.pendingSequences == 0 })
    }

    @Test("Cancelling the reading task ends the wait and the generation")
    func readerCancellation() async throws {
        let model = try await GenerationFixtures.model()
        let queue = try await model.start(GenerationFixtures.request(maximum: nil, choices: 12, logprobs: 20))
        let reader = Task { while case .events = try await queue.next() {} }
        reader.cancel()
        await #expect(throws: GenerationQueue.Withdrawal.cancelled) { try await reader.value }
        #expect(try await GenerationFixtures.eventually { model.engine.pendingSequences == 0 })
    }

    @Test("A prompt that fills the context is refused with its length")
    func promptTooLong() async throws {
        let model = try await GenerationFixtures.model { $0.contextLength = 64 }
        let request = GenerationFixtures.request(String(repeating: "the light ", count: 60))
        let length = try model.prompt(for: request).count
        let error = await #expect(throws: GenerationError.self) { try await model.start(request) }
        #expect(error?.code == .promptTooLong && error?.overflow == .init(contextLength: 64, promptTokens: length))
        #expect(error?.message.contains("\(length) tokens") == true)
    }

    @Test("A bias for a token the model lacks, and more choices than may wait, are refused")
    func refusals() async throws {
        let model = try await GenerationFixtures.model { configuration in
            configuration.maximumSequences = 2
            configuration.maximumWaiting = 1
        }
        var biased = GenerationFixtures.request()
        biased.sampling.logitBias = [320: 1]
        await #expect(throws: GenerationError.self) { try await model.start(biased) }
        biased.sampling.logitBias = [-1: 1]
        let error = await #expect(throws: GenerationError.self) { try await model.start(biased) }
        #expect(error?.code == .invalidParameter && error?.parameter == .logitBias)
        let many = await #expect(throws: GenerationError.self) {
            try await model.start(GenerationFixtures.request(choices: 4))
        }
        #expect(many?.code == .invalidParameter && many?.parameter == .choices)
        #expect(model.engine.pendingSequences == 0)
    }

    @Test("A bias decides the reply")
    func bias() async throws {
        let model = try await GenerationFixtures.model()
        let token = try #require(model.tokenizer.token(forText: "z"))
        var request = GenerationFixtures.request(maximum: 5)
        request.sampling.logitBias = [token: 100]
        let reply = try await GenerationFixtures.reply(request, by: model)
        #expect(reply.text == "zzzzz")
    }
}
