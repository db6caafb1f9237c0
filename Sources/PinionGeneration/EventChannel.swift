import Synchronization

/// Events on their way from the engine thread to one reader.
///
/// The writer never waits: text that has not been read yet is joined to what is already there of its choice, so a reader
/// that lags costs no more than the text itself, and never holds more events than a choice has. One that has ``capacity``
/// before it is given up.
package final class EventChannel: Sendable {
    /// Bytes of text and log probabilities that may be unread, about.
    package static let capacity = 4 << 20

    private struct State {
        var events: [GenerationEvent] = []
        var unreadBytes = 0
        var failure: GenerationError?
        var isClosed = false
        var reader: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    /// - Returns: Whether there is still somebody to send to.
    @discardableResult
    package func send(_ event: GenerationEvent) -> Bool {
        let (reader, isOpen) = state.withLock { state in
            guard !state.isClosed else { return (Optional<CheckedContinuation<Void, Never>>.none, false) }
            state.unreadBytes += event.bytes
            if case .text(let choice, let text, let reports) = event,
                let index = state.events.lastIndex(where: { $0.choice == choice }),
                case .text(_, var earlier, var earlierReports) = state.events[index]
            {
                // Emptied first, so that the longer text is appended to and not copied.
                state.events[index] = .text(choice: choice, "", [])
                earlier += text
                earlierReports += reports
                state.events[index] = .text(choice: choice, earlier, earlierReports)
            } else {
                state.events.append(event)
            }
            if state.unreadBytes > Self.capacity {
                state.events = []
                state.isClosed = true
                state.failure = GenerationError(
                    .unread, "the reader left more than \(Self.capacity) bytes of the reply unread")
            }
            return (state.reader.take(), !state.isClosed)
        }
        reader?.resume()
        return isOpen
    }

    /// Ends the channel after the events that are in it.
    package func close(_ failure: GenerationError? = nil) {
        let reader = state.withLock { state in
            guard !state.isClosed else { return Optional<CheckedContinuation<Void, Never>>.none }
            state.isClosed = true
            state.failure = failure
            return state.reader.take()
        }
        reader?.resume()
    }

    /// The next event; nil at the end.
    ///
    /// - Throws: The failure that the channel was closed with; `CancellationError` when the reading task is cancelled.
    package func next() async throws -> GenerationEvent? {
        while true {
            try Task.checkCancellation()
            let (event, ended) = try state.withLock { state -> (GenerationEvent?, Bool) in
                if !state.events.isEmpty {
                    let event = state.events.removeFirst()
                    state.unreadBytes -= event.bytes
                    return (event, false)
                }
                guard state.isClosed else { return (nil, false) }
                if let failure = state.failure { throw failure }
                return (nil, true)
            }
            if event != nil || ended { return event }
            await wait()
        }
    }

    /// Returns when there may be something to read, or the task is cancelled.
    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if !state.events.isEmpty || state.isClosed || Task.isCancelled { return true }
                    precondition(state.reader == nil, "an event channel has one reader")
                    state.reader = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.reader.take() }?.resume()
        }
    }
}
