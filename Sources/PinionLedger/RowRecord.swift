import Synchronization

/// Whether the row of a request is kept by now, and who waits for it.
final class RowRecord: Sendable {
    private struct State {
        /// Nil while the row is on its way.
        var result: Result<Void, LedgerError>?
        var readers: [CheckedContinuation<Void, any Error>] = []
    }

    private let state = Mutex(State())

    func finish(_ result: Result<Void, LedgerError>) {
        let readers = state.withLock { state in
            state.result = result
            defer { state.readers = [] }
            return state.readers
        }
        for reader in readers { reader.resume(with: result.mapError { $0 as any Error }) }
    }

    func wait() async throws {
        try await withCheckedThrowingContinuation { reader in
            let result = state.withLock { state in
                if state.result == nil { state.readers.append(reader) }
                return state.result
            }
            if let result { reader.resume(with: result.mapError { $0 as any Error }) }
        }
    }
}
