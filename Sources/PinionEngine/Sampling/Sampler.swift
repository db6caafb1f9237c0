package import PinionTensor

/// Chooses the tokens of one sequence.
///
/// The order is:
/// 1. the model's own log probabilities are reported, and checked for numbers;
/// 2. bias, repetition, presence and frequency penalties;
/// 3. the constraint's mask;
/// 4. temperature, then the cuts min-p, top-k and top-p on the probabilities that result, each on what the last one left
///    (as vLLM orders them).
///
/// Not `Sendable`: it belongs to a sequence on the engine thread.
package final class Sampler {
    private let parameters: SamplingParameters
    private let random: RandomStream
    private let kernels: Kernels
    /// How often the generated text holds each token it holds.
    private var generatedCounts: [Int32: Int] = [:]
    /// Tokens of prompt and generated text; kept only for the repetition penalty.
    private var seen: Set<Int32>
    private var drawn = 0
    /// Of a constrained sequence; kept, because one a token would be an allocation of kilobytes.
    private var mask: TokenMask?

    /// What came of a row of logits.
    package enum Draw: Equatable {
        case token(SampledToken)
        /// The largest of the model's logits is infinite, or none is a number.
        case notFinite
        /// The constraint allows no token that the model gives a probability.
        case nothingAllowed
    }

    package init(_ parameters: SamplingParameters, prompt: [Int32], stream: Int, kernels: Kernels) {
        self.parameters = parameters
        self.kernels = kernels
        random = RandomStream(seed: parameters.seed, stream: stream)
        seen = parameters.repetitionPenalty == 1 ? [] : Set(prompt)
    }

    /// Chooses the next token and remembers it.
    ///
    /// - Parameters:
    ///   - logits: `[vocabulary]`; overwritten.
    ///   - constraint: What may be drawn; hears of the token from the caller.
    package func sample(
        _ logits: UnsafeMutableBufferPointer<Float>, constraint: (any TokenConstraint)? = nil
    ) -> Draw {
        let report = parameters.logprobs.map { LogProbabilities(logits, kernels: kernels, top: $0) }
        let chosenRaw = report.map { _ in Array(logits) }
        // Before anything is added to them: only the model's own numbers say that it is lost.
        var (likeliest, highest) = TokenWeights.mostLikely(logits, kernels: kernels)
        guard highest.isFinite else { return .notFinite }
        if adjusts { adjust(logits) }
        if let constraint { forbid(logits, constraint) }
        if adjusts || constraint != nil {
            (likeliest, highest) = TokenWeights.mostLikely(logits, kernels: kernels)
            if constraint != nil, highest == -.infinity { return .nothingAllowed }
        }
        let id = parameters.temperature == 0 ? likeliest : draw(logits, highest: highest, fallback: likeliest)
        drawn += 1
        generatedCounts[id, default: 0] += 1
        if parameters.repetitionPenalty != 1 { seen.insert(id) }
        guard let report, let chosenRaw else { return .token(SampledToken(id: id)) }
        return .token(
            SampledToken(id: id, logprob: report.logprob(of: chosenRaw[Int(id)]), alternatives: report.alternatives))
    }

    private func forbid(_ logits: UnsafeMutableBufferPointer<Float>, _ constraint: any TokenConstraint) {
        var mask = self.mask.take() ?? TokenMask(vocabulary: logits.count)
        mask.fill(false)
        constraint.markAllowed(in: &mask)
        mask.forbidOthers(in: logits)
        self.mask = mask
    }

    /// Whether anything is added to the model's logits.
    private var adjusts: Bool {
        !parameters.logitBias.isEmpty || parameters.repetitionPenalty != 1 || parameters.presencePenalty != 0
            || parameters.frequencyPenalty != 0
    }

    /// Touches only the tokens that a bias or a penalty names, never the whole vocabulary.
    private func adjust(_ logits: UnsafeMutableBufferPointer<Float>) {
        for (id, bias) in parameters.logitBias { logits[Int(id)] += bias }
        if parameters.repetitionPenalty != 1 {
            for id in seen {
                let logit = logits[Int(id)]
                logits[Int(id)] =
                    logit > 0 ? logit / parameters.repetitionPenalty : logit * parameters.repetitionPenalty
            }
        }
        // mu[j] -> mu[j] - c[j] * frequency - (c[j] > 0) * presence, as OpenAI's reference states it.
        if parameters.presencePenalty != 0 || parameters.frequencyPenalty != 0 {
            for (id, count) in generatedCounts {
                logits[Int(id)] -= Float(count) * parameters.frequencyPenalty + parameters.presencePenalty
            }
        }
    }

    private func draw(
        _ logits: UnsafeMutableBufferPointer<Float>, highest: Float, fallback: Int32
    ) -> Int32 {
        let weights = TokenWeights(logits, highest: highest, temperature: parameters.temperature, kernels: kernels)
        guard weights.total.isFinite, weights.total > 0 else { return fallback }
        let uniform = random.uniform(at: drawn)
        if parameters.topP >= 1, parameters.topK == nil, parameters.minP <= 0 {
            return weights.pick(uniform) ?? fallback
        }
        let kept = CandidateCut(logits, minP: parameters.minP, topK: parameters.topK, topP: parameters.topP).kept
        let mass = kept.reduce(0.0) { $0 + Double(logits[$1]) }
        return TokenWeights.pick(kept, target: uniform * mass) { logits[$0] } ?? fallback
    }
}
