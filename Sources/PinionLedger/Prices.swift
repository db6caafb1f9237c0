/// What a model's tokens cost: whole nano-units of the ledger's currency for each token.
package struct Prices: Sendable, Equatable {
    /// Largest price of a token: a unit of the currency. Sums of costs then fit an integer by a factor of thousands.
    package static let maximum = 1_000_000_000
    package static let free = Prices(input: 0, cachedInput: 0, output: 0)

    /// For a token of the prompt that was computed.
    package let input: Int
    /// For a token of the prompt whose computation was reused.
    package let cachedInput: Int
    /// For a sampled token, thinking included.
    package let output: Int

    /// - Precondition: Every price is in 0 ... ``maximum``.
    package init(input: Int, cachedInput: Int, output: Int) {
        precondition(
            [input, cachedInput, output].allSatisfy { (0...Self.maximum).contains($0) }, "a price is out of range")
        (self.input, self.cachedInput, self.output) = (input, cachedInput, output)
    }

    /// The cost of a request in nano-units; the prompt counts once, whatever the number of choices.
    package func cost(of tokens: TokenCounts) -> Int {
        let cached = min(tokens.cached, tokens.input)
        return Self.sum(
            Self.product(tokens.input - cached, input),
            Self.sum(Self.product(cached, cachedInput), Self.product(tokens.output, output)))
    }

    /// The most that these tokens can cost: nothing of the prompt is cached.
    package func bound(input promptTokens: Int, output outputTokens: Int) -> Int {
        cost(of: TokenCounts(input: promptTokens, output: outputTokens))
    }

    /// Saturates at the largest integer: a cost that does not fit one is beyond every budget.
    static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }

    private static func product(_ left: Int, _ right: Int) -> Int {
        let (product, overflow) = left.multipliedReportingOverflow(by: right)
        return overflow ? .max : product
    }
}

/// The tokens of a request, over all of its choices.
package struct TokenCounts: Sendable, Equatable {
    /// Tokens of the prompt.
    package var input: Int
    /// The tokens of ``input`` whose computation was reused.
    package var cached: Int
    /// Tokens that were sampled.
    package var output: Int
    /// Those of ``output`` that the model spent on thinking.
    package var reasoning: Int

    package init(input: Int, cached: Int = 0, output: Int, reasoning: Int = 0) {
        (self.input, self.cached, self.output, self.reasoning) = (input, cached, output, reasoning)
    }

    /// What token budgets and token rates count.
    package var total: Int { input + output }
}
