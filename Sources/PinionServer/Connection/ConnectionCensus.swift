import Synchronization

/// Counts the connections, and when there are too many has those closed that keep the server waiting.
///
/// At the limit nobody else is let in, so whoever opens many connections and sends next to nothing on them would lock
/// everybody out for as long as he may take for a request. A few places are therefore kept free, at the cost of
/// connections that have not sent a whole request within a grace: of those, and of idle ones, the one that waited longest.
final class ConnectionCensus: Sendable {
    typealias ID = ObjectIdentifier

    private struct State {
        var open = 0
        /// Those that have been told to close and are still open.
        var closing: Set<ID> = []
        /// Connections that may be closed, in the order in which their grace ended.
        var closable: [(id: ID, close: @Sendable () -> Void)] = []
    }

    /// One place in so many is kept free.
    private static let placesPerSpare = 32

    /// Connections beyond which some are closed.
    private let softLimit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        softLimit = limit - max(limit / Self.placesPerSpare, 1)
    }

    func enter() {
        closing { $0.open += 1 }
    }

    func leave(_ id: ID) {
        state.withLock { state in
            state.open -= 1
            state.closing.remove(id)
            state.closable.removeAll { $0.id == id }
        }
    }

    /// A connection has had its grace; `close` ends it, on any thread.
    func markClosable(_ id: ID, close: @escaping @Sendable () -> Void) {
        closing { $0.closable.append((id, close)) }
    }

    /// A connection has sent a whole request.
    func unmark(_ id: ID) {
        state.withLock { state in
            state.closing.remove(id)
            state.closable.removeAll { $0.id == id }
        }
    }

    private func closing(_ change: (inout State) -> Void) {
        let close = state.withLock { state in
            change(&state)
            guard state.open - state.closing.count > softLimit, !state.closable.isEmpty else {
                return Optional<@Sendable () -> Void>.none
            }
            let next = state.closable.removeFirst()
            state.closing.insert(next.id)
            return next.close
        }
        close?()
    }
}
