import TextGeneration

/// One generation under way, until it ends or nobody wants it any more.
///
/// The client's departure and the end of the server's grace period withdraw it: both reach the waiting reader at once,
/// even if the generator is slow to notice. Releasing the run withdraws it, too.
final class CompletionRun: Sendable {
    private let queue: GenerationQueue
    private let work: Task<Void, Never>
    private let registrations: [(signal: OneShotSignal, token: OneShotSignal.Token)]

    /// - Parameters:
    ///   - closed: Fires when the client is gone; nil where nothing can tell.
    ///   - stopped: Fires when requests in flight have had their time.
    ///   - allowance: What the generation may take beyond its request.
    ///   - onOutcome: Told the outcome exactly once, before the reader hears of the end.
    init(
        _ request: GenerationRequest, by generator: any TextGenerator, for tenant: Tenant, closed: OneShotSignal?,
        stopped: OneShotSignal, allowance: any TokenAllowance, onOutcome: @escaping @Sendable (Outcome) -> Void
    ) {
        let queue = GenerationQueue(allowance: allowance, onOutcome: onOutcome)
        let work = Task { await generator.generate(request, for: tenant, into: queue) }
        func withdraw(
            _ reason: GenerationQueue.Withdrawal, on signal: OneShotSignal
        ) -> (OneShotSignal, OneShotSignal.Token) {
            let token = signal.onFire {
                queue.withdraw(reason)
                work.cancel()
            }
            return (signal, token)
        }
        var registrations = [withdraw(.stopped, on: stopped)]
        if let closed { registrations.append(withdraw(.disconnected, on: closed)) }
        self.queue = queue
        self.work = work
        self.registrations = registrations
    }

    deinit {
        cancel()
    }

    /// Ends the generation; harmless after its end.
    func cancel() {
        for (signal, token) in registrations { signal.forget(token) }
        queue.withdraw(.cancelled)
        work.cancel()
    }

    /// What came since the last call, or what comes next.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` of a generation that failed, or the queue's withdrawal.
    func next() async throws -> GenerationQueue.Delivery {
        try await queue.next()
    }

    /// When the generator sent what.
    var times: GenerationQueue.Times { queue.times }

    /// Interrupts ``next()`` with `.silence` whenever nothing was delivered for an interval, until cancelled.
    func announceSilence(every interval: Duration) -> Task<Void, Never> {
        Task { [queue] in
            var wait = interval
            while (try? await Task.sleep(for: wait)) != nil {
                wait = queue.tick(after: interval)
            }
        }
    }
}
