/// A generation under way: its events, to be read by one reader.
package final class Generation: Sendable {
    package let promptTokens: Int
    private let completion: Completion
    private let onCancel: @Sendable () -> Void

    init(promptTokens: Int, completion: Completion, cancel: @escaping @Sendable () -> Void) {
        self.promptTokens = promptTokens
        self.completion = completion
        onCancel = cancel
    }

    /// The next event; nil after the last.
    ///
    /// - Throws: ``GenerationError`` when the engine ends the request, `CancellationError` when the reading task is
    ///   cancelled.
    package func next() async throws -> GenerationEvent? {
        try await completion.channel.next()
    }

    /// Ends what is left of it; harmless after the last event.
    package func cancel() {
        onCancel()
    }
}
