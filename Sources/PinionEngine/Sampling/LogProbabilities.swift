import PinionTensor

/// Log probabilities by the model's own distribution.
struct LogProbabilities {
    private let logTotal: Double
    let alternatives: [SampledToken.Candidate]

    /// - Parameters:
    ///   - logits: `[vocabulary]`; not changed.
    ///   - top: Alternatives to list; fewer are listed when fewer logits are numbers, for NaN is never an alternative.
    init(_ logits: UnsafeMutableBufferPointer<Float>, kernels: Kernels, top: Int) {
        let highest = TokenWeights.mostLikely(logits, kernels: kernels).logit
        logTotal = TokenWeights.logSum(logits, highest: highest, kernels: kernels)
        // An insertion into a short list: `top` is at most 20.
        var best: [(id: Int, logit: Float)] = []
        for (id, logit) in logits.enumerated() where top > 0 {
            if best.count == top {
                guard let last = best.last, logit > last.logit else { continue }
                best.removeLast()
            } else if logit.isNaN {
                continue
            }
            let place = best.firstIndex { logit > $0.logit } ?? best.count
            best.insert((id, logit), at: place)
        }
        let total = logTotal
        alternatives = best.map { .init(id: Int32($0.id), logprob: Float(Double($0.logit) - total)) }
    }

    func logprob(of logit: Float) -> Float { Float(Double(logit) - logTotal) }
}
