package import PinionGrammar
import Synchronization
package import TextGeneration

/// The compiled formats of one model, shared by all requests, and the queue of those that are being compiled.
///
///     let grammar = try await cache.grammar(for: .choice(["yes", "no"]), tenant: "key-1")
///
/// Formats are compiled one at a time on a thread of their own. Whose turn it is follows ``PromptSchedule``, so that a
/// tenant with many expensive schemas does not hold up another's small one. Requests of one tenant for a format that is
/// being compiled wait for that compilation; one that is left by all of them ends. Another tenant's request for it has its
/// own turn, and finds the result of the first.
package final class GrammarCache: Sendable {
    package typealias Compile = @Sendable (ReplyPlan) -> Result<FormatGrammar, GrammarError>

    /// Longest time of one compilation.
    package static let longestCompilation = Duration.seconds(GrammarLimits.compileSeconds)

    private typealias Answer = Result<FormatGrammar, GenerationError>

    private struct JobKey: Hashable {
        let tenant: String
        let format: FormatKey
    }

    private struct Job {
        let key: JobKey
        let plan: ReplyPlan
        var waiters: [Waiter: CheckedContinuation<Answer, Never>] = [:]
        var task: Task<Void, Never>?
        /// Ends the task when it takes too long.
        var timer: Task<Void, Never>?
        /// Whether it took longer than ``longestCompilation``.
        var isOverdue = false
    }

    /// A request that waits.
    private final class Waiter: Hashable, Sendable {
        let isGone = Atomic<Bool>(false)

        static func == (left: Waiter, right: Waiter) -> Bool { left === right }
        func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
    }

    private struct State {
        var shelf: GrammarShelf
        var schedule = PromptSchedule()
        var jobs: [PromptSchedule.ID: Job] = [:]
        /// Jobs that a further request can join.
        var open: [JobKey: PromptSchedule.ID] = [:]
        var lastID = 0
        /// The job whose turn it is; nil while there is none.
        var running: PromptSchedule.ID?

        /// Gives the turn to the job that is due, which is returned.
        mutating func pass() -> PromptSchedule.ID? {
            running = schedule.next()
            return running
        }
    }

    private let state: Mutex<State>
    private let executor = CompileExecutor()
    private let observer: (any GrammarObserver)?
    private let compile: Compile

    package init(
        limits: GrammarShelf.Limits = GrammarShelf.Limits(), observer: (any GrammarObserver)? = nil,
        compile: @escaping Compile
    ) {
        state = Mutex(State(shelf: GrammarShelf(limits)))
        self.observer = observer
        self.compile = compile
    }

    /// Memory that compiled formats take, in use or kept for others.
    package var byteCount: Int { state.withLock { $0.shelf.byteCount } }

    /// The grammar of a format, compiled unless it is known; cancelling the task gives it up.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` for a format that cannot be enforced, and for one that too much memory is
    ///   in use beside.
    package func grammar(for format: OutputFormat, tenant: String) async throws(GenerationError) -> FormatGrammar {
        try await grammar(for: ReplyPlan(format), tenant: tenant)
    }

    /// The grammar of a whole reply.
    package func grammar(for plan: ReplyPlan, tenant: String) async throws(GenerationError) -> FormatGrammar {
        let key = JobKey(tenant: tenant, format: FormatKey(plan))
        if let known = state.withLock({ $0.shelf.find(key.format) }) {
            observer?.found()
            return try Self.answer(known).get()
        }
        let waiter = Waiter()
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { enter(waiter, $0, key, plan) }
        } onCancel: {
            leave(waiter)
        }
        return try answer.get()
    }

    private static func answer(_ result: Result<FormatGrammar, GrammarError>) -> Answer {
        result.mapError(GenerationError.init)
    }
}

// MARK: - Waiting

extension GrammarCache {
    private func enter(
        _ waiter: Waiter, _ continuation: CheckedContinuation<Answer, Never>, _ key: JobKey, _ plan: ReplyPlan
    ) {
        let (isRefused, due) = state.withLock { state -> (Bool, PromptSchedule.ID?) in
            // Gone before it could be found among those that wait.
            if waiter.isGone.load(ordering: .relaxed) { return (true, nil) }
            if let id = state.open[key] {
                state.jobs[id]?.waiters[waiter] = continuation
                return (false, nil)
            }
            state.lastID += 1
            let id = state.lastID
            state.jobs[id] = Job(key: key, plan: plan, waiters: [waiter: continuation])
            state.open[key] = id
            state.schedule.add(id, tenant: key.tenant, size: 0)
            return (false, state.running == nil ? state.pass() : nil)
        }
        if isRefused { continuation.resume(returning: .failure(Self.abandoned)) }
        start(due)
    }

    private static var abandoned: GenerationError { GenerationError(.interrupted, "the request was cancelled") }

    /// Takes a request out; the last one takes its job along.
    private func leave(_ waiter: Waiter) {
        waiter.isGone.store(true, ordering: .relaxed)
        let (continuation, task) = state.withLock {
            state -> (CheckedContinuation<Answer, Never>?, Task<Void, Never>?) in
            guard let (id, job) = state.jobs.first(where: { $0.value.waiters[waiter] != nil }) else {
                return (nil, nil)
            }
            let continuation = state.jobs[id]?.waiters.removeValue(forKey: waiter)
            guard job.waiters.count == 1 else { return (continuation, nil) }
            // Nobody may join what is about to end.
            if state.open[job.key] == id { state.open[job.key] = nil }
            if state.running == id { return (continuation, job.task) }
            state.schedule.remove(id)
            state.jobs[id] = nil
            return (continuation, nil)
        }
        task?.cancel()
        continuation?.resume(returning: .failure(Self.abandoned))
    }
}

// MARK: - Compiling

extension GrammarCache {
    private func start(_ id: PromptSchedule.ID?) {
        guard let id, let job = state.withLock({ $0.jobs[id] }) else { return }
        let task = Task.detached(executorPreference: executor) { [self] in
            let began = ContinuousClock.now
            let known = state.withLock { $0.shelf.find(job.key.format) }
            let result = known ?? compile(job.plan)
            let time = ContinuousClock.now - began
            if known == nil { observer?.compiled(in: time) } else { observer?.found() }
            finish(id, result, after: time)
        }
        let timer = Task { [weak self] in
            guard (try? await Task.sleep(for: Self.longestCompilation)) != nil else { return }
            self?.endOverdue(id)
        }
        let isLeft = state.withLock { state -> Bool? in
            state.jobs[id]?.task = task
            state.jobs[id]?.timer = timer
            return state.jobs[id]?.waiters.isEmpty
        }
        // It may have ended already.
        if isLeft == nil { timer.cancel() }
        if isLeft == true { task.cancel() }
    }

    private func endOverdue(_ id: PromptSchedule.ID) {
        let task = state.withLock { state in
            state.jobs[id]?.isOverdue = true
            return state.jobs[id]?.task
        }
        task?.cancel()
    }

    private func finish(
        _ id: PromptSchedule.ID, _ result: Result<FormatGrammar, GrammarError>, after time: Duration
    ) {
        let (job, hasRoom, due) = state.withLock { state -> (Job?, Bool, PromptSchedule.ID?) in
            let job = state.jobs.removeValue(forKey: id)
            if let job, state.open[job.key] == id { state.open[job.key] = nil }
            state.schedule.charge(id, work: Int(time / .microseconds(1)))
            state.schedule.remove(id)
            var hasRoom = true
            if let job, !result.isCancelled { hasRoom = state.shelf.put(result, under: job.key.format) }
            return (job, hasRoom, state.pass())
        }
        start(due)
        guard let job else { return }
        job.timer?.cancel()
        let answer: Answer =
            if !hasRoom {
                .failure(GenerationError(.overloaded, "the grammars of running replies take too much memory"))
            } else if result.isCancelled, job.isOverdue {
                .failure(
                    GenerationError(
                        .unsupportedParameter, "compiling it takes longer than \(Self.longestCompilation)",
                        parameter: .format))
            } else {
                Self.answer(result)
            }
        for continuation in job.waiters.values { continuation.resume(returning: answer) }
    }
}

extension Result where Failure == GrammarError {
    fileprivate var isCancelled: Bool {
        if case .failure(let error) = self { error.code == .cancelled } else { false }
    }
}
