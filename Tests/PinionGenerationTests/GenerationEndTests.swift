import PinionEngine
import PinionGeneration
import PinionTokenizer
import Testing

@Suite("Ends and refusals of a generation", .timeLimit(.minutes(1)))
struct GenerationEndTests {
    @Test("A cancelled generation leaves the engine, and its reader is told")
    func cancel() async throws {
        let model = try await GenerationFixtures.model()
        var stopped = 0
        for attempt in 0..<10 {
            let generation = try await model.generate(
                GenerationFixtures.request(maximum: nil, seed: UInt64(attempt), choices: 12, logprobs: 20))
            do {
                // The first events, then the end in mid reply.
                for _ in 0..<attempt { _ = try await generation.next() }
                generation.cancel()
                #expect(try await GenerationFixtures.eventually { model.engine.pendingSequences == 0 })
                while try await generation.next() != nil {}
            } catch let error as GenerationError {
                #expect(error.code == .interrupted)
                stopped += 1
            }
        }
        // On a busy machine a reply may be complete before it is cancelled, but not every time.
        #expect(stopped > 0)
        let after = try await GenerationFixtures.collect(model.generate(GenerationFixtures.request()))
        #expect(after.completionTokens == 40)
    }

    @Test("Cancelling the reading task ends the wait, and the generation can still be cancelled")
    func readerCancellation() async throws {
        let model = try await GenerationFixtures.model()
        let generation = try await model.generate(GenerationFixtures.request(maximum: nil, choices: 12, logprobs: 20))
        let reader = Task { while try await generation.next() != nil {} }
        reader.cancel()
        await #expect(throws: CancellationError.self) { try await reader.value }
        generation.cancel()
        #expect(try await GenerationFixtures.eventually { model.engine.pendingSequences == 0 })
    }

    @Test("A prompt that fills the context is refused with its length")
    func promptTooLong() async throws {
        let model = try await GenerationFixtures.model { $0.contextLength = 64 }
        let request = GenerationFixtures.request(String(repeating: "the light ", count: 60))
        let length = try model.prompt(for: request).count
        let error = await #expect(throws: GenerationError.self) { try await model.generate(request) }
        #expect(error?.code == .promptTooLong && error?.promptTokens == length)
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
        await #expect(throws: GenerationError.self) { try await model.generate(biased) }
        biased.sampling.logitBias = [-1: 1]
        let error = await #expect(throws: GenerationError.self) { try await model.generate(biased) }
        #expect(error?.code == .invalidRequest && error?.parameter == .logitBias)
        let many = await #expect(throws: GenerationError.self) {
            try await model.generate(GenerationFixtures.request(choices: 4))
        }
        #expect(many?.code == .overloaded)
        #expect(model.engine.pendingSequences == 0)
    }

    @Test("A bias decides the reply")
    func bias() async throws {
        let model = try await GenerationFixtures.model()
        let token = try #require(model.tokenizer.token(forText: "z"))
        var request = GenerationFixtures.request(maximum: 5)
        request.sampling.logitBias = [token: 100]
        let reply = try await GenerationFixtures.collect(model.generate(request))
        #expect(reply.text == "zzzzz")
    }
}
