import PinionEngine
import PinionGeneration
import PinionModelFiles
import Testing
import TextGeneration

@Suite("How tokens are chosen where a request does not say")
struct SamplingDefaultsTests {
    private static var advice: GenerationDefaults {
        var advice = GenerationDefaults()
        advice.temperature = 0.75
        advice.topP = 0.5
        advice.topK = 20
        advice.minP = 0.25
        advice.repetitionPenalty = 1.5
        return advice
    }

    @Test("Without advice the model's own distribution is left alone")
    func none() {
        let request = GenerationFixtures.request()
        var expected = SamplingParameters()
        expected.seed = 1
        #expect(SamplingParameters(request) == expected)
    }

    @Test("The advice of a model's files counts for what a request leaves out")
    func advised() throws {
        let parameters = SamplingParameters(
            GenerationFixtures.request(), try SamplingDefaults(Self.advice, of: "model"))
        #expect(parameters.temperature == 0.75)
        #expect(parameters.topP == 0.5)
        #expect(parameters.topK == 20)
        #expect(parameters.minP == 0.25)
        #expect(parameters.repetitionPenalty == 1.5)
    }

    @Test("What a request says counts before the advice, a value that switches something off as well")
    func requested() throws {
        var request = GenerationFixtures.request()
        request.sampling.temperature = 1
        request.sampling.topP = 1
        request.sampling.topK = 0
        request.sampling.minP = 0
        request.sampling.repetitionPenalty = 1
        var expected = SamplingParameters()
        expected.seed = 1
        #expect(SamplingParameters(request, try SamplingDefaults(Self.advice, of: "model")) == expected)
    }

    @Test("Advice that is out of range is refused by name")
    func outOfRange() {
        let changes: [(String, (inout GenerationDefaults) -> Void)] = [
            ("temperature", { $0.temperature = -0.5 }), ("temperature", { $0.temperature = .nan }),
            ("top_p", { $0.topP = 0 }), ("top_p", { $0.topP = 1.5 }), ("top_k", { $0.topK = -7 }),
            ("min_p", { $0.minP = 2 }), ("repetition_penalty", { $0.repetitionPenalty = 0 }),
        ]
        for (name, change) in changes {
            var advice = Self.advice
            change(&advice)
            let error = #expect(throws: GenerationError.self) { try SamplingDefaults(advice, of: "model") }
            #expect(error?.message.contains(name) == true, "\(name)")
        }
    }
}
