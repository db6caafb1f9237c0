/// The slowest requests that generate, of a minute or of an hour, the slowest first.
package struct SlowRequests: Sendable {
    /// Kept of each minute and shown of an hour, so that those of the hour are exactly its slowest.
    package static let maximumCount = 20

    package struct Entry: Sendable, Equatable {
        package var requestID: String
        /// The identifier of its key.
        package var key: String
        package var model: String
        package var route: String
        /// Until its prompt was made and had its place; nil where it did not come so far.
        package var queued: Duration?
        /// Until its first text; nil without any.
        package var firstToken: Duration?
        package var total: Duration
        package var promptTokens: Int?
        package var generatedTokens: Int?
        /// How it ended, or ``running``.
        package var outcome: String
        /// When it ended, in milliseconds since 1970; of a running request the time of the report.
        package var time: Int

        /// The outcome of a request that has not ended.
        static let running = "running"

        package init(
            requestID: String, key: String, model: String, route: String, queued: Duration?, firstToken: Duration?,
            total: Duration, promptTokens: Int?, generatedTokens: Int?, outcome: String, time: Int
        ) {
            (self.requestID, self.key, self.model, self.route) = (requestID, key, model, route)
            (self.queued, self.firstToken, self.total) = (queued, firstToken, total)
            (self.promptTokens, self.generatedTokens) = (promptTokens, generatedTokens)
            (self.outcome, self.time) = (outcome, time)
        }
    }

    package private(set) var entries: [Entry] = []

    package init() {}

    package mutating func add(_ entry: Entry) {
        if entries.count == Self.maximumCount {
            guard let fastest = entries.last, fastest.total < entry.total else { return }
            entries.removeLast()
        }
        let index = entries.firstIndex { $0.total < entry.total } ?? entries.count
        entries.insert(entry, at: index)
    }

    package mutating func clear() { entries.removeAll(keepingCapacity: true) }
}
