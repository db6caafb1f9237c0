import TextGeneration

/// Splits the events of a reply into content blocks: thinking, text and calls, in whatever order the model says them.
///
/// The blocks of a reply stand one after the other, as clients know no other order: the contract's calls may
/// interleave, but a generator that let them would leave a block open while it told the next one, and fails here.
struct BlockOrder: Sendable {
    enum Block: Sendable, Equatable {
        case thinking, text
        /// The call that the contract counts so.
        case call(Int)
    }

    private var order = EventOrder(choices: 1)
    /// The block that more may be added to.
    private(set) var current: Block?
    /// How many blocks have begun.
    private(set) var count = 0

    /// The place of ``current`` in the content.
    var index: Int { count - 1 }

    /// What an event does to the blocks.
    enum Step: Sendable {
        /// It adds to ``current``.
        case more
        /// It begins a block, which is ``current`` from now on. The last one ends before.
        case begin(ended: Block?)
        /// Nothing is told: it belongs to no block, or it has no text.
        case none
        /// The content is complete.
        case end(ended: Block?)
    }

    /// - Throws: ``TextGeneration/GenerationError`` of ``TextGeneration/GenerationError/Code/internal`` for an event
    ///   out of order.
    mutating func advance(_ event: GenerationEvent) throws(GenerationError) -> Step {
        try order.advance(event)
        switch event {
        case .accepted, .warned, .usage: return .none
        case .reasoning(_, let text, _): return text.isEmpty ? .none : enter(.thinking)
        case .text(_, let text, _): return text.isEmpty ? .none : enter(.text)
        case .toolCall(_, let delta):
            let call = Block.call(delta.index)
            if delta.start == nil, current != call {
                throw GenerationError(.internal, "more of call \(delta.index) comes after its end")
            }
            return enter(call)
        case .finished: return .end(ended: current.take())
        }
    }

    /// - Throws: ``TextGeneration/GenerationError`` of ``TextGeneration/GenerationError/Code/internal`` when the usage
    ///   never came.
    func completeUsage() throws(GenerationError) -> Usage { try order.completeUsage() }

    private mutating func enter(_ block: Block) -> Step {
        if current == block { return .more }
        defer {
            current = block
            count += 1
        }
        return .begin(ended: current)
    }
}
