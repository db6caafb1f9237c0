import Synchronization

/// Hands the events of one completion from the task that makes them to the task that writes them.
///
/// One producer, one consumer. What arrives while the consumer is writing waits here and is taken in one piece, so that
/// a slow connection gets fewer, larger writes. A full mailbox holds the producer up.
final class EventMailbox: Sendable {
    enum Delivery: Sendable, Equatable {
        /// Events in order, at least one.
        case events([TextEvent])
        /// Nothing was delivered for a while; see ``tick(after:)``.
        case silence
        /// All events were delivered.
        case end
    }

    /// Most events waiting before the producer is held up.
    static let capacity = 256

    private struct State {
        var events: [TextEvent] = []
        /// How the completion ended, once it has.
        var outcome: Result<Void, any Error>?
        var consumer: CheckedContinuation<Delivery, any Error>?
        var producer: CheckedContinuation<Void, Never>?
        var lastDelivery = ContinuousClock.now

        /// What the consumer gets without waiting: events first, then the outcome.
        mutating func takeReady() -> Result<Delivery, any Error>? {
            if !events.isEmpty {
                lastDelivery = .now
                defer { events = [] }
                return .success(.events(events))
            }
            return outcome.map { $0.map { .end } }
        }
    }

    private let state = Mutex(State())
}

// MARK: - Producer

extension EventMailbox {
    /// Delivers an event, waiting while the mailbox is full.
    ///
    /// - Returns: false once nobody wants more.
    func put(_ event: TextEvent) async -> Bool {
        let (consumer, isFull, isWanted) = state.withLock { state in
            guard state.outcome == nil else { return (nil as CheckedContinuation<Delivery, any Error>?, false, false) }
            if let consumer = state.consumer.take() {
                state.lastDelivery = .now
                return (consumer, false, true)
            }
            state.events.append(event)
            return (nil, state.events.count >= Self.capacity, true)
        }
        consumer?.resume(returning: .events([event]))
        if isFull { await waitForRoom() }
        return isWanted
    }

    private func waitForRoom() async {
        await withCheckedContinuation { continuation in
            let hasRoom = state.withLock { state in
                guard state.events.count >= Self.capacity, state.outcome == nil else { return true }
                state.producer = continuation
                return false
            }
            if hasRoom { continuation.resume() }
        }
    }

    /// Ends the completion; events that wait are still delivered. Does nothing after an end or ``abort(_:)``.
    func finish(_ outcome: Result<Void, any Error>) {
        let consumer = state.withLock { state in
            guard state.outcome == nil else { return nil as CheckedContinuation<Delivery, any Error>? }
            state.outcome = outcome
            return state.consumer.take()
        }
        consumer?.resume(with: outcome.map { .end })
    }
}

// MARK: - Consumer

extension EventMailbox {
    /// Waits for events, silence or the end.
    ///
    /// - Throws: the error of the end or of ``abort(_:)``; `CancellationError` when the task is cancelled.
    func next() async throws -> Delivery {
        if let ready = take() { return try ready.get() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (ready, producer) = state.withLock { state in
                    let ready = state.takeReady()
                    if ready == nil { state.consumer = continuation }
                    return (ready, state.producer.take())
                }
                producer?.resume()
                if let ready { continuation.resume(with: ready) }
            }
        } onCancel: {
            abort(CancellationError())
        }
    }

    private func take() -> Result<Delivery, any Error>? {
        let (ready, producer) = state.withLock { state in
            let ready = state.takeReady()
            return (ready, state.producer.take())
        }
        producer?.resume()
        return ready
    }

    /// Ends the completion at once with an error, whatever waits or happened before.
    func abort(_ error: any Error) {
        let (consumer, producer) = state.withLock { state in
            state.events = []
            state.outcome = .failure(error)
            return (state.consumer.take(), state.producer.take())
        }
        consumer?.resume(throwing: error)
        producer?.resume()
    }

    /// Tells the consumer of silence when nothing was delivered for an interval and it is waiting.
    ///
    /// - Returns: when to ask again.
    func tick(after interval: Duration) -> Duration {
        let (consumer, wait) = state.withLock { state in
            let now = ContinuousClock.now
            let due = state.lastDelivery.advanced(by: interval)
            if now < due { return (nil as CheckedContinuation<Delivery, any Error>?, now.duration(to: due)) }
            state.lastDelivery = now
            return (state.consumer.take(), interval)
        }
        consumer?.resume(returning: .silence)
        return wait
    }
}
