/// An engine's access to the process's worker threads, which run each operation together with the caller's thread.
///
///     let team = WorkerTeam(workers: 2)
///     team.lease {                                      // once per step
///         team.forEach(rows, grain: 16) { multiply($0) }
///         team.forEach(tokens, grain: 4) { normalise($0) }
///     }
///
/// The threads are the same for all teams of a process, so that two models do not use more cores than one: a team leases
/// them for a step, and teams that ask meanwhile get them in the order in which they asked.
/// Not `Sendable`: only the thread that created the team may call it; that thread is worker 0.
package final class WorkerTeam {
    package let workers: Int
    private let threads: WorkerThreads
    private var isLeased = false

    /// - Parameters:
    ///   - workers: How many compute together, the caller's thread included.
    ///   - threads: The others are taken from these.
    package init(workers: Int, of threads: WorkerThreads = .process) {
        precondition(workers > 0, "a team has at least one worker")
        self.workers = workers
        self.threads = threads
        threads.provide(workers: workers)
    }

    /// Runs `body` while no other team uses the threads, waiting for them first.
    package func lease<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        guard !isLeased else { return try body() }
        threads.lease.lock()
        isLeased = true
        defer {
            isLeased = false
            threads.lease.unlock()
        }
        return try body()
    }

    /// Runs `body` over `0..<count`, shared out among the workers; returns when all is done.
    ///
    /// Each worker has a stretch of pieces of `grain`, and takes from the others' when done with its own. A stretch is
    /// contiguous, so that a worker reads the weights behind it in one stream.
    /// Which worker gets which piece varies from run to run; results must not depend on it.
    /// Outside ``lease(_:)`` the threads are leased for this operation alone, so that loading one model lets the steps of
    /// another pass.
    package func forEach(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
        guard count > 0 else { return }
        let grain = max(grain, 1)
        guard workers > 1, count > grain else { return body(0..<count) }
        guard isLeased else { return lease { share(count, grain, body) } }
        share(count, grain, body)
    }

    private func share(_ count: Int, _ grain: Int, _ body: (Range<Int>) -> Void) {
        withoutActuallyEscaping(body) { escapable in
            withUnsafePointer(to: escapable) { threads.perform($0, count: count, grain: grain, workers: workers) }
        }
    }
}
