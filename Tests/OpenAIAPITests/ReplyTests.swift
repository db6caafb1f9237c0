import OpenAIAPI
import PinionJSON
import PinionWire
import Testing
import TestSupport
import TextGeneration

private func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self)
}

@Suite("Replies")
struct ReplyTests {
    static let model = "meta-llama/Llama-2-7b-chat-hf"
    static let head =
        #"{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"#
        + #""model":"meta-llama/Llama-2-7b-chat-hf","system_fingerprint":"fp_44709d6fcb","choices":["#

    private func encoder(includeUsage: Bool = false) -> ChatCompletionChunkEncoder {
        ChatCompletionChunkEncoder(
            id: "chatcmpl-123", created: 1_694_268_190, model: Self.model, systemFingerprint: "fp_44709d6fcb",
            includeUsage: includeUsage)
    }

    @Test("A completion has the bytes of the specification's sample")
    func completion() {
        let completion = ChatCompletion(
            id: "chatcmpl-123", created: 1_677_652_288, model: Self.model, systemFingerprint: "fp_44709d6fcb",
            choices: [.init(index: 0, content: "\n\nHello there, how may I assist you today?", finishReason: .stop)],
            usage: Usage(promptTokens: 9, completionTokens: 12))
        #expect(
            text(completion.body)
                == #"{"id":"chatcmpl-123","object":"chat.completion","created":1677652288,"#
                + #""model":"meta-llama/Llama-2-7b-chat-hf","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"#
                + #""message":{"role":"assistant","content":"\n\nHello there, how may I assist you today?"},"#
                + #""logprobs":null,"finish_reason":"stop"}],"#
                + #""usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}}"#)
    }

    @Test("Chunks have the bytes of the specification's samples")
    func chunks() {
        let encoder = encoder()
        #expect(
            text(encoder.role()) == "data: " + Self.head
                + #"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}"#
                + "\n\n")
        #expect(
            text(encoder.content("Hello")) == "data: " + Self.head
                + #"{"index":0,"delta":{"content":"Hello"},"logprobs":null,"finish_reason":null}]}"# + "\n\n")
        #expect(
            text(encoder.finish(.stop)) == "data: " + Self.head
                + #"{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}"# + "\n\n")
        #expect(text(encoder.finish(.toolCalls, index: 12)).contains(#""index":12,"#))
        #expect(text(encoder.finish(.toolCalls)).contains(#""finish_reason":"tool_calls""#))
    }

    @Test("With usage asked for, every chunk has the key and the last its numbers")
    func usage() {
        let encoder = encoder(includeUsage: true)
        for chunk in [encoder.role(), encoder.content("a"), encoder.finish(.length)] {
            #expect(text(chunk).hasSuffix("],\"usage\":null}\n\n"))
        }
        #expect(
            text(encoder.usage(Usage(promptTokens: 9, cachedTokens: 8, completionTokens: 3))) == "data: " + Self.head
                + #"],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"#
                + #""prompt_tokens_details":{"cached_tokens":8}}}"# + "\n\n")
    }

    @Test("Log probabilities keep their order, their bytes and stay finite")
    func logprobs() throws {
        let e = TokenReport.Candidate(bytes: [195, 169], logprob: -0.31725305)
        let report = TokenReport(token: e, alternatives: [e, .init(bytes: [], logprob: -.infinity)])
        #expect(
            text(encoder().content("é", logprobs: [report])).contains(
                #""logprobs":{"content":[{"token":"é","logprob":\#(Double(e.logprob)),"bytes":[195,169],"top_logprobs":["#
                    + #"{"token":"é","logprob":\#(Double(e.logprob)),"bytes":[195,169]},"#
                    + #"{"token":"","logprob":-9999.0,"bytes":[]}]}],"refusal":null}"#))
        let tiny = TokenReport(token: .init(bytes: [195, 169], logprob: -1e-20), alternatives: [])
        let json = try parseJSON(String(text(encoder().content("é", logprobs: [tiny])).dropFirst(6)))
        let entry = json.member("choices")?.element(0)?.member("logprobs")?.member("content")?.element(0)
        #expect(entry?.member("logprob") == .decimal(Double(Float(-1e-20))))
    }

    @Test("What is escaped reads back as it was, on one line")
    func escaping() throws {
        let scalars = (0..<0x100).compactMap { Unicode.Scalar(UInt32($0)) }
        let all = String(String.UnicodeScalarView(scalars)) + "\u{2028}\u{FEFF}😀中\"\\/data: x\r\n\r\n"
        let event = text(encoder().content(all))
        #expect(event.utf8.filter { $0 < 0x20 } == [0x0A, 0x0A])
        let json = try parseJSON(String(event.dropFirst(6)))
        #expect(json.member("choices")?.element(0)?.member("delta")?.member("content") == .string(all))
        #expect(text(encoder().content("\u{1}\u{1f}\n\"\\")).contains(#""\u0001\u001f\n\"\\""#))
    }

    @Test("Models are listed as OpenAI lists them")
    func models() {
        let model = Model(id: "a/b", created: 5, ownedBy: "pinion", contextLength: 64, aliases: ["c"])
        let json =
            #"{"id":"a/b","object":"model","created":5,"owned_by":"pinion","context_length":64,"state":"ready","#
            + #""aliases":["c"]}"#
        #expect(text(model.body) == json)
        #expect(text(ModelList([model, model]).body) == #"{"object":"list","data":[\#(json),\#(json)]}"#)
        #expect(text(ModelList([]).body) == #"{"object":"list","data":[]}"#)
    }

    @Test("Events, pings and the end have their bytes")
    func events() {
        #expect(text(ServerSentEvents.event(Array("{}".utf8))) == "data: {}\n\n")
        #expect(text(ServerSentEvents.ping) == ": ping\n\n")
        #expect(text(ServerSentEvents.done) == "data: [DONE]\n\n")
        #expect(
            text(ServerSentEvents.error(.internalError))
                == "data: " + text(APIError.internalError.body) + "\n\n")
        #expect(text(APIError.internalError.body).hasPrefix(#"{"error":{"message":"The server had"#))
    }

    @Test("Identifiers have their prefix, only letters and digits, and do not repeat")
    func identifiers() {
        let completions = (0..<1_000).map { _ in CompletionID.random() }
        let requests = (0..<1_000).map { _ in RequestID.random() }
        #expect(Set(completions).count == 1_000 && Set(requests).count == 1_000)
        for (id, prefix) in completions.map({ ($0, "chatcmpl-") }) + requests.map({ ($0, "req_") }) {
            #expect(id.hasPrefix(prefix))
            let random = id.dropFirst(prefix.count)
            #expect(random.count >= 24 && random.utf8.allSatisfy { $0 < 0x80 } && random.allSatisfy(\.isAlphanumeric))
        }
    }

    @Test("100,000 chunks are encoded in under five seconds")
    func speed() {
        let encoder = encoder()
        var total = 0
        let time = processorTime {
            for index in 0..<100_000 { total += encoder.content(" token", index: index & 7).count }
        }
        #expect(total > 100_000 * 200)
        #expect(time < .seconds(5))
    }
}

extension Character {
    fileprivate var isAlphanumeric: Bool { isLetter || isNumber }
}
