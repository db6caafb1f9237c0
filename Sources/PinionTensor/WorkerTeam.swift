import CPinionKernels
import Foundation
import Synchronization

/// Persistent threads that run each operation together; the caller's thread is worker 0.
///
/// Waiting spins briefly, so that the next operation of a step starts within a microsecond, then parks, so that an idle
/// engine uses no processor. The caller waits for workers that have taken a piece, never for one that the system has
/// not let run: on a busy machine an operation is then done by those who are there.
/// Not `Sendable`: only the thread that created the team may call it.
package final class WorkerTeam {
    /// Turns of the spinning wait before a worker parks: some tens of microseconds, longer than any gap inside a step.
    private static let spinTurns = 20_000
    /// Turns of waiting for the others before the caller offers its core to the system.
    private static let turnsBeforeYield = 2_000
    private static let stackBytes = 1 << 20

    package let workers: Int
    private let shared: Shared

    package init(workers: Int) {
        precondition(workers > 0, "a team has at least one worker")
        self.workers = workers
        shared = Shared(workers: workers)
        for index in 1..<workers {
            let thread = Thread { [shared] in shared.work(index) }
            thread.name = "pinion-worker-\(index)"
            thread.stackSize = Self.stackBytes
            thread.start()
        }
    }

    deinit {
        shared.stop()
    }

    /// Runs `body` over `0..<count`, shared out among the workers; returns when all is done.
    ///
    /// Each worker has a stretch of pieces of `grain`, and takes from the others' when done with its own. A stretch is
    /// contiguous, so that a worker reads the weights behind it in one stream.
    /// Which worker gets which piece varies from run to run; results must not depend on it.
    package func forEach(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
        guard count > 0 else { return }
        let grain = max(grain, 1)
        guard workers > 1, count > grain else { return body(0..<count) }
        withoutActuallyEscaping(body) { escapable in
            withUnsafePointer(to: escapable) { shared.perform($0, count: count, grain: grain) }
        }
    }

    /// What the threads share.
    ///
    /// A job is open while `generation` is odd. A worker enters by raising `active` and then looking at `generation`
    /// again; the caller closes the job and then looks at `active`. Both are sequentially consistent, so either the
    /// worker sees the job closed and leaves it alone, or the caller sees the worker and waits.
    ///
    /// - Note: `@unchecked Sendable` is sound because `job`, `count` and `grain` are written only while no job is open and
    ///   no worker is active, and everything else is atomic or under `condition`.
    private final class Shared: @unchecked Sendable {
        typealias Body = (Range<Int>) -> Void

        private let generation = Atomic<Int>(0)
        private let active = Atomic<Int>(0)
        /// The next piece of each worker's stretch.
        private let stretches: Stretches
        private let parked = Atomic<Int>(0)
        private let stopping = Atomic<Bool>(false)
        private let condition = NSCondition()
        private var job: UnsafePointer<Body>?
        private var count = 0
        private var grain = 1

        init(workers: Int) { stretches = Stretches(count: workers) }

        func perform(_ job: UnsafePointer<Body>, count: Int, grain: Int) {
            self.job = job
            self.count = count
            self.grain = grain
            stretches.share((count + grain - 1) / grain)
            raiseGeneration()
            takePieces(0)
            generation.add(1, ordering: .sequentiallyConsistent)
            var turns = 0
            while active.load(ordering: .sequentiallyConsistent) > 0 {
                turns += 1
                if turns < WorkerTeam.turnsBeforeYield { pn_spin_pause() } else { sched_yield() }
            }
        }

        func stop() {
            stopping.store(true, ordering: .sequentiallyConsistent)
            raiseGeneration()
        }

        func work(_ worker: Int) {
            var seen = 0
            while true {
                seen = waitForJob(after: seen)
                active.add(1, ordering: .sequentiallyConsistent)
                if generation.load(ordering: .sequentiallyConsistent) == seen {
                    if stopping.load(ordering: .sequentiallyConsistent) { return }
                    takePieces(worker)
                }
                active.subtract(1, ordering: .sequentiallyConsistent)
            }
        }

        /// Apart from its callers, so that the closure is released here and not after `active` says that this worker is out.
        @inline(never)
        private func takePieces(_ worker: Int) {
            guard let job else { return }
            for turn in 0..<stretches.count {
                let stretch = (worker + turn) % stretches.count
                while let piece = stretches.take(stretch) {
                    let start = piece * grain
                    job.pointee(start..<min(start + grain, count))
                }
            }
        }

        private func raiseGeneration() {
            generation.add(1, ordering: .sequentiallyConsistent)
            guard parked.load(ordering: .sequentiallyConsistent) > 0 else { return }
            condition.lock()
            condition.broadcast()
            condition.unlock()
        }

        /// The generation of an open job that this worker has not seen.
        private func waitForJob(after seen: Int) -> Int {
            for _ in 0..<WorkerTeam.spinTurns {
                let current = generation.load(ordering: .acquiring)
                if current != seen && current % 2 == 1 { return current }
                pn_spin_pause()
            }
            condition.lock()
            defer { condition.unlock() }
            // Announced before the last look, so that whoever opens a job either is seen or sees this.
            parked.add(1, ordering: .sequentiallyConsistent)
            defer { parked.subtract(1, ordering: .sequentiallyConsistent) }
            while true {
                let current = generation.load(ordering: .sequentiallyConsistent)
                if current != seen && current % 2 == 1 { return current }
                condition.wait()
            }
        }
    }
}

/// Pieces of a job, divided into one contiguous stretch per worker.
///
/// - Note: `@unchecked Sendable` is sound because `ends` is written only while no job is open, and the rest is atomic.
private final class Stretches: @unchecked Sendable {
    /// Apart by two cache lines, as the hardware fetches them in pairs: workers must not slow each other down.
    private struct Place: ~Copyable {
        let next = Atomic<Int>(0)
        private let padding: (Padding, Padding) = (Padding(), Padding())
        private struct Padding {
            private let words: (Int, Int, Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0, 0, 0)
        }
    }

    let count: Int
    private let places: UnsafeMutablePointer<Place>
    private var ends: [Int]

    init(count: Int) {
        self.count = count
        places = .allocate(capacity: count)
        for index in 0..<count { (places + index).initialize(to: Place()) }
        ends = Array(repeating: 0, count: count)
    }

    deinit {
        places.deinitialize(count: count)
        places.deallocate()
    }

    func share(_ pieces: Int) {
        for index in 0..<count {
            places[index].next.store(pieces * index / count, ordering: .relaxed)
            ends[index] = pieces * (index + 1) / count
        }
    }

    /// The next piece of a stretch; nil when it is done.
    func take(_ stretch: Int) -> Int? {
        // Looked at before it is raised: a stretch that is done costs the others no exchange of cache lines.
        guard places[stretch].next.load(ordering: .relaxed) < ends[stretch] else { return nil }
        let piece = places[stretch].next.add(1, ordering: .relaxed).oldValue
        return piece < ends[stretch] ? piece : nil
    }
}
