/// Decides whose prompt is worked on next.
///
/// The tenant that the least work was done for has the next turn; of equal tenants the one whose prompt came first. Within
/// a tenant prompts go in the order of their arrival. A tenant that arrives starts level with the one that was served least
/// of those present, so that a tenant cannot save up turns while it is away (the engine's scheduler has the same rule).
package struct PromptSchedule: Sendable {
    package typealias ID = Int

    /// Bytes up to which a prompt is short: one slice of work.
    package static let shortPrompt = 32 << 10
    /// Long prompts that may be begun and not ended. Each holds its texts and the scratch of its tokens, up to a hundred
    /// megabytes for 4 MiB; with one only, a second tenant's long prompt would wait for the whole of the first's.
    package static let maximumBegun = 2

    /// Short prompts that may be begun and not ended. Each has a thread, which a template's loops may hold for many slices,
    /// and the system has only so many for all.
    package static let maximumShortBegun = 32

    private struct Prompt {
        let id: ID
        let isLong: Bool
        var isBegun = false
    }

    private struct Account {
        var work: Int
        /// In the order of their arrival.
        var prompts: [Prompt] = []
    }

    /// The account of each tenant that has prompts, or had some since the schedule was last empty.
    private var accounts: [String: Account] = [:]
    private var tenants: [ID: String] = [:]
    private var longBegun = 0
    private var shortBegun = 0
    /// Prompts whose client left after they were begun: their work only has to end.
    private var hastened: [ID] = []

    package init() {}

    /// - Parameters:
    ///   - id: Grows with each prompt.
    ///   - size: Bytes of the prompt's texts, about.
    package mutating func add(_ id: ID, tenant: String, size: Int) {
        var account = accounts[tenant] ?? Account(work: 0)
        if account.prompts.isEmpty {
            let least = accounts.values.lazy.filter { !$0.prompts.isEmpty }.map(\.work).min() ?? 0
            account.work = max(account.work, least)
        }
        account.prompts.append(Prompt(id: id, isLong: size > Self.shortPrompt))
        accounts[tenant] = account
        tenants[id] = tenant
    }

    package mutating func charge(_ id: ID, work: Int) {
        guard let tenant = tenants[id] else { return }
        accounts[tenant]?.work += work
    }

    /// Gives the next turn to a prompt that was begun, so that it ends and gives back what it holds.
    package mutating func hasten(_ id: ID) {
        if tenants[id] != nil { hastened.append(id) }
    }

    package mutating func remove(_ id: ID) {
        hastened.removeAll { $0 == id }
        guard let tenant = tenants.removeValue(forKey: id),
            let index = accounts[tenant]?.prompts.firstIndex(where: { $0.id == id }),
            let prompt = accounts[tenant]?.prompts.remove(at: index)
        else { return }
        if prompt.isBegun { count(prompt, -1) }
        if tenants.isEmpty { accounts = [:] }
    }

    /// The prompt whose turn it is, which counts as begun from now on; nil without prompts.
    package mutating func next() -> ID? {
        if let id = hastened.first { return id }
        var chosen: (tenant: String, work: Int, prompt: Prompt)?
        for (tenant, account) in accounts {
            guard let prompt = account.prompts.first,
                prompt.isBegun || (prompt.isLong ? longBegun < Self.maximumBegun : shortBegun < Self.maximumShortBegun)
            else { continue }
            if let chosen, (chosen.work, chosen.prompt.id) < (account.work, prompt.id) { continue }
            chosen = (tenant, account.work, prompt)
        }
        guard let chosen else { return nil }
        if !chosen.prompt.isBegun {
            accounts[chosen.tenant]?.prompts[0].isBegun = true
            count(chosen.prompt, 1)
        }
        return chosen.prompt.id
    }

    private mutating func count(_ prompt: Prompt, _ change: Int) {
        if prompt.isLong { longBegun += change } else { shortBegun += change }
    }
}
