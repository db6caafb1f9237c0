/// Checks the order of a generation's events, so that a generator's slip becomes an error and never half a reply.
package struct EventOrder: Sendable {
    private var isFinished: [Bool]
    /// How many calls of each choice have begun.
    private var calls: [Int]
    /// What the generation took; nil before its last event.
    package private(set) var usage: Usage?

    package init(choices: Int) {
        isFinished = Array(repeating: false, count: choices)
        calls = Array(repeating: 0, count: choices)
    }

    /// - Throws: ``GenerationError`` of ``GenerationError/Code/internal`` for an event that may not come here.
    package mutating func advance(_ event: GenerationEvent) throws(GenerationError) {
        if usage != nil {
            throw GenerationError(.internal, "an event follows the usage, which is the last one")
        }
        switch event {
        case .accepted: break
        case .text(let choice, _, _), .reasoning(let choice, _, _), .warned(let choice, _):
            try requireOpen(choice)
        case .toolCall(let choice, let delta):
            try requireOpen(choice)
            // Calls are counted as they begin, and what does not begin one belongs to one that has begun.
            let expected = delta.start == nil ? 0..<calls[choice] : calls[choice]..<calls[choice] + 1
            guard expected.contains(delta.index) else {
                throw GenerationError(
                    .internal, "call \(delta.index) of choice \(choice) comes after \(calls[choice]) calls have begun")
            }
            if delta.start != nil { calls[choice] += 1 }
        case .finished(let choice, _):
            try requireOpen(choice)
            isFinished[choice] = true
        case .usage(let usage):
            guard isFinished.allSatisfy({ $0 }) else {
                throw GenerationError(.internal, "the usage came before the end of every choice")
            }
            self.usage = usage
        }
    }

    /// What a generation took whose events are all there.
    ///
    /// - Throws: ``GenerationError`` of ``GenerationError/Code/internal`` when the usage never came.
    package func completeUsage() throws(GenerationError) -> Usage {
        guard let usage else { throw GenerationError(.internal, "the events ended without the usage") }
        return usage
    }

    private func requireOpen(_ choice: Int) throws(GenerationError) {
        guard isFinished.indices.contains(choice), !isFinished[choice] else {
            throw GenerationError(
                .internal, "an event is about choice \(choice), which has ended or is not among \(isFinished.count)")
        }
    }
}
