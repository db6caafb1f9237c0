package import PinionTensor

/// Chooses the tokens of one sequence.
///
/// The order is: bias, repetition, presence and frequency penalties, temperature, then the cuts min-p, top-k and top-p
/// on the probabilities that result, each on what the last one left (as vLLM orders them).
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

    package init(_ parameters: SamplingParameters, prompt: [Int32], stream: Int, kernels: Kernels) {
        self.parameters = parameters
        self.kernels = kernels
        random = RandomStream(seed: parameters.seed, stream: stream)
        seen = parameters.repetitionPenalty == 1 ? [] : Set(prompt)
    }

    /// Chooses the next token and remembers it.
    ///
    /// - Parameter logits: `[vocabulary]`; overwritten.
    package func sample(_ logits: UnsafeMutableBufferPointer<Float>) -> SampledToken {
        let report = parameters.logprobs.map { LogProbabilities(logits, kernels: kernels, top: $0) }
        let chosenRaw = report.map { _ in Array(logits) }
        adjust(logits)
        let id = parameters.temperature == 0 ? Self.mostLikely(logits) : draw(logits)
        drawn += 1
        generatedCounts[id, default: 0] += 1
        if parameters.repetitionPenalty != 1 { seen.insert(id) }
        guard let report, let chosenRaw else { return SampledToken(id: id) }
        return SampledToken(
            id: id, logprob: report.logprob(of: chosenRaw[Int(id)]), alternatives: report.alternatives)
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

    /// The lowest id among the most likely; a logit that is no number is never the most likely.
    private static func mostLikely(_ logits: UnsafeMutableBufferPointer<Float>) -> Int32 {
        var best = 0
        for index in logits.indices where logits[index] > logits[best] || logits[best].isNaN { best = index }
        return Int32(best)
    }

    private func draw(_ logits: UnsafeMutableBufferPointer<Float>) -> Int32 {
        guard let base = logits.baseAddress else { preconditionFailure("a vocabulary of no tokens") }
        let fallback = Self.mostLikely(logits)
        let highest = logits[Int(fallback)]
        // exp((x - max) / t): the difference first, so that a small temperature cannot overflow.
        let inverse = 1 / parameters.temperature
        for index in logits.indices { logits[index] = (logits[index] - highest) * inverse }
        let total = kernels.expSum(base, count: logits.count, shift: 0, out: base)
        guard total.isFinite, total > 0 else { return fallback }
        let uniform = random.uniform(at: drawn)
        if parameters.topP >= 1, parameters.topK == nil, parameters.minP <= 0 {
            return Self.pick(logits.indices, weight: { logits[$0] }, uniform) ?? fallback
        }
        let kept = CandidateCut(logits, minP: parameters.minP, topK: parameters.topK, topP: parameters.topP).kept
        return Self.pick(kept, weight: { logits[$0] }, uniform) ?? fallback
    }

    /// The token at which the running sum of weights passes `uniform` of the whole.
    private static func pick(
        _ ids: some Collection<Int>, weight: (Int) -> Float, _ uniform: Double
    ) -> Int32? {
        let target = uniform * ids.reduce(0.0) { $0 + Double(weight($1)) }
        var sum = 0.0
        var last: Int?
        for id in ids where weight(id) > 0 {
            sum += Double(weight(id))
            last = id
            if sum > target { break }
        }
        return last.map(Int32.init)
    }
}
