import PinionJSON
import PinionLedger
import PinionServer
import PinionWire
import TextGeneration

/// Admits requests by the accounts of their keys, and tells the ledger what they took.
struct LedgerAdmission: Admission {
    let ledger: Ledger
    let keys: ServerKeys

    func admit(_ request: AdmissionRequest) async throws -> AdmissionTicket {
        let account = try await keys.account(of: request.tenant)
        let terms = try await keys.terms(of: request.model)
        var asked = LedgerRequest(
            id: request.id, account: account, terms: terms, model: request.model.id, route: request.route)
        asked.user = request.generation.client.user ?? ""
        asked.metadata = request.generation.client.metadata.map { Self.text($0) } ?? ""
        asked.retryCount = request.retryCount
        do {
            return AdmissionTicket(LedgerAccount(ticket: try await ledger.admit(asked)))
        } catch let refusal as Refusal {
            // As a model that is not served: what a key may not use is none of its holder's business.
            if refusal.reason == .model { throw APIError.modelNotFound(request.model.id, served: []) }
            throw refusal.error
        }
    }

    func allowedModels(for tenant: Tenant) async throws -> @Sendable (ServedModel) -> Bool {
        let account = try await keys.account(of: tenant)
        return { account.allows($0.id) }
    }

    func use(by tenant: Tenant) async throws -> AdmissionUse? {
        let account = try await keys.account(of: tenant)
        let owner = account.owner
        return AdmissionUse(
            key: try await part(.key(account.key), account.limits),
            owner: owner.isEmpty ? nil : try await part(.owner(owner), account.ownerLimits),
            currency: ledger.currency.code)
    }

    private func part(_ scope: Scope, _ limits: Limits) async throws -> AdmissionUse.Part {
        func amount(_ spent: Spent.Amount) -> AdmissionUse.Amount { .init(tokens: spent.tokens, cost: spent.money) }
        let use = try await ledger.use(of: scope)
        return AdmissionUse.Part(
            name: scope.name,
            limits: Limit.allCases.compactMap { limit in limits[limit].map { (limit.rawValue, $0) } },
            day: amount(use.spent.day), month: amount(use.spent.month), total: amount(use.spent.total),
            reserved: amount(use.reserved), running: use.running)
    }

    private static func text(_ metadata: JSONObject) -> String {
        var writer = JSONWriter()
        writer.value(.object(metadata))
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// A ledger's ticket as the server asks it.
private struct LedgerAccount: AdmissionAccount {
    let ticket: LedgerTicket

    func open(promptTokens: Int, choices: Int, limit: Int) throws(GenerationError) -> Int {
        do {
            return try ticket.open(promptTokens: promptTokens, choices: choices, limit: limit)
        } catch {
            throw error.error
        }
    }

    func count(isReasoning: Bool, goesOn: Bool) -> Bool {
        ticket.count(isReasoning: isReasoning, goesOn: goesOn)
    }

    func settle(_ outcome: Outcome, status: Int) {
        let usage = outcome.usage
        ticket.settle(
            UsageRow.Outcome(outcome.end),
            TokenCounts(
                input: usage.promptTokens, cached: usage.cachedTokens ?? 0, output: usage.completionTokens,
                reasoning: usage.reasoningTokens),
            status: status, isServerFault: outcome.end.isServerFault)
    }

    func recorded() async throws { try await ticket.recorded() }

    var rates: AdmissionRates {
        let (requests, tokens) = ticket.rates
        func rate(_ state: RateState?) -> AdmissionRates.Rate? {
            state.map { .init(limit: $0.limit, remaining: $0.remaining, reset: $0.reset) }
        }
        return AdmissionRates(requests: rate(requests), tokens: rate(tokens))
    }

    var warnings: [GenerationWarning] {
        ticket.levels.map { level in
            GenerationWarning(
                keyword: level.limit.rawValue, pointer: "",
                message: "\(level.percent) % of the \(level.limit.words) of this \(level.scope.kind) "
                    + (level.limit.isPlural ? "are used" : "is used"))
        }
    }
}

extension UsageRow.Outcome {
    init(_ end: Outcome.End) {
        self =
            switch end {
            case .completed: .completed
            case .cancelled: .cancelled
            case .disconnected: .disconnected
            case .stopped: .stopped
            case .failed: .failed
            }
    }
}

extension Outcome.End {
    /// Whether the server did not do what it was asked. Not `unread` and `nothingAllowed`: the client ends these itself,
    /// and could have replies for nothing.
    fileprivate var isServerFault: Bool {
        switch self {
        case .failed(.unread), .failed(.nothingAllowed): false
        case .failed: true
        case .completed, .cancelled, .disconnected, .stopped: false
        }
    }
}
