import OpenAIAPI

/// Checks the order of a completion's events, so that a generator's slip becomes an error and never half a reply.
struct CompletionProgress {
    private var isFinished: [Bool]
    private(set) var usage: Usage?

    init(choices: Int) {
        isFinished = Array(repeating: false, count: choices)
    }

    /// - Throws: ``ServerError`` for an event that may not come here.
    mutating func advance(_ event: TextEvent) throws(ServerError) {
        if usage != nil {
            throw ServerError(.brokenEventOrder, "an event follows the usage, which is the last one")
        }
        switch event {
        case .accepted: break
        case .text(let choice, _, _): try requireOpen(choice)
        case .finished(let choice, _):
            try requireOpen(choice)
            isFinished[choice] = true
        case .usage(let usage):
            guard isFinished.allSatisfy({ $0 }) else {
                throw ServerError(.brokenEventOrder, "the usage came before the end of every choice")
            }
            self.usage = usage
        }
    }

    /// The cost of a completion whose events are all there.
    func completeUsage() throws(ServerError) -> Usage {
        guard let usage else { throw ServerError(.brokenEventOrder, "the events ended without the usage") }
        return usage
    }

    private func requireOpen(_ choice: Int) throws(ServerError) {
        guard isFinished.indices.contains(choice), !isFinished[choice] else {
            throw ServerError(
                .brokenEventOrder,
                "an event is about choice \(choice), which has ended or is not among \(isFinished.count)")
        }
    }
}
