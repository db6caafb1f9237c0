/// A sequence as the scheduler sees it.
struct ScheduledSequence: Sendable {
    let id: SequenceID
    /// Whose it is: who shares the machine, and whose blocks it may find again.
    let tenant: String
    /// Its place in the order of arrival.
    let arrival: Int
    /// Prompt and generated tokens.
    var tokens: [Int32]
    let promptCount: Int
    /// Tokens whose keys and values are in the cache.
    var computed = 0
    /// Blocks for them, and more only within a step.
    var blocks: [Int32] = []
    /// What stands before the next full block.
    var parent: PrefixIndex.Parent
    /// Tokens of the prompt that were found in the cache where they had never been computed for this sequence.
    var cached = 0
    /// Whether the step that is being planned computes tokens of it.
    var isPlanned = false
    /// Most tokens that were ever in the cache; fewer are there after a preemption.
    private var reached = 0

    init(id: SequenceID, tenant: String, arrival: Int, tokens: [Int32]) {
        self.id = id
        self.tenant = tenant
        self.arrival = arrival
        self.tokens = tokens
        promptCount = tokens.count
        parent = .tenant(tenant)
    }

    /// A sequence that continues the same prompt: of the same tokens and, when it `sharesBlocks`, on the same blocks.
    init(id: SequenceID, forking other: ScheduledSequence, sharesBlocks: Bool) {
        self = .init(id: id, tenant: other.tenant, arrival: other.arrival, tokens: other.tokens)
        reached = other.reached
        guard sharesBlocks else { return }
        computed = other.computed
        blocks = other.blocks
        parent = other.parent
    }

    var pending: Int { tokens.count - computed }
    var generated: Int { tokens.count - promptCount }
    /// Whether it is in its reply, where somebody waits for each token.
    var isStream: Bool { generated > 0 && pending == 1 }

    /// What a preemption would lose, the reply before the prompt; of two the same the older sequence has more.
    func hasLessProgress(than other: ScheduledSequence) -> Bool {
        (generated, computed, other.arrival, other.id) < (other.generated, other.computed, arrival, id)
    }

    /// Its tokens from `start` on, as many as a block holds, as the index knows them.
    func key(from start: Int, count: Int) -> PrefixIndex.Key {
        .init(parent: parent, tokens: Array(tokens[start..<start + count]))
    }

    /// Counts `count` more tokens as being in the cache.
    mutating func compute(_ count: Int) {
        computed += count
        reached = max(reached, computed)
    }

    /// The next tokens were found in a block of the cache.
    mutating func reuse(_ link: PrefixIndex.Link, tokens count: Int) {
        let isNew = min(computed + count, promptCount) - max(computed, reached)
        cached += max(isNew, 0)
        blocks.append(link.block)
        parent = .link(link.number)
        compute(count)
    }

    /// Its blocks are taken away.
    mutating func restart() {
        blocks = []
        computed = 0
        parent = .tenant(tenant)
    }
}
