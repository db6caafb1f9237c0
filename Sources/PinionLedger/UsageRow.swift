/// One line of the ledger: an admitted request, and what it took.
package struct UsageRow: Sendable, Equatable {
    /// How the request ended; the raw value is its name in the ledger.
    package enum Outcome: String, Sendable, CaseIterable {
        case completed
        /// The reply ended because a budget had no room for more of it.
        case budget
        case cancelled
        case disconnected
        /// The server stopped before the reply was complete.
        case stopped
        /// The engine gave it up, or the reader left too much unread.
        case failed
        /// The process was killed while the request ran.
        case lost
    }

    /// `req_...`: the request's own id, by which a row is counted once however often it is replayed.
    package let requestID: String
    /// Milliseconds since 1970 at the admission.
    package var time: Int
    /// The day and month of the admission, which budgets are counted in; see ``LedgerCalendar``.
    package var day: LedgerCalendar.Day
    package let key: String
    /// Empty for a key without an owner.
    package let owner: String
    package let model: String
    /// The path of the route, such as `/v1/chat/completions`.
    package let route: String
    package var prices: Prices
    /// The request's `user`, cut to ``maximumUserBytes``; empty without one.
    package let user: String
    /// The request's metadata as a JSON object; empty without any, or where it is longer than ``maximumMetadataBytes``.
    package let metadata: String
    /// How often the client says that it tried before.
    package var retryCount: Int

    package var tokens: TokenCounts
    package var outcome: Outcome
    /// The status of the reply's head.
    package var status: Int
    /// Nano-units; 0 where the server failed.
    package var cost: Int
    /// Milliseconds from the admission until the prompt was reserved; -1 before that.
    package var queuedTime: Int
    /// Milliseconds from the admission to the first token; -1 without one.
    package var firstTokenTime: Int
    /// Milliseconds from the admission to the end; -1 for a lost request.
    package var runTime: Int

    package init(
        requestID: String, time: Int, day: LedgerCalendar.Day, key: String, owner: String, model: String, route: String,
        prices: Prices, user: String, metadata: String, retryCount: Int, tokens: TokenCounts, outcome: Outcome,
        status: Int, cost: Int, queuedTime: Int, firstTokenTime: Int, runTime: Int
    ) {
        func name(_ text: String) -> String { Self.cut(text, to: Self.maximumNameBytes) }
        (self.requestID, self.time, self.day) = (name(requestID), time, day)
        (self.key, self.owner, self.model, self.route) = (name(key), name(owner), name(model), name(route))
        (self.prices, self.retryCount) = (prices, retryCount)
        // What clients choose is bounded here, for memory, journal and database alike.
        self.user = Self.cut(user, to: Self.maximumUserBytes)
        // A part of it would be no JSON.
        self.metadata = metadata.utf8.count <= Self.maximumMetadataBytes ? metadata : ""
        (self.tokens, self.outcome, self.status, self.cost) = (tokens, outcome, status, cost)
        (self.queuedTime, self.firstTokenTime, self.runTime) = (queuedTime, firstTokenTime, runTime)
    }

    /// The beginning of a text, as far as its scalars are whole.
    private static func cut(_ text: String, to most: Int) -> String {
        guard text.utf8.count > most else { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: most)
        while text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
        return String(text[..<end])
    }

    package static let maximumUserBytes = 256
    package static let maximumMetadataBytes = 1_024
    /// Bytes of every other text of a row.
    package static let maximumNameBytes = 256
}

extension UsageRow.Outcome {
    /// Never changes: databases and journals hold it.
    package var code: Int {
        switch self {
        case .completed: 0
        case .budget: 1
        case .cancelled: 2
        case .disconnected: 3
        case .stopped: 4
        case .failed: 5
        case .lost: 6
        }
    }

    package init?(code: Int) {
        guard let outcome = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = outcome
    }
}
