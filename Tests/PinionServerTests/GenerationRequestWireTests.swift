import Foundation
import OpenAIAPI
import PinionEngine
import PinionGeneration
import PinionServer
import PinionTemplate
import Testing

/// From a body to what the engine is asked: every field has a value that no other field has, so that no two can be swapped.
@Suite("From a request's body to sampler and template")
struct GenerationRequestWireTests {
    private static let body = #"""
        {
            "model": "tiny/llama",
            "messages": [
                {"role": "developer", "content": "Be brief.", "name": "boss"},
                {"role": "user", "content": [{"type": "text", "text": "Two"}, {"type": "text", "text": "parts"}]},
                {"role": "assistant", "content": "Yes?", "name": "bot"},
                {"role": "system", "content": "Be kind."},
                {"role": "tool", "content": "42", "tool_call_id": "call-1"}
            ],
            "temperature": 0.25, "top_p": 0.5, "top_k": 7, "min_p": 0.125, "presence_penalty": 0.375,
            "frequency_penalty": -0.625, "repetition_penalty": 1.25, "logit_bias": {"11": -3.5, "12": 4.5},
            "seed": -9, "logprobs": true, "top_logprobs": 3, "n": 2, "max_tokens": 17, "stop": ["\n\n", "End"],
            "ignore_eos": true,
            "chat_template_kwargs": {
                "none": null, "flag": true, "count": -5, "huge": 123456789012345678901, "share": 0.75,
                "text": "<|im_end|>", "list": [1, "two", false], "map": {"b": 1, "a": {"c": []}}
            }
        }
        """#

    private static func mapped(_ body: String) throws -> GenerationRequest {
        GenerationRequest(try ChatCompletionRequest.decode(Array(body.utf8)), for: Tenant(id: "tenant-5"))
    }

    @Test("Every field of a request arrives where it belongs")
    func wholeRequest() throws {
        let request = try Self.mapped(Self.body)
        var sampling = SamplingParameters()
        sampling.temperature = 0.25
        sampling.topP = 0.5
        sampling.topK = 7
        sampling.minP = 0.125
        sampling.presencePenalty = 0.375
        sampling.frequencyPenalty = -0.625
        sampling.repetitionPenalty = 1.25
        sampling.logitBias = [11: -3.5, 12: 4.5]
        sampling.seed = UInt64(bitPattern: -9)
        sampling.logprobs = 3
        #expect(request.sampling == sampling)
        #expect(
            request.messages == [
                .init(role: "system", content: "Be brief.", name: "boss"), .init(role: "user", content: "Two\nparts"),
                .init(role: "assistant", content: "Yes?", name: "bot"), .init(role: "system", content: "Be kind."),
                .init(role: "tool", content: "42", toolCallID: "call-1"),
            ])
        #expect(request.tenant == "tenant-5")
        #expect(request.choices == 2)
        #expect(request.maximumTokens == 17)
        #expect(request.stop == ["\n\n", "End"])
        #expect(request.ignoresEnd)
        #expect(try Self.rendered(request) == Self.renderedArguments)
        // A new field is compared above, too, or this line tells that it is not.
        #expect(
            Mirror(reflecting: request).children.compactMap(\.label) == [
                "messages", "tenant", "sampling", "choices", "maximumTokens", "stop", "ignoresEnd",
                "templateArguments",
            ])
        #expect(Mirror(reflecting: request.sampling).children.count == 10)
    }

    private static let template =
        "{{ none is none }} {{ flag }} {{ count }} {{ huge }} {{ share }} {{ text }} {{ list|tojson }} {{ map|tojson }}"
    private static let renderedArguments =
        #"True True -5 1.2345678901234568e+20 0.75 <|im_end|> [1, "two", false] {"b": 1, "a": {"c": []}}"#

    private static func rendered(_ request: GenerationRequest) throws -> String {
        #expect(request.templateArguments.count == 8)
        let spans = try ChatTemplate(source: template).render(request.templateArguments, now: Date()).spans
        // What the request wrote stays the request's, which keeps its `<|im_end|>` from becoming a control token.
        #expect(spans.filter { $0.text.contains("<|im_end|>") }.allSatisfy { $0.origin == .request })
        return spans.map(\.text).joined()
    }

    @Test("What a request leaves out keeps the default, and the seed is drawn anew each time")
    func defaults() throws {
        let body = #"{"model": "tiny/llama", "messages": [{"role": "user", "content": "Hi"}]}"#
        let (first, second) = (try Self.mapped(body), try Self.mapped(body))
        #expect(first.sampling.seed != second.sampling.seed)
        var sampling = SamplingParameters()
        sampling.seed = first.sampling.seed
        #expect(first.sampling == sampling)
        #expect(first.messages == [.init(role: "user", content: "Hi")])
        #expect(first.choices == 1 && first.maximumTokens == nil && first.stop.isEmpty && !first.ignoresEnd)
        #expect(first.templateArguments.isEmpty)
    }

    @Test("Log probabilities without alternatives are asked for by a count of 0")
    func logprobsAlone() throws {
        let body = #"{"model": "m", "messages": [{"role": "user", "content": "Hi"}], "logprobs": true}"#
        #expect(try Self.mapped(body).sampling.logprobs == 0)
    }
}
