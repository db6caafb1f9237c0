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
    private let shared = Shared()

    package init(workers: Int) {
        precondition(workers > 0, "a team has at least one worker")
        self.workers = workers
        for index in 1..<workers {
            let thread = Thread { [shared] in shared.work() }
            thread.name = "pinion-worker-\(index)"
            thread.stackSize = Self.stackBytes
            thread.start()
        }
    }

    deinit {
        shared.stop()
    }

    /// Splits `0..<count` into pieces of `grain` that idle workers take in turn; returns when all are done.
    ///
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
        private let next = Atomic<Int>(0)
        private let parked = Atomic<Int>(0)
        private let stopping = Atomic<Bool>(false)
        private let condition = NSCondition()
        private var job: UnsafePointer<Body>?
        private var count = 0
        private var grain = 1

        func perform(_ job: UnsafePointer<Body>, count: Int, grain: Int) {
            self.job = job
            self.count = count
            self.grain = grain
            next.store(0, ordering: .relaxed)
            raiseGeneration()
            takePieces()
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

        func work() {
            var seen = 0
            while true {
                seen = waitForJob(after: seen)
                active.add(1, ordering: .sequentiallyConsistent)
                if generation.load(ordering: .sequentiallyConsistent) == seen {
                    if stopping.load(ordering: .sequentiallyConsistent) { return }
                    takePieces()
                }
                active.subtract(1, ordering: .sequentiallyConsistent)
            }
        }

        /// Apart from its callers, so that the closure is released here and not after `active` says that this worker is out.
        @inline(never)
        private func takePieces() {
            guard let job else { return }
            while true {
                let start = next.add(grain, ordering: .relaxed).oldValue
                guard start < count else { return }
                job.pointee(start..<min(start + grain, count))
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
