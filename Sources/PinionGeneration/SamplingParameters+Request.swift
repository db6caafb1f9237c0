package import PinionEngine
package import TextGeneration

extension SamplingParameters {
    /// How the engine is to sample for a request; draws a seed where the request names none.
    ///
    /// - Parameter defaults: What counts where the request does not say.
    package init(_ request: GenerationRequest, _ defaults: SamplingDefaults = SamplingDefaults()) {
        self.init()
        let options = request.sampling
        temperature = Float(options.temperature ?? defaults.temperature)
        topP = Float(options.topP ?? defaults.topP)
        let likeliest = options.topK ?? defaults.topK
        topK = likeliest > 0 ? likeliest : nil
        minP = Float(options.minP ?? defaults.minP)
        presencePenalty = Float(options.presencePenalty)
        frequencyPenalty = Float(options.frequencyPenalty)
        repetitionPenalty = Float(options.repetitionPenalty ?? defaults.repetitionPenalty)
        logitBias = options.logitBias.mapValues(Float.init)
        seed = options.seed.map(UInt64.init(bitPattern:)) ?? .random(in: .min ... .max)
        logprobs = request.reportedAlternatives
    }
}
