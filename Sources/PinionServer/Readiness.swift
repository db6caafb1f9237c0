import Synchronization

/// Whether the server takes requests, as `GET /health` tells it.
package final class Readiness: Sendable {
    package enum State: String, Sendable {
        /// A model cannot answer: not yet, or not at the moment.
        case loading
        case ready
        /// The server was told to stop. Final.
        case stopping
    }

    private let current: Mutex<State>

    package init(_ state: State = .ready) {
        current = Mutex(state)
    }

    package var state: State {
        current.withLock { $0 }
    }

    /// Changes the state; once it is ``State/stopping``, it stays that.
    package func become(_ state: State) {
        current.withLock { if $0 != .stopping { $0 = state } }
    }
}
