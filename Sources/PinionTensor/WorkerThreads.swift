import CPinionKernels
import Foundation
import Synchronization

/// Threads that stay, and compute beside the thread of whichever ``WorkerTeam`` has leased them.
///
/// Waiting spins briefly, so that the next operation of a step starts within a microsecond, then parks, so that an idle
/// process uses no processor. The caller waits for workers that have taken a piece, never for one that the system has
/// not let run: on a busy machine an operation is then done by those who are there.
package final class WorkerThreads: Sendable {
    /// Turns of the spinning wait before a worker parks: some tens of microseconds, longer than any gap inside a step.
    private static let spinTurns = 20_000
    /// Turns of waiting for the others before the caller offers its core to the system.
    private static let turnsBeforeYield = 2_000
    private static let stackBytes = 1 << 20

    /// The threads that all engines of this process share.
    package static let process = WorkerThreads()

    /// Held by the team that may use the threads.
    let lease = FairLock()
    private let shared = Shared()

    package init() {}

    deinit {
        shared.stop()
    }

    /// Starts the threads that a team of so many workers needs beside those that run already; they are never fewer again.
    func provide(workers: Int) {
        lease.lock()
        defer { lease.unlock() }
        for index in shared.grow(to: workers) {
            let thread = Thread { [shared] in shared.work(index) }
            thread.name = "pinion-worker-\(index)"
            thread.stackSize = Self.stackBytes
            thread.start()
        }
    }

    /// Runs a job of `count` in pieces of `grain` on the first `workers` threads, the caller's included, which has the
    /// lease.
    func perform(_ job: UnsafePointer<(Range<Int>) -> Void>, count: Int, grain: Int, workers: Int) {
        shared.perform(job, count: count, grain: grain, workers: workers)
    }

    /// What the threads share.
    ///
    /// A job is open while `generation` is odd. A worker enters by raising `active` and then looking at `generation`
    /// again; the caller closes the job and then looks at `active`. Both are sequentially consistent, so either the
    /// worker sees the job closed and leaves it alone, or the caller sees the worker and waits.
    ///
    /// - Note: `@unchecked Sendable` is sound because `job`, `count`, `grain`, `workers` and `stretches` are written only by
    ///   the thread that has the lease, while no job is open and no worker is active, and everything else is atomic or under
    ///   `condition`.
    private final class Shared: @unchecked Sendable {
        typealias Body = (Range<Int>) -> Void

        private let generation = Atomic<Int>(0)
        private let active = Atomic<Int>(0)
        private let parked = Atomic<Int>(0)
        private let stopping = Atomic<Bool>(false)
        private let condition = NSCondition()
        private var stretches = Stretches(capacity: 1)
        private var job: UnsafePointer<Body>?
        private var count = 0
        private var grain = 1
        /// Workers of the job, the caller included; threads beyond them leave it alone.
        private var workers = 1

        deinit { stretches.deallocate() }

        /// Makes room for more workers.
        ///
        /// - Returns: The numbers of those that are new.
        func grow(to workers: Int) -> Range<Int> {
            let present = stretches.capacity
            guard workers > present else { return present..<present }
            stretches.deallocate()
            stretches = Stretches(capacity: workers)
            return present..<workers
        }

        func perform(_ job: UnsafePointer<Body>, count: Int, grain: Int, workers: Int) {
            self.job = job
            self.count = count
            self.grain = grain
            self.workers = workers
            stretches.share((count + grain - 1) / grain, among: workers)
            raiseGeneration()
            takePieces(0)
            generation.add(1, ordering: .sequentiallyConsistent)
            var turns = 0
            while active.load(ordering: .sequentiallyConsistent) > 0 {
                turns += 1
                if turns < WorkerThreads.turnsBeforeYield { pn_spin_pause() } else { sched_yield() }
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
            // Read once: none of them changes while the job is open, which the compiler cannot know of a class's variables.
            let (stretches, workers, count, grain) = (stretches, workers, count, grain)
            guard let job, worker < workers else { return }
            for turn in 0..<workers {
                let stretch = (worker + turn) % workers
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
            for _ in 0..<WorkerThreads.spinTurns {
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
/// Plain pointers: counting references to it would make the workers wait for each other's cache lines.
private struct Stretches {
    /// Apart by two cache lines, as the hardware fetches them in pairs: workers must not slow each other down.
    private struct Place: ~Copyable {
        let next = Atomic<Int>(0)
        /// Written only while no job is open.
        var end = 0
        private let padding: (Padding, Padding) = (Padding(), Padding())
        private struct Padding {
            private let words: (Int, Int, Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0, 0, 0)
        }
    }

    /// Workers for whom there is a stretch.
    let capacity: Int
    private let places: UnsafeMutablePointer<Place>

    init(capacity: Int) {
        self.capacity = capacity
        places = .allocate(capacity: capacity)
        for index in 0..<capacity { (places + index).initialize(to: Place()) }
    }

    func deallocate() {
        places.deinitialize(count: capacity)
        places.deallocate()
    }

    func share(_ pieces: Int, among workers: Int) {
        precondition(workers <= capacity, "a job for \(workers) workers, of whom there are \(capacity)")
        for index in 0..<workers {
            places[index].next.store(pieces * index / workers, ordering: .relaxed)
            places[index].end = pieces * (index + 1) / workers
        }
    }

    /// The next piece of a stretch; nil when it is done.
    func take(_ stretch: Int) -> Int? {
        let end = places[stretch].end
        // Looked at before it is raised: a stretch that is done costs the others no exchange of cache lines.
        guard places[stretch].next.load(ordering: .relaxed) < end else { return nil }
        let piece = places[stretch].next.add(1, ordering: .relaxed).oldValue
        return piece < end ? piece : nil
    }
}
