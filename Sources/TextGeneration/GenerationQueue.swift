import Synchronization

/// Carries the events of one generation from its producer to the one task that reads them, and its outcome to the
/// accounting.
///
/// - The producer never waits, because it may be the engine's thread: text that has not been read yet is joined to what is
///   there of its choice, so that a reader that lags costs no more than the text itself and finds it in few pieces. A
///   reader that leaves more than ``capacity`` is given up.
/// - The reader takes all that is there at once, which gives a slow connection fewer and larger writes.
/// - A withdrawal reaches the reader at once, even if the producer is slow to notice.
/// - The outcome is told exactly once: by the producer's ``finish(_:)``, or by the end of the queue if the producer was lost.
///
/// There is one queue between engine and connection. Two in series, one for the engine and one for HTTP, were rejected: each
/// event was locked, joined and woken for twice.
package final class GenerationQueue: Sendable {
    /// What the reader gets.
    package enum Delivery: Sendable, Equatable {
        /// Events in order, at least one.
        case events([GenerationEvent])
        /// Nothing was delivered for a while; see ``tick(after:)``.
        case silence
        /// All events were delivered.
        case end
    }

    /// Why a reader wants no more.
    package enum Withdrawal: Error, Sendable, Equatable {
        /// It gave the reply up.
        case cancelled
        /// The client closed its side, or the connection broke.
        case disconnected
        /// The server is stopping.
        case stopped
    }

    /// When the producer sent what; the reader may take it much later.
    package struct Times: Sendable, Equatable {
        package var firstText: ContinuousClock.Instant?
        package var usage: ContinuousClock.Instant?

        fileprivate mutating func note(_ event: GenerationEvent) {
            switch event {
            case .text, .reasoning, .toolCall: if firstText == nil { firstText = .now }
            case .usage: usage = .now
            case .accepted, .warned, .finished: break
            }
        }
    }

    package var times: Times { state.withLock { $0.times } }

    /// Bytes of text and reports that may be unread, about.
    package static let capacity = 4 << 20

    private struct State {
        var unread = UnreadEvents()
        /// Set once no more events are taken: by the end, a failure, or a withdrawal.
        var closing: Result<Void, any Error>?
        var withdrawal: Withdrawal?
        /// The reader left too much unread.
        var isOverflown = false
        var reader: CheckedContinuation<Delivery, any Error>?
        var lastDelivery = ContinuousClock.now
        var times = Times()
        /// What ends the producer's work; nil before the producer said so, and after it was used.
        var withdrawalHandler: (@Sendable () -> Void)?
        /// Told the outcome; nil once it was.
        var outcomeHandler: (@Sendable (Outcome) -> Void)?

        /// What the reader gets without waiting: events first, then the end.
        mutating func takeReady() -> Result<Delivery, any Error>? {
            if !unread.isEmpty {
                lastDelivery = .now
                return .success(.events(unread.take()))
            }
            return closing.map { $0.map { .end } }
        }
    }

    private let state: Mutex<State>
    /// What the producer asks before and while it computes.
    package let allowance: any TokenAllowance

    /// - Parameters:
    ///   - allowance: What the generation may take beyond its request.
    ///   - onOutcome: Told the outcome once, on whichever thread ends the generation.
    package init(
        allowance: any TokenAllowance = UnlimitedAllowance(),
        onOutcome: @escaping @Sendable (Outcome) -> Void = { _ in }
    ) {
        self.allowance = allowance
        var state = State()
        state.outcomeHandler = onOutcome
        self.state = Mutex(state)
    }

    deinit {
        // A producer that was lost, such as an engine that ended without a word.
        let (handler, end) = state.withLock { state in
            var end = Outcome.End.failed(.internal)
            if case .failure(let error as GenerationError)? = state.closing { end = .failed(error.code) }
            return (state.outcomeHandler.take(), state.withdrawal.map(Outcome.End.init) ?? end)
        }
        handler?(.unstarted(end))
    }
}

// MARK: - Producer

extension GenerationQueue {
    /// Delivers an event.
    ///
    /// - Returns: Whether anybody wants more.
    @discardableResult
    package func send(_ event: GenerationEvent) -> Bool {
        let (reader, delivery, overflowed, isWanted) = state.withLock {
            state -> (CheckedContinuation<Delivery, any Error>?, Delivery?, Bool, Bool) in
            guard state.closing == nil else { return (nil, nil, false, false) }
            state.times.note(event)
            if let reader = state.reader.take() {
                state.lastDelivery = .now
                return (reader, .events([event]), false, true)
            }
            guard state.unread.append(event) else {
                state.unread = UnreadEvents()
                state.closing = .failure(Self.unread)
                state.isOverflown = true
                return (nil, nil, true, false)
            }
            return (nil, nil, false, true)
        }
        if let reader, let delivery { reader.resume(returning: delivery) }
        if overflowed { withdrawProducer() }
        return isWanted
    }

    private static let unread = GenerationError(
        .unread, "the reader left more than \(capacity) bytes of the reply unread")

    /// Whether events wait for the reader: what comes now is joined to them.
    package var hasUnread: Bool { state.withLock { !$0.unread.isEmpty } }

    /// Says how the producer's work is ended; called at once if nobody wants the generation any more.
    package func onWithdrawal(_ handler: @escaping @Sendable () -> Void) {
        let isWanted = state.withLock { state in
            guard state.closing == nil else { return false }
            state.withdrawalHandler = handler
            return true
        }
        if !isWanted { handler() }
    }

    /// Tells the reader, after the events that wait, that the generation failed.
    ///
    /// No more events are taken, and what is left of the producer's work is ended. The outcome is still to come: ``finish(_:throwing:)`` tells it once all of the producer's
    /// work has ended, because only then is known what the request took.
    package func fail(_ error: GenerationError) {
        close(.failure(error))
        withdrawProducer()
    }

    /// Ends the generation; events that wait are still delivered.
    ///
    /// The outcome's handler runs before the reader hears of the end, so that whoever has read a whole reply finds it
    /// accounted for.
    ///
    /// - Parameters:
    ///   - outcome: Goes to the outcome's handler, with the reader's withdrawal as its end where there was one. Of several
    ///     calls the first counts.
    ///   - error: What the reader is told after the events; nil for a completion that is whole.
    package func finish(_ outcome: Outcome, throwing error: GenerationError? = nil) {
        var outcome = outcome
        let handler = state.withLock { state in
            if let withdrawal = state.withdrawal {
                outcome.end = Outcome.End(withdrawal)
            } else if state.isOverflown {
                outcome.end = .failed(.unread)
            }
            state.withdrawalHandler = nil
            return state.outcomeHandler.take()
        }
        handler?(outcome)
        close(error.map { .failure($0) } ?? .success(()))
    }

    /// Sets how the reader's events end, unless that is decided already.
    private func close(_ closing: Result<Void, any Error>) {
        let (reader, ready) = state.withLock { state in
            if state.closing == nil { state.closing = closing }
            let reader = state.reader.take()
            return (reader, reader == nil ? nil : state.takeReady())
        }
        if let reader, let ready { reader.resume(with: ready) }
    }

    private func withdrawProducer() {
        state.withLock { $0.withdrawalHandler.take() }?()
    }
}

// MARK: - Reader

extension GenerationQueue {
    /// Waits for events, silence or the end.
    ///
    /// - Throws: ``GenerationError`` for a generation that failed, after its events; ``Withdrawal`` at once after
    ///   ``withdraw(_:)``, and when the reading task is cancelled.
    package func next() async throws -> Delivery {
        if let ready = state.withLock({ $0.takeReady() }) { return try ready.get() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let ready = state.withLock { state in
                    let ready = state.takeReady()
                    if ready == nil {
                        precondition(state.reader == nil, "a generation has one reader")
                        state.reader = continuation
                    }
                    return ready
                }
                if let ready { continuation.resume(with: ready) }
            }
        } onCancel: {
            withdraw(.cancelled)
        }
    }

    /// Gives the generation up: the reader is told at once, and the producer through its handler.
    ///
    /// Harmless after the end; of several the first counts.
    package func withdraw(_ reason: Withdrawal) {
        let (reader, handler) = state.withLock { state in
            // After a failure the reader's leaving is no news: the failure is how the generation ended.
            if state.withdrawal == nil, state.closing == nil { state.withdrawal = reason }
            state.unread = UnreadEvents()
            state.closing = .failure(reason)
            return (state.reader.take(), state.withdrawalHandler.take())
        }
        reader?.resume(throwing: reason)
        handler?()
    }

    /// Tells the reader of silence when nothing was delivered for an interval and it is waiting.
    ///
    /// - Returns: when to ask again.
    package func tick(after interval: Duration) -> Duration {
        let (reader, wait) = state.withLock { state in
            let now = ContinuousClock.now
            let due = state.lastDelivery.advanced(by: interval)
            if now < due { return (nil as CheckedContinuation<Delivery, any Error>?, now.duration(to: due)) }
            state.lastDelivery = now
            return (state.reader.take(), interval)
        }
        reader?.resume(returning: .silence)
        return wait
    }
}

extension Outcome.End {
    init(_ withdrawal: GenerationQueue.Withdrawal) {
        self =
            switch withdrawal {
            case .cancelled: .cancelled
            case .disconnected: .disconnected
            case .stopped: .stopped
            }
    }
}
