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

    /// - Parameter path: The model, for messages.
    /// - Throws: ``GenerationError`` naming a number that is out of the range that requests have.
    package init(_ advice: GenerationDefaults, of path: String) throws(GenerationError) {
        self.init()
        func number(
            _ value: Double?, _ name: String, in range: ClosedRange<Double>, default fallback: Double,
            isMinimumOut: Bool = false
        ) throws(GenerationError) -> Double {
            guard let value else { return fallback }
            guard range.contains(value), !isMinimumOut || value > range.lowerBound else {
                let bounds = (isMinimumOut ? "above " : "") + "\(range.lowerBound) to \(range.upperBound)"
                throw GenerationError(
                    .model, "\(path): its generation defaults have a \(name) of \(value), expected \(bounds)")
            }
            return value
        }
        temperature = try number(
            advice.temperature, "temperature", in: SamplingOptions.temperatureRange, default: temperature)
        topP = try number(
            advice.topP, "top_p", in: SamplingOptions.topPRange, default: topP, isMinimumOut: true)
        let likeliest = try number(
            advice.topK.map(Double.init), "top_k", in: -1...Double(Int32.max), default: Double(topK))
        // -1 switches it off as 0 does.
        topK = max(Int(likeliest), 0)
        minP = try number(advice.minP, "min_p", in: SamplingOptions.minPRange, default: minP)
        repetitionPenalty = try number(
            advice.repetitionPenalty, "repetition_penalty", in: SamplingOptions.repetitionPenaltyRange,
            default: repetitionPenalty)
    }
}
