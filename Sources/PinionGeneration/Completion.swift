import PinionEngine
import Synchronization
package import TextGeneration

/// What the choices of one request share: the queue to their reader, and the account of what they took.
///
/// The acceptance is told before anything else, and the usage after everything else. The outcome is told when the last
/// choice has ended, whatever ended it.
package final class Completion: Sendable {
    private struct Account {
        /// Choices that have not ended.
        var open: Int
        var usage: Usage
        /// Why the request failed; nil while every choice has ended well.
        var failure: GenerationError?
    }

    private let queue: GenerationQueue
    private let account: Mutex<Account>
    private let isAccepted = Mutex(false)
    private let promptTokens: Int
    private let warnings: [GenerationWarning]

    package init(
        promptTokens: Int, choices: Int, warnings: [GenerationWarning] = [], into queue: GenerationQueue
    ) {
        self.queue = queue
        self.promptTokens = promptTokens
        self.warnings = warnings
        account = Mutex(
            Account(open: choices, usage: Usage(promptTokens: 0, cachedTokens: 0, completionTokens: 0)))
    }

    /// Choices that an engine let go without a word end the request, and its reader does not wait for them.
    deinit {
        let account = account.withLock { $0 }
        guard account.open > 0, isAccepted.withLock({ $0 }) else { return }
        let lost = account.failure ?? GenerationError(.interrupted, "the engine lost the request")
        queue.finish(Outcome(.failed(lost.code), account.usage), throwing: lost)
    }

    /// Tells the reader that the prompt was accepted, once.
    ///
    /// Called when the engine has the request, and before every event, because the engine's thread may be the first.
    package func accept() {
        isAccepted.withLock { isAccepted in
            guard !isAccepted else { return }
            isAccepted = true
            queue.send(.accepted(promptTokens: promptTokens, warnings: warnings))
        }
    }

    /// - Returns: Whether anybody wants more.
    @discardableResult
    func send(_ event: GenerationEvent) -> Bool {
        accept()
        return queue.send(event)
    }

    /// Counts a token that is about to be told.
    ///
    /// - Returns: Whether its choice may have another.
    func count(isReasoning: Bool, goesOn: Bool) -> Bool {
        queue.allowance.count(isReasoning: isReasoning, goesOn: goesOn)
    }

    /// Ends a choice.
    func finish(_ choice: Int, _ reason: FinishReason, _ outcome: SequenceOutcome, reasoningTokens: Int = 0) {
        send(.finished(choice: choice, reason))
        settle(outcome, reasoningTokens, failure: nil)
    }

    /// Ends a choice, and with it what the reader is told; the other choices are cancelled.
    func fail(_ error: GenerationError, _ outcome: SequenceOutcome, reasoningTokens: Int = 0) {
        settle(outcome, reasoningTokens, failure: error)
    }

    private func settle(_ outcome: SequenceOutcome, _ reasoningTokens: Int, failure: GenerationError?) {
        let ended = account.withLock { account -> Account? in
            account.open -= 1
            // A prompt that only waited took nothing.
            if outcome.isBegun { account.usage.promptTokens = promptTokens }
            account.usage.completionTokens += outcome.generatedTokens
            account.usage.reasoningTokens += reasoningTokens
            account.usage.cachedTokens = (account.usage.cachedTokens ?? 0) + outcome.cachedTokens
            account.failure = account.failure ?? failure
            return account.open == 0 ? account : nil
        }
        guard let ended else {
            // The last choice tells the failure with the outcome, which then comes before the reader hears of it.
            if let failure { queue.fail(failure) }
            return
        }
        if let failure = ended.failure {
            queue.finish(Outcome(.failed(failure.code), ended.usage), throwing: failure)
        } else {
            queue.send(.usage(ended.usage))
            queue.finish(Outcome(.completed, ended.usage))
        }
    }
}
