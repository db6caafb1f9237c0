import Dispatch
import Synchronization
package import TextGeneration

/// Shares the work of rendering and tokenizing prompts between tenants, one slice at a time.
///
///     let tokens = try await queue.run(tenant: key, size: bytes) { endSlice throws(GenerationError) in
///         try prompts.encode(request, limit: 8192, endSlice: endSlice)
///     }
///
/// The work runs on threads of its own, off the cooperative pool, whose few threads have streams to serve. One prompt is
/// worked on at a time: at the end of each slice its thread asks ``PromptSchedule`` whose turn it is, wakes that prompt's
/// thread and sleeps until its own next turn. Each prompt that is begun has a thread, rather than its work being a value
/// that can be put aside, because a template is rendered by recursion; few are begun at a time.
package final class PromptQueue: Sendable {
    /// Called by the work after each slice with how much was done; may let other prompts go first.
    ///
    /// Returns false when the request was cancelled, and the work has to end.
    package typealias EndSlice = (_ work: Int) -> Bool

    private struct Job {
        /// Does the work and reports; without a turn reports that it was abandoned.
        let body: @Sendable (EndSlice?) -> Void
        let isAbandoned: Flag
        /// Signalled when the turn comes back to a prompt that was begun.
        let turn = DispatchSemaphore(value: 0)
        var isBegun = false
    }

    private struct State {
        var schedule = PromptSchedule()
        var jobs: [PromptSchedule.ID: Job] = [:]
        /// The prompt whose turn it is; nil while there is no work.
        var running: PromptSchedule.ID?

        /// Gives the turn to the prompt that is due.
        mutating func pass() -> Turn? {
            running = schedule.next()
            guard let id = running, let job = jobs[id] else { return nil }
            jobs[id]?.isBegun = true
            return Turn(id: id, job: job)
        }
    }

    private struct Turn {
        let id: PromptSchedule.ID
        /// As it was before this turn.
        let job: Job
    }

    private final class Flag: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    private let state = Mutex(State())
    private let lastID = Atomic<PromptSchedule.ID>(0)

    package init() {}

    /// Does work when its turn comes; cancelling the task ends it within a slice.
    ///
    /// - Parameter size: Bytes of the texts that the work is about.
    /// - Throws: What the work throws; ``GenerationError/Code/interrupted`` when the task is cancelled.
    package func run<Value: Sendable>(
        tenant: String, size: Int, _ work: @escaping @Sendable (@escaping EndSlice) throws(GenerationError) -> Value
    ) async throws(GenerationError) -> Value {
        let id = lastID.add(1, ordering: .relaxed).newValue
        let isAbandoned = Flag()
        let result: Result<Value, GenerationError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let job = Job(
                    body: { endSlice in
                        let result = Result { () throws(GenerationError) in
                            guard let endSlice else { throw Self.abandoned }
                            return try work(endSlice)
                        }
                        continuation.resume(returning: result)
                    }, isAbandoned: isAbandoned)
                enter(id, job, tenant: tenant, size: size)
            }
        } onCancel: {
            abandon(id, isAbandoned)
        }
        return try result.get()
    }

    private static var abandoned: GenerationError { GenerationError(.interrupted, "the request was cancelled") }

    private func enter(_ id: PromptSchedule.ID, _ job: Job, tenant: String, size: Int) {
        let (isRefused, turn) = state.withLock { state -> (Bool, Turn?) in
            // Abandoned before it could be found in the queue.
            if job.isAbandoned.isSet.load(ordering: .relaxed) { return (true, nil) }
            state.schedule.add(id, tenant: tenant, size: size)
            state.jobs[id] = job
            return (false, state.running == nil ? state.pass() : nil)
        }
        if isRefused { job.body(nil) }
        give(turn)
    }

    /// Takes a prompt out of the queue; one that was begun has the next turn, in which it ends itself.
    private func abandon(_ id: PromptSchedule.ID, _ flag: Flag) {
        flag.isSet.store(true, ordering: .relaxed)
        let job = state.withLock { state -> Job? in
            guard let job = state.jobs[id] else { return nil }
            if job.isBegun {
                state.schedule.hasten(id)
                return nil
            }
            state.schedule.remove(id)
            return state.jobs.removeValue(forKey: id)
        }
        job?.body(nil)
    }

    private func give(_ turn: Turn?) {
        guard let turn else { return }
        if turn.job.isBegun {
            turn.job.turn.signal()
            return
        }
        // A serial queue of its own always gets a thread: the others' threads may all be asleep between their turns.
        DispatchQueue(label: "pinion.prompt").async { [self] in
            turn.job.body { [self] work in endSlice(of: turn.id, turn.job, work: work) }
            give(
                state.withLock { state in
                    state.schedule.remove(turn.id)
                    state.jobs[turn.id] = nil
                    return state.pass()
                })
        }
    }

    /// Lets the prompt go first that is due, and returns when this one is again.
    ///
    /// - Returns: Whether anybody still waits for this one.
    private func endSlice(of id: PromptSchedule.ID, _ job: Job, work: Int) -> Bool {
        if job.isAbandoned.isSet.load(ordering: .relaxed) { return false }
        let next = state.withLock { state in
            state.schedule.charge(id, work: work)
            return state.pass()
        }
        guard let next, next.id != id else { return true }
        give(next)
        job.turn.wait()
        return !job.isAbandoned.isSet.load(ordering: .relaxed)
    }
}
