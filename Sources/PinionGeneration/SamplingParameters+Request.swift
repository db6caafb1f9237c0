package import PinionEngine
package import TextGeneration

extension SamplingParameters {
    /// How the engine is to sample for a request; draws a seed where the request names none.
    package init(_ request: GenerationRequest) {
        self.init()
        let options = request.sampling
        temperature = Float(options.temperature)
        topP = Float(options.topP)
        topK = options.topK
        minP = Float(options.minP)
        presencePenalty = Float(options.presencePenalty)
        frequencyPenalty = Float(options.frequencyPenalty)
        repetitionPenalty = Float(options.repetitionPenalty)
        logitBias = options.logitBias.mapValues(Float.init)
        seed = options.seed.map(UInt64.init(bitPattern:)) ?? .random(in: .min ... .max)
        logprobs = request.reportedAlternatives
    }
}
