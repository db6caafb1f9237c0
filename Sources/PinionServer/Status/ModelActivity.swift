import Synchronization
package import TextGeneration

/// What a model does now, and did in the last hour, in fixed memory: some 110 kB.
///
/// The engine tells it on its own thread, several times a step: each call takes one short lock and allocates nothing.
package final class ModelActivity: Sendable {
    /// How the model's share of the memory is divided, in bytes.
    package struct Memory: Sendable, Equatable {
        package var weights: Int
        package var cache: Int
        /// Buffers, and what the rest of the process needs for the model.
        package var other: Int

        package init(weights: Int, cache: Int, other: Int) {
            (self.weights, self.cache, self.other) = (weights, cache, other)
        }
    }

    /// What the engine holds.
    package struct Occupancy: Sendable, Equatable {
        package var running = 0
        package var waiting = 0
        /// Tokens that the cache's blocks of running sequences have room for.
        package var usedTokens = 0
        /// Tokens that the blocks of ended sequences have room for, in which prefixes can be found.
        package var keptTokens = 0
        /// Tokens that blank blocks have room for.
        package var freeTokens = 0

        package init() {}

        package init(running: Int, waiting: Int, usedTokens: Int, keptTokens: Int, freeTokens: Int) {
            (self.running, self.waiting) = (running, waiting)
            (self.usedTokens, self.keptTokens, self.freeTokens) = (usedTokens, keptTokens, freeTokens)
        }
    }

    /// A minute of the model.
    struct Minute: TimeSlot {
        /// Of requests that ended.
        var promptTokens = 0
        var cachedTokens = 0
        var generatedTokens = 0
        var mostRunning = 0
        var mostWaiting = 0
        var firstToken = TimeHistogram()
        var gap = TimeHistogram()

        mutating func clear() {
            (promptTokens, cachedTokens, generatedTokens, mostRunning, mostWaiting) = (0, 0, 0, 0, 0)
            firstToken.clear()
            gap.clear()
        }

        mutating func add(_ other: Minute) {
            promptTokens += other.promptTokens
            cachedTokens += other.cachedTokens
            generatedTokens += other.generatedTokens
            mostRunning += other.mostRunning
            mostWaiting += other.mostWaiting
            firstToken.add(other.firstToken)
            gap.add(other.gap)
        }
    }

    private struct Second: TimeSlot {
        var generatedTokens = 0

        mutating func clear() { generatedTokens = 0 }
    }

    private struct State {
        var minutes = TimeRing<Minute>(slots: ServerActivity.minutes, of: .seconds(60))
        /// The second that runs, and those that the present rate is taken from.
        var seconds = TimeRing<Second>(slots: ModelActivity.rateSeconds + 1, of: .seconds(1))
        var occupancy = Occupancy()
        var memory: Memory?
    }

    /// Whole seconds that the present rate of tokens is taken from.
    private static let rateSeconds = 10

    private let clock: ServerActivity.Clock
    private let state = Mutex(State())

    init(clock: @escaping ServerActivity.Clock) {
        self.clock = clock
    }

    /// The model is loaded.
    package func loaded(_ memory: Memory) { state.withLock { $0.memory = memory } }

    /// A step sampled tokens.
    package func generated(_ tokens: Int) {
        guard tokens > 0 else { return }
        let now = clock()
        state.withLock { state in
            state.minutes.update(at: now) { $0.generatedTokens += tokens }
            state.seconds.update(at: now) { $0.generatedTokens += tokens }
        }
    }

    package func occupied(_ occupancy: Occupancy) {
        let now = clock()
        state.withLock { state in
            state.occupancy = occupancy
            state.minutes.update(at: now) {
                $0.mostRunning = max($0.mostRunning, occupancy.running)
                $0.mostWaiting = max($0.mostWaiting, occupancy.waiting)
            }
        }
    }

    /// A stream has more tokens, that long after its last ones.
    package func continued(after gap: Duration) {
        let now = clock()
        state.withLock { $0.minutes.update(at: now) { $0.gap.record(gap) } }
    }

    /// A reply has its first text, that long after its request was whole.
    package func began(after time: Duration) {
        let now = clock()
        state.withLock { $0.minutes.update(at: now) { $0.firstToken.record(time) } }
    }

    /// A generation ended.
    package func ended(_ usage: Usage) {
        let now = clock()
        state.withLock { state in
            state.minutes.update(at: now) {
                $0.promptTokens += usage.promptTokens
                $0.cachedTokens += usage.cachedTokens ?? 0
            }
        }
    }

    /// Tells what the model does, and adds its minutes to those of other models.
    ///
    /// - Parameters:
    ///   - id: The model's.
    ///   - hour: As many minutes as there are, the oldest first.
    func report(of id: String, at now: Duration, addingTo hour: inout [Minute]) -> ActivityReport.Model {
        state.withLock { state in
            var tokens = 0
            state.seconds.read(at: now) { if $0 > 0 { tokens += $1.generatedTokens } }
            var model = ActivityReport.Model(
                id: id, occupancy: state.occupancy, memory: state.memory,
                tokensPerSecond: Double(tokens) / Double(Self.rateSeconds))
            let last = hour.count - 1
            state.minutes.read(at: now) { ago, minute in
                hour[last - ago].add(minute)
                model.promptTokens += minute.promptTokens
                model.cachedTokens += minute.cachedTokens
                model.generatedTokens += minute.generatedTokens
            }
            return model
        }
    }
}
