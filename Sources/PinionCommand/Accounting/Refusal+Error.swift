import PinionLedger
import TextGeneration

extension Limit {
    /// The limit in a sentence.
    var words: String { rawValue.split(separator: "_").joined(separator: " ") }

    /// Tokens and requests are many; money and credit are one.
    var isPlural: Bool { !isMoney }
}

extension Refusal {
    /// What the client is told; a model that the key may not use is told otherwise.
    var error: GenerationError {
        switch reason {
        case .requestRate:
            limited(.requests, "Rate limit reached on requests per min\(bound).")
        case .concurrency:
            limited(.requests, "Rate limit reached on requests at one time\(bound).")
        case .tokenRate:
            limited(
                .tokens, "Rate limit reached on tokens per min\(bound), Used \(used), Requested \(needed ?? 0).")
        case .tooLarge:
            limited(
                .tokens,
                "Request too large for tokens per min\(bound), Requested \(needed ?? 0). Shorten the prompt, or lower "
                    + "'max_tokens'.")
        case .reserved:
            limited(
                .tokens,
                "The \(words) of this \(holder) \(isPlural ? "are" : "is") promised to requests that run.\(rest)")
        case .budget where needed.map({ $0 > 1 }) ?? false && (left ?? 0) > 0:
            limited(
                .budget,
                "You exceeded your current quota: the \(words) of this \(holder) \(isPlural ? "do" : "does") not "
                    + "suffice for this request.\(rest) Shorten the prompt, or lower 'max_tokens'.")
        case .budget:
            limited(
                .budget,
                "You exceeded your current quota: the \(words) of this \(holder) \(isPlural ? "are" : "is") spent. "
                    + "Ask the operator of this server to raise \(isPlural ? "them" : "it").")
        case .ledger, .model:
            GenerationError(.overloaded, "the ledger takes no more requests at the moment")
        }
    }

    private func limited(_ kind: GenerationError.LimitReached.Kind, _ message: String) -> GenerationError {
        GenerationError(.limited, message, limit: .init(kind, retryAfter: retryAfter))
    }

    private var words: String { limit?.words ?? "tokens" }
    private var isPlural: Bool { limit?.isPlural ?? true }
    private var holder: String { scope?.kind ?? "key" }
    private var bound: String { value.map { ": Limit \($0)" } ?? "" }
    private var used: Int { max(0, (value ?? 0) - (left ?? 0)) }

    /// What there is and what it takes, as a further sentence; amounts of money are the operator's business.
    private var rest: String {
        guard let needed, let left, limit?.isMoney != true else { return "" }
        return " \(left) \(left == 1 ? "is" : "are") left, and this request takes up to \(needed)."
    }
}
