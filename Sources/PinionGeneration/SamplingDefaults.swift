package import PinionModelFiles
package import TextGeneration

/// How tokens are chosen where a request does not say.
///
/// The default leaves the model's own distribution alone. A model's files may advise otherwise; their advice counts only
/// where the operator said so, because a client of the OpenAI API that sends no temperature expects 1.
package struct SamplingDefaults: Sendable, Equatable {
    package var temperature: Double = 1
    package var topP: Double = 1
    /// 0 for all.
    package var topK = 0
    package var minP: Double = 0
    package var repetitionPenalty: Double = 1

    package init() {}

    /// - Throws: ``GenerationError`` naming a number that is out of range.
    package init(_ advice: GenerationDefaults) throws(GenerationError) {
        self.init()
        func number(
            _ value: Double?, _ name: String, in range: ClosedRange<Double>, default fallback: Double
        ) throws(GenerationError) -> Double {
            guard let value else { return fallback }
            guard range.contains(value) else {
                throw GenerationError(
                    .model,
                    "the model's generation defaults have a \(name) of \(value), expected \(range.lowerBound) to "
                        + "\(range.upperBound)")
            }
            return value
        }
        temperature = try number(advice.temperature, "temperature", in: 0...2, default: temperature)
        topP = try number(advice.topP, "top_p", in: Double.leastNonzeroMagnitude...1, default: topP)
        topK = Int(try number(advice.topK.map(Double.init), "top_k", in: -1...Double(Int32.max), default: 0))
        minP = try number(advice.minP, "min_p", in: 0...1, default: minP)
        repetitionPenalty = try number(
            advice.repetitionPenalty, "repetition_penalty", in: Double.leastNonzeroMagnitude...100,
            default: repetitionPenalty)
    }
}
