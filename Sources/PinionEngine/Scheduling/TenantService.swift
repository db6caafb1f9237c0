/// How many tokens were computed for each tenant, again after a preemption too, by which the next turn is given.
///
/// A tenant that comes starts level with the one that was served least of those that are there, so that nobody saves up
/// turns while away; one that comes back soon goes on where it was. (The counters of "Fairness in Serving Large Language Models", arXiv
/// 2401.00588, with a generated token counted like one of a prompt.)
struct TenantService: Sendable {
    private struct Account: Sendable {
        var tokens: Int
        /// Sequences that wait or run.
        var sequences = 0
    }

    /// Those with sequences, and those who had some since the engine was last idle.
    private var accounts: [String: Account] = [:]
    /// Tenants with sequences.
    private(set) var presentCount = 0

    /// Tokens computed for a tenant, from a starting point that is the same for all who are there.
    func tokens(of tenant: String) -> Int { accounts[tenant]?.tokens ?? 0 }

    /// A tenant has one more sequence.
    mutating func enter(_ tenant: String) {
        let account = accounts[tenant]
        guard account?.sequences ?? 0 == 0 else {
            accounts[tenant]?.sequences += 1
            return
        }
        let least = accounts.values.lazy.filter { $0.sequences > 0 }.map(\.tokens).min() ?? 0
        accounts[tenant] = Account(tokens: max(account?.tokens ?? 0, least), sequences: 1)
        presentCount += 1
    }

    /// A tenant has one sequence less.
    mutating func leave(_ tenant: String) {
        accounts[tenant]?.sequences -= 1
        guard accounts[tenant]?.sequences == 0 else { return }
        presentCount -= 1
        if presentCount == 0 { accounts = [:] }
    }

    mutating func charge(_ tenant: String, tokens: Int) {
        accounts[tenant]?.tokens += tokens
    }
}
