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
    /// Reports that are joined to one event: written as JSON, one with twenty alternatives takes some 80 µs, and a reader
    /// gives up its turn between events only.
    private static let joinedReports = 16

    private struct State {
        var events: [GenerationEvent] = []
        var unreadBytes = 0
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
            if !events.isEmpty {
                lastDelivery = .now
                unreadBytes = 0
                defer { events = [] }
                return .success(.events(events))
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
            state.unreadBytes += event.unreadBytes
            guard state.unreadBytes <= Self.capacity else {
                state.events = []
                state.closing = .failure(Self.unread)
                state.isOverflown = true
                return (nil, nil, true, false)
            }
            Self.append(event, to: &state.events)
            return (nil, nil, false, true)
        }
        if let reader, let delivery { reader.resume(returning: delivery) }
        if overflowed { withdrawProducer() }
        return isWanted
    }

    private static let unread = GenerationError(
        .unread, "the reader left more than \(capacity) bytes of the reply unread")

    /// Joins text to what is unread of its choice, so that there are few events, each quickly written.
    private static func append(_ event: GenerationEvent, to events: inout [GenerationEvent]) {
        guard let index = events.lastIndex(where: { $0.choice == event.choice }) else { return events.append(event) }
        let earlier = events[index]
        // Emptied first, so that the longer text is appended to and not copied.
        events[index] = .accepted(promptTokens: 0)
        switch (consume earlier, event) {
        case (.text(let choice, var text, var reports), .text(_, let more, let moreReports))
        where reports.count < joinedReports:
            text += more
            reports += moreReports
            events[index] = .text(choice: choice, text, reports)
        case (.reasoning(let choice, var text, var reports), .reasoning(_, let more, let moreReports))
        where reports.count < joinedReports:
            text += more
            reports += moreReports
            events[index] = .reasoning(choice: choice, text, reports)
        case (.toolCall(let choice, var delta), .toolCall(_, let more))
        where delta.index == more.index && more.start == nil:
            delta.arguments += more.arguments
            events[index] = .toolCall(choice: choice, delta)
        case (let earlier, _):
            events[index] = earlier
            events.append(event)
        }
    }

    /// Whether events wait for the reader: what comes now is joined to them.
    package var hasUnread: Bool { state.withLock { !$0.events.isEmpty } }

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
            state.events = []
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

extension GenerationEvent {
    /// What it takes in memory while it is unread, about.
    fileprivate var unreadBytes: Int {
        switch self {
        case .text(_, let text, let reports), .reasoning(_, let text, let reports):
            text.utf8.count
                + reports.reduce(0) { $0 + TokenReport.Candidate.estimatedBytes * (1 + $1.alternatives.count) }
        case .toolCall(_, let delta):
            delta.arguments.utf8.count + (delta.start.map { $0.id.utf8.count + $0.name.utf8.count } ?? 0)
        case .warned(_, let warning): warning.message.utf8.count + warning.pointer.utf8.count
        case .accepted, .finished, .usage: 0
        }
    }
}

extension TokenReport.Candidate {
    /// Of one in memory, with an array for its few bytes of text: an estimate.
    fileprivate static let estimatedBytes = 64
}
