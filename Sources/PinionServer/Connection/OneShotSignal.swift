import Synchronization

/// Something that happens once, such as the end of a connection.
///
/// Handlers run on the thread that fires, outside the lock; a handler added afterwards runs at once.
final class OneShotSignal: Sendable {
    typealias Token = Int

    private struct State {
        var hasFired = false
        var nextToken = 0
        var handlers: [Token: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    func onFire(_ handler: @escaping @Sendable () -> Void) -> Token {
        let (token, hasFired) = state.withLock { state in
            state.nextToken += 1
            if !state.hasFired { state.handlers[state.nextToken] = handler }
            return (state.nextToken, state.hasFired)
        }
        if hasFired { handler() }
        return token
    }

    func forget(_ token: Token) {
        // The handler is released outside the lock: it may own what reacts to its own end.
        _ = state.withLock { $0.handlers.removeValue(forKey: token) }
    }

    func fire() {
        let handlers = state.withLock { state in
            state.hasFired = true
            defer { state.handlers = [:] }
            return state.handlers.values.map { $0 }
        }
        for handler in handlers { handler() }
    }
}
