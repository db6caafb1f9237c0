import Foundation
import Synchronization

/// An admitted request's hold on its limits, until it is settled.
package final class LedgerTicket: Sendable {
    /// Tokens of a choice that are reserved before its first.
    package static let firstReservation = 1_024
    /// Tokens by which a reservation grows.
    package static let extensionStep = 256

    private struct State {
        /// Nil once the request was settled or refused.
        var claim: AccountBook.Claim?
        var row: UsageRow
        /// Nil until the prompt was reserved.
        var slot: (index: Int, slot: UsageSlot)?
        /// Tokens of all choices that are reserved.
        var granted = 0
        /// Tokens that may have been sampled or may be at any moment: each choice that goes on has one.
        var permitted = 0
        /// Tokens that all choices may have together.
        var most = 0
        var sampled = 0
        var reasoning = 0
        /// Whether a choice ended because a budget had no room for more.
        var isCut = false
        var rates: (requests: RateState?, tokens: RateState?) = (nil, nil)
        var levels: [AccountBook.Level] = []
    }

    private let ledger: Ledger
    /// Tokens of a choice at most, by the tightest limit of the scopes; nil without any.
    private let outputCap: Int?
    private let began = ContinuousClock.now
    private let record = RowRecord()
    private let state: Mutex<State>

    init(
        _ request: LedgerRequest, _ claim: AccountBook.Claim, day: LedgerCalendar.Day, admitted: Date, of ledger: Ledger
    ) {
        self.ledger = ledger
        outputCap = request.scopes.compactMap { $0.limits[.outputTokens] }.min()
        let row = UsageRow(
            requestID: request.id, time: Ledger.milliseconds(admitted), day: day, key: request.account.key,
            owner: request.account.owner, model: request.model, route: request.route, prices: request.terms.prices,
            user: request.user, metadata: request.metadata, retryCount: request.retryCount,
            tokens: TokenCounts(input: 0, output: 0), outcome: .completed, status: 200, cost: 0, queuedTime: -1,
            firstTokenTime: -1, runTime: -1)
        state = Mutex(State(claim: claim, row: row))
    }

    /// A ticket is released unsettled when the server lost its request, which is the server's fault.
    deinit {
        settle(.failed, TokenCounts(input: 0, output: 0), status: 500, isServerFault: true)
    }

    /// Reserves a prompt and the beginning of its replies; the row of the request exists from now on.
    ///
    /// - Parameters:
    ///   - limit: Tokens of a choice at most, by the request and by the context.
    /// - Returns: Tokens of a choice at most, by the key's cap, too.
    /// - Throws: ``Refusal``; nothing is held any more then.
    package func open(promptTokens: Int, choices: Int, limit: Int) throws(Refusal) -> Int {
        let limit = min(limit, outputCap ?? limit)
        try state.withLock { state throws(Refusal) in
            guard let claim = state.claim, state.slot == nil else { return }
            do throws(Refusal) {
                guard limit > 0 else { throw ledger.counted(Refusal(.budget, limit: .outputTokens, value: 0)) }
                let tokens = choices * min(limit, Self.firstReservation)
                try ledger.reserve(claim, promptTokens: promptTokens, outputTokens: tokens)
                state.row.tokens.input = promptTokens
                state.row.queuedTime = elapsed
                state.most = choices * limit
                state.slot = try ledger.slot(for: state.row, most: state.most)
                (state.granted, state.permitted) = (tokens, choices)
                (state.rates, state.levels) = (ledger.rates(of: claim), ledger.levels(of: claim))
            } catch {
                ledger.release(claim)
                state.claim = nil
                record.finish(.success(()))
                throw error
            }
        }
        return limit
    }

    /// Counts a token, before it is published.
    ///
    /// - Parameter goesOn: Whether the choice wants another token.
    /// - Returns: Whether it may have one.
    package func count(isReasoning: Bool, goesOn: Bool) -> Bool {
        state.withLock { state in
            state.sampled += 1
            if isReasoning { state.reasoning += 1 }
            if let slot = state.slot?.slot {
                slot.count(output: state.sampled, reasoning: state.reasoning)
                if state.row.firstTokenTime < 0 {
                    state.row.firstTokenTime = elapsed
                    slot.note(firstTokenTime: state.row.firstTokenTime)
                }
            }
            guard goesOn else { return false }
            if state.permitted == state.granted, let claim = state.claim {
                let wanted = min(Self.extensionStep, state.most - state.granted)
                if wanted > 0 { state.granted += ledger.extend(claim, by: wanted) }
            }
            guard state.permitted < state.granted else {
                state.isCut = true
                return false
            }
            state.permitted += 1
            return true
        }
    }

    /// Settles the request; of several calls the first counts.
    ///
    /// - Parameters:
    ///   - status: Of the reply's head.
    ///   - isServerFault: Whether the server failed, which costs nothing.
    package func settle(
        _ outcome: UsageRow.Outcome, _ tokens: TokenCounts, status: Int, isServerFault: Bool = false
    ) {
        let settled = state.withLock { state -> (AccountBook.Claim, UsageRow, Int)? in
            guard let claim = state.claim.take() else { return nil }
            // Taken, so that nothing is counted in a slot that is another request's by then.
            guard let slot = state.slot.take() else {
                // It was never admitted in full: no token was reserved, and there is no row.
                ledger.release(claim)
                record.finish(.success(()))
                return nil
            }
            // Not fewer than were published: the outcome of a generation that was lost knows of none.
            state.row.tokens = TokenCounts(
                input: state.sampled > 0 ? state.row.tokens.input : tokens.input, cached: tokens.cached,
                output: max(tokens.output, state.sampled), reasoning: max(tokens.reasoning, state.reasoning))
            state.row.outcome = outcome == .completed && state.isCut ? .budget : outcome
            state.row.status = status
            state.row.runTime = elapsed
            state.row.cost = isServerFault ? 0 : state.row.prices.cost(of: state.row.tokens)
            return (claim, state.row, slot.index)
        }
        guard let (claim, row, slot) = settled else { return }
        // Not `self`, which may be at its end.
        ledger.settle(claim, row, slot: slot) { [record] in record.finish($0) }
    }

    /// Returns once the row of a settled request is kept as ``Durability`` says; at once where there will be none.
    ///
    /// - Throws: ``LedgerError`` when the row could not be written.
    package func recorded() async throws { try await record.wait() }

    /// The rates of the request's scopes when its prompt was reserved, for the head of its reply; the tightest of each.
    package var rates: (requests: RateState?, tokens: RateState?) { state.withLock { $0.rates } }

    /// The budgets that were nearly spent then.
    package var levels: [AccountBook.Level] { state.withLock { $0.levels } }

    /// Milliseconds since the admission.
    private var elapsed: Int { Int(began.duration(to: .now) / .milliseconds(1)) }
}
