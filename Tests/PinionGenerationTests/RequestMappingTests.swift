import Foundation
import OpenAIAPI
import PinionEngine
import PinionGeneration
import PinionJSON
import PinionTemplate
import Testing
import TextGeneration
import TextGeneration

/// From a body to what the engine is asked: every field has a value that no other field has, so that no two can be swapped.
@Suite("From a request's body to sampler and template")
struct RequestMappingTests {
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
            "ignore_eos": true, "user": "ada", "metadata": {"job": "7"},
            "chat_template_kwargs": {
                "none": null, "flag": true, "count": -5, "huge": 123456789012345678901, "share": 0.75,
                "text": "<|im_end|>", "list": [1, "two", false], "map": {"b": 1, "a": {"c": []}}
            }
        }
        """#

    private static func mapped(_ body: String) throws -> GenerationRequest {
        try ChatCompletionRequest.decode(Array(body.utf8)).generation
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
        #expect(SamplingParameters(request) == sampling)
        #expect(Mirror(reflecting: sampling).children.count == 10)
        #expect(
            request.conversation
                == Conversation([
                    Message(.developer, "Be brief.", name: "boss"), Message(.user, [.text("Two"), .text("parts")]),
                    Message(.assistant, "Yes?", name: "bot"), Message(.system, "Be kind."),
                    Message(.tool, "42", toolCallID: "call-1"),
                ]))
        #expect(request.conversation.messages[1].text == "Two\nparts")
        #expect(request.choices == 2)
        #expect(request.maximumTokens == 17)
        #expect(request.stop == ["\n\n", "End"])
        #expect(request.ignoresEnd)
        #expect(request.client.user == "ada")
        #expect(request.client.metadata?["job"] == .string("7"))
        // Chat completions have no field for it.
        #expect(request.prefill == nil)
        #expect(try Self.rendered(request) == Self.renderedArguments)
        // A new field is compared above, too, or this line tells that it is not.
        #expect(
            Mirror(reflecting: request).children.compactMap(\.label) == [
                "conversation", "sampling", "choices", "maximumTokens", "stop", "ignoresEnd", "format",
                "isFormatCompact", "reasoning", "reportedAlternatives", "prefill", "templateArguments",
                "client", "original",
            ])
    }

    private static let template =
        "{{ none is none }} {{ flag }} {{ count }} {{ huge }} {{ share }} {{ text }} {{ list|tojson }} {{ map|tojson }}"
    private static let renderedArguments =
        #"True True -5 123456789012345678901 0.75 <|im_end|> [1, "two", false] {"b": 1, "a": {"c": []}}"#

    private static func rendered(_ request: GenerationRequest) throws -> String {
        #expect(request.templateArguments.members.count == 8)
        let values = Dictionary(
            uniqueKeysWithValues: request.templateArguments.members.map {
                (TemplateName($0.name), TemplateValue($0.value))
            })
        let spans = try ChatTemplate(source: template).render(values, now: Date()).spans
        // What the request wrote stays the request's, which keeps its `<|im_end|>` from becoming a control token.
        #expect(spans.filter { $0.text.contains("<|im_end|>") }.allSatisfy { $0.origin == .request })
        return spans.map(\.text).joined()
    }

    @Test("What a request leaves out keeps the default, and the seed is drawn anew each time")
    func defaults() throws {
        let body = #"{"model": "tiny/llama", "messages": [{"role": "user", "content": "Hi"}]}"#
        let (first, second) = (try Self.mapped(body), try Self.mapped(body))
        let drawn = SamplingParameters(first)
        #expect(drawn.seed != SamplingParameters(second).seed)
        var sampling = SamplingParameters()
        sampling.seed = drawn.seed
        #expect(drawn == sampling)
        #expect(first == GenerationRequest(Conversation([Message(.user, "Hi")])))
    }

    @Test("Log probabilities without alternatives are asked for by a count of 0")
    func logprobsAlone() throws {
        let body = #"{"model": "m", "messages": [{"role": "user", "content": "Hi"}], "logprobs": true}"#
        #expect(SamplingParameters(try Self.mapped(body)).logprobs == 0)
    }
}
