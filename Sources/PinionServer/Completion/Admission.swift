import Synchronization
package import TextGeneration

/// Decides whether a request may begin, how much it may take, and hears what it took: the place for limits, quotas and the
/// ledger.
package protocol Admission: Sendable {
    /// - Returns: A ticket, which is settled with the request's outcome exactly once.
    /// - Throws: `GenerationError` or `APIError` for a request that is refused; anything else is the admission's own failure
    ///   and becomes a 500.
    func admit(_ request: AdmissionRequest) async throws -> AdmissionTicket
    /// Which models somebody may use: it neither generates with another nor sees it in a list.
    func allowedModels(for tenant: Tenant) async throws -> @Sendable (ServedModel) -> Bool
    /// What somebody may take and has taken; nil where no account is kept.
    func use(by tenant: Tenant) async throws -> AdmissionUse?
}

extension Admission {
    package func allowedModels(for tenant: Tenant) async throws -> @Sendable (ServedModel) -> Bool { { _ in true } }

    package func use(by tenant: Tenant) async throws -> AdmissionUse? { nil }
}

/// What somebody may take and has taken.
package struct AdmissionUse: Sendable {
    /// Tokens and cost, in nano-units of the ledger's currency.
    package struct Amount: Sendable {
        package var tokens: Int
        package var cost: Int

        package init(tokens: Int, cost: Int) {
            (self.tokens, self.cost) = (tokens, cost)
        }
    }

    /// Of a key, or of its owner.
    package struct Part: Sendable {
        package var name: String
        /// By their names; what is absent is unlimited.
        package var limits: [(name: String, value: Int)]
        package var day: Amount
        package var month: Amount
        package var total: Amount
        /// What is reserved for requests that run.
        package var reserved: Amount
        /// Requests that run.
        package var running: Int

        package init(
            name: String, limits: [(name: String, value: Int)], day: Amount, month: Amount, total: Amount,
            reserved: Amount, running: Int
        ) {
            (self.name, self.limits, self.day, self.month, self.total) = (name, limits, day, month, total)
            (self.reserved, self.running) = (reserved, running)
        }
    }

    package var key: Part
    /// Nil for a key without an owner.
    package var owner: Part?
    /// What costs are in, such as `USD`.
    package var currency: String

    package init(key: Part, owner: Part?, currency: String) {
        (self.key, self.owner, self.currency) = (key, owner, currency)
    }
}

/// A request that asks to begin.
package struct AdmissionRequest: Sendable {
    package let generation: GenerationRequest
    package let model: ServedModel
    package let tenant: Tenant
    /// The path of its route.
    package let route: String
    /// What its reply calls it; see `x-request-id`.
    package let id: String
    /// How often its client says that it tried before.
    package let retryCount: Int
}

/// The account of an admitted request: what it may take, and what it took.
package protocol AdmissionAccount: TokenAllowance {
    /// Hears what the request took, once. Called on whichever thread ends it, which may be the engine's: it must not block.
    ///
    /// - Parameter status: The HTTP status of the reply; 499 for a client that left before its head was sent.
    func settle(_ outcome: Outcome, status: Int)
    /// Returns once a settled outcome is kept; a client is told what it took only then.
    func recorded() async throws
    /// The rates of whoever asks, for the reply's head.
    var rates: AdmissionRates { get }
    /// What whoever asks should know of its budgets.
    var warnings: [GenerationWarning] { get }
}

/// What is left of rates per minute; nil for one that has no limit.
package struct AdmissionRates: Sendable, Equatable {
    package struct Rate: Sendable, Equatable {
        package let limit: Int
        package let remaining: Int
        /// Time until all of it is there again.
        package let reset: Duration

        package init(limit: Int, remaining: Int, reset: Duration) {
            (self.limit, self.remaining, self.reset) = (limit, remaining, reset)
        }
    }

    package var requests: Rate?
    package var tokens: Rate?

    package init(requests: Rate? = nil, tokens: Rate? = nil) {
        (self.requests, self.tokens) = (requests, tokens)
    }
}

/// Admits every request, and keeps no account.
package struct OpenAdmission: Admission {
    package init() {}

    package func admit(_ request: AdmissionRequest) async throws -> AdmissionTicket { AdmissionTicket() }
}

/// An admitted request's claim on its account.
///
/// Settled exactly once: with the outcome, or, should the request be lost before it had one, when the ticket is released.
package final class AdmissionTicket: Sendable {
    package let account: any AdmissionAccount
    private let isOpen = Mutex(true)
    private let hasHead = Mutex(false)

    package init(_ account: any AdmissionAccount) {
        self.account = account
    }

    /// A ticket without limits.
    ///
    /// - Parameter onSettle: Told the outcome once.
    package convenience init(onSettle: @escaping @Sendable (Outcome) -> Void = { _ in }) {
        self.init(OpenAccount(onSettle: onSettle))
    }

    deinit {
        settle(.unstarted(.failed(.internal)))
    }

    /// The head of the reply is being sent: whatever happens now, its status was 200.
    func beginReply() {
        hasHead.withLock { $0 = true }
    }

    /// Settles the account with a status of OpenAI's; of several calls the first counts.
    package func settle(_ outcome: Outcome) { settle(outcome, as: OpenAIConventions()) }

    /// Settles the account; of several calls the first counts.
    ///
    /// - Parameter conventions: How the route's clients are told of an error, which decides its status.
    func settle(_ outcome: Outcome, as conventions: some WireConventions) {
        let isFirst = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        guard isFirst else { return }
        let status = hasHead.withLock { $0 } ? 200 : conventions.status(outcome.end.status)
        account.settle(outcome, status: status)
    }
}

private struct OpenAccount: AdmissionAccount {
    let onSettle: @Sendable (Outcome) -> Void

    func open(promptTokens: Int, choices: Int, limit: Int) -> Int { limit }
    func count(isReasoning: Bool, goesOn: Bool) -> Bool { goesOn }
    func settle(_ outcome: Outcome, status: Int) { onSettle(outcome) }
    func recorded() {}
    var rates: AdmissionRates { AdmissionRates() }
    var warnings: [GenerationWarning] { [] }
}
