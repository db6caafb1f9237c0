import PinionEngine
import PinionTensor
import Synchronization
import Testing

@Suite("Constraints")
struct ConstraintTests {
    /// Two words with gaps in which the model says what it likes.
    private static let form: [FixedForm.Piece] = [
        .fixed([40, 41, 42, 43, 44, 45]), .free(5), .fixed([50, 51, 52]), .free(3), .fixed([60, 61, 62, 63]),
    ]
    private static let length = 21

    private static func request(
        _ seed: UInt64, choices: Int = 1, temperature: Float = 1, maximum: Int? = length,
        _ constraint: () -> (any TokenConstraint)?
    ) -> (request: EngineRequest, sinks: [RecordingSink]) {
        let sinks = (0..<choices).map { _ in RecordingSink() }
        var request = EngineTests.request(
            EngineTests.prompt(Int(seed), 30), sinks, maximum: maximum, seed: seed, temperature: temperature)
        request.sampling.logprobs = 2
        for index in request.choices.indices { request.choices[index].constraint = constraint() }
        return (request, sinks)
    }

    private static func replies(
        _ engine: Engine, _ requests: [(request: EngineRequest, sinks: [RecordingSink])]
    ) throws -> [[SampledToken]] {
        for (request, _) in requests { try engine.submit(request) }
        return try requests.flatMap(\.sinks).map { try #require($0.wait()).tokens }
    }

    @Test("Only allowed tokens are drawn, whatever temperature, cuts, bias and penalties say", arguments: [0, 0.7, 2])
    func allowed(_ temperature: Float) async throws {
        let engine = try await EngineTests.engine()
        let set: Set<Int32> = [3, 64, 65, 127, 128, 299]
        var (request, sinks) = Self.request(1, choices: 3, temperature: temperature, maximum: 60) { AllowedSet(set) }
        // What is forbidden is no bias away.
        request.sampling.logitBias = [5: 100, 3: -1]
        request.sampling.frequencyPenalty = 0.5
        request.sampling.topK = 4
        request.sampling.minP = 0.01
        let replies = try Self.replies(engine, [(request, sinks)])
        #expect(replies.allSatisfy { $0.count == 60 && set.isSuperset(of: $0.map(\.id)) })
        // Greedy with penalties, and every draw, visits more than one of them.
        #expect(Set(replies.flatMap { $0.map(\.id) }).count > 2)
    }

    @Test("Log probabilities are the model's own, before anything was forbidden")
    func reports() async throws {
        let engine = try await EngineTests.engine()
        let free = try Self.replies(engine, [Self.request(2, maximum: 1) { nil }])[0][0]
        let bound = try Self.replies(engine, [Self.request(2, maximum: 1) { AllowedSet([9]) }])[0][0]
        #expect(bound.id == 9)
        #expect(bound.alternatives == free.alternatives)
        #expect((bound.logprob ?? 0) < (bound.alternatives.last?.logprob ?? 0))
    }

    @Test("A form with gaps reads the same with drafts and without, alone and in a crowd, and forced tokens save steps")
    func forced() async throws {
        let plain = try await EngineTests.engine { $0.speculation = false }
        let speculating = try await EngineTests.engine { $0.speculation = true }
        func requests() -> [(request: EngineRequest, sinks: [RecordingSink])] {
            (1...6).map { Self.request(UInt64($0), choices: 1 + $0 % 3) { FixedForm(Self.form) } }
        }
        let count = requests().count
        let alone = try (0..<count).flatMap { try Self.replies(plain, [requests()[$0]]) }
        for reply in alone {
            #expect(Array(reply.map(\.id).prefix(6)) == [40, 41, 42, 43, 44, 45])
            #expect(Array(reply.map(\.id)[11..<14]) == [50, 51, 52])
            #expect(Array(reply.map(\.id).suffix(4)) == [60, 61, 62, 63])
        }
        #expect(try (0..<count).flatMap { try Self.replies(speculating, [requests()[$0]]) } == alone)
        #expect(try Self.replies(speculating, requests()) == alone)
        #expect(try Self.replies(plain, requests()) == alone)
        #expect(speculating.statistics.acceptedTokens > 100)
        #expect(speculating.statistics.steps < plain.statistics.steps * 3 / 4)
        // A forced token is never refused.
        let only = try await EngineTests.engine()
        _ = try Self.replies(only, [Self.request(1, maximum: 6) { FixedForm(Self.form) }])
        #expect(only.statistics.draftedTokens == only.statistics.acceptedTokens)
        // Of six tokens the first comes with the prompt, and the last needs no draft.
        #expect(only.statistics.draftedTokens == 4)
    }

    @Test("A forced token takes its position's random number, so that what follows is what was drawn without the force")
    func randomNumbers() async throws {
        let engine = try await EngineTests.engine()
        let free = try Self.replies(engine, [Self.request(3, maximum: 12) { nil }])[0]
        let start = free.prefix(6).map(\.id)
        let bound = try Self.replies(
            engine, [Self.request(3, maximum: 12) { FixedForm([.fixed(start), .free(6)]) }])[0]
        #expect(bound == free)
    }

    @Test("Neighbours of a constrained request keep every bit")
    func neighbours() async throws {
        let engine = try await EngineTests.engine()
        let expected = try Self.replies(engine, [Self.request(4, maximum: 40) { nil }])
        let crowd =
            [Self.request(4, maximum: 40) { nil }]
            + (5...7).map { seed in Self.request(UInt64(seed), choices: 2) { FixedForm(Self.form) } }
        #expect(try Self.replies(engine, crowd)[0] == expected[0])
    }

    @Test("A reply that nothing may follow ends so, again and again, and the engine is none the worse")
    func nothingAllowed() async throws {
        let engine = try await EngineTests.engine()
        for seed in 1...6 as ClosedRange<UInt64> {
            let (request, sinks) = Self.request(seed) { FixedForm([.fixed([7, 8]), .dead]) }
            try engine.submit(request)
            let result = try #require(sinks[0].wait())
            #expect(result.ids == [7, 8])
            #expect(result.outcome.reason == .nothingAllowed && result.outcome.generatedTokens == 2)
        }
        #expect(engine.isReady)
        #expect(try Self.replies(engine, [Self.request(1, maximum: 3) { nil }])[0].count == 3)
    }

    @Test("A constraint is asked once for each token, hears of each that was drawn, and of no end token")
    func calls() async throws {
        for speculation in [false, true] {
            let engine = try await EngineTests.engine { $0.speculation = speculation }
            let constraint = AllowedSet([21, 22, 23])
            var (request, sinks) = Self.request(5, maximum: 50) { constraint }
            let free = try Self.replies(engine, [(request, sinks)])[0].map(\.id)
            #expect(constraint.asked == 50 && constraint.heard == free)
            let again = AllowedSet([21, 22, 23])
            (request, sinks) = Self.request(5, maximum: 50) { again }
            request.endTokens = [free[20]]
            let ended = try Self.replies(engine, [(request, sinks)])[0].map(\.id)
            #expect(again.heard == ended && again.asked == ended.count + 1)
        }
    }

    @Test("A mask forbids exactly what it does not allow", arguments: [1, 63, 64, 65, 300])
    func masks(_ vocabulary: Int) {
        var mask = TokenMask(vocabulary: vocabulary)
        let allowed = (0..<vocabulary).filter { $0 % 3 == 0 }
        for id in allowed { mask[Int32(id)] = true }
        mask[0] = false
        mask[0] = true
        var logits = (0..<vocabulary).map(Float.init)
        logits.withUnsafeMutableBufferPointer { mask.forbidOthers(in: $0) }
        #expect(logits.indices.filter { logits[$0] > -.infinity } == allowed)
        mask.fill(true)
        var all = (0..<vocabulary).map(Float.init)
        all.withUnsafeMutableBufferPointer { mask.forbidOthers(in: $0) }
        #expect(all == (0..<vocabulary).map(Float.init))
    }
}

/// Allows a set of tokens at every place, and remembers its calls.
private final class AllowedSet: TokenConstraint {
    private let ids: Set<Int32>
    private let calls = Mutex<(asked: Int, heard: [Int32])>((0, []))

    var asked: Int { calls.withLock { $0.asked } }
    var heard: [Int32] { calls.withLock { $0.heard } }

    init(_ ids: Set<Int32>) {
        self.ids = ids
    }

    func markAllowed(in mask: inout TokenMask) {
        calls.withLock { $0.asked += 1 }
        for id in ids { mask[id] = true }
    }

    func advance(_ token: Int32) {
        calls.withLock { $0.heard.append(token) }
    }
}

/// Fixed texts with gaps of free tokens between them; forces what is fixed.
private final class FixedForm: TokenConstraint {
    enum Piece {
        case fixed([Int32])
        case free(Int)
        /// A place where nothing is allowed.
        case dead
    }

    /// For each place the token that must stand there, or nil for any.
    private let places: [Int32?]
    private let isDead: Bool
    private let place = Mutex(0)

    init(_ pieces: [Piece]) {
        var places: [Int32?] = []
        var isDead = false
        for piece in pieces {
            switch piece {
            case .fixed(let ids): places += ids.map(Optional.some)
            case .free(let count): places += Array(repeating: nil, count: count)
            case .dead: isDead = true
            }
        }
        self.places = places
        self.isDead = isDead
    }

    func markAllowed(in mask: inout TokenMask) {
        let place = place.withLock { $0 }
        if place < places.count, let id = places[place] {
            mask[id] = true
        } else if place < places.count || !isDead {
            mask.fill(true)
        }
    }

    func advance(_ token: Int32) {
        place.withLock { $0 += 1 }
    }

    func forced(atMost limit: Int) -> [Int32] {
        places.dropFirst(place.withLock { $0 }).prefix(limit).prefix { $0 != nil }.compactMap { $0 }
    }
}
