import Foundation
import HTTPTypes
import OpenAIAPI
import PinionEngine
import PinionGeneration
import PinionServer
import Testing

/// The routes over a real engine with a tiny random model: what a scripted generator cannot show.
@Suite("Server over a real engine")
struct LocalGeneratorTests {
    private static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/models/tiny-llama-q4_1.gguf").path(percentEncoded: false)

    private static func served(
        _ adjust: (inout EngineConfiguration) -> Void = { _ in }
    ) async throws -> (model: TextModel, fixture: ServerFixture) {
        var engine = EngineConfiguration()
        engine.threads = 1
        adjust(&engine)
        let model = try await TextModel.load(path: path, engine)
        let generator = LocalGenerator(model, id: "tiny/llama", created: 1, owner: "test", build: "test")
        return (model, ServerFixture(real: generator))
    }

    private static func body(_ fields: String = "") -> String {
        ServerFixture.chatBody(model: "tiny/llama", #", "seed": 5\#(fields)"#)
    }

    @Test("A plain and a streamed reply to one seed hold the same text, and the usage counts it")
    func plainAndStreamed() async throws {
        let (_, fixture) = try await Self.served()
        let plain = try await fixture.chat(Self.body(#", "max_tokens": 12, "ignore_eos": true"#))
        #expect(plain.status == 200)
        let content = Self.string(try JSONValue.parse(Array(plain.body.utf8)), "choices", "message", "content")
        let streamed = try await fixture.chat(
            Self.body(
                #", "max_tokens": 12, "ignore_eos": true, "stream": true, "stream_options": {"include_usage": true}"#))
        let chunks = try streamed.body.components(separatedBy: "\n\n").dropLast(2)
            .map { try JSONValue.parse(Array($0.dropFirst("data: ".count).utf8)) }
        #expect(chunks.compactMap { Self.string($0, "choices", "delta", "content") }.joined() == content)
        #expect(streamed.body.hasSuffix("data: [DONE]\n\n"))
        #expect(plain.body.contains(#""finish_reason":"length""#))
        #expect(plain.body.contains(#""completion_tokens":12"#))
        #expect(streamed.body.contains(#""completion_tokens":12"#))
    }

    /// The string under a path of names; an array stands for its first element.
    private static func string(_ value: JSONValue, _ path: String...) -> String? {
        var value: JSONValue? = value
        for name in path {
            if case .array(let items) = value { value = items.first }
            guard case .object(let object) = value else { return nil }
            value = object[name]
        }
        if case .array(let items) = value { value = items.first }
        if case .string(let text) = value { return text }
        return nil
    }

    @Test("A prompt beyond the context is a 400, and so is a bias for a token the model lacks")
    func clientMistakes() async throws {
        let (model, tight) = try await Self.served { $0.contextLength = 16 }
        let long = try await tight.chat(Self.body())
        #expect(long.status == 400)
        #expect(long.error?.code == "context_length_exceeded")
        #expect(long.error?.param == "messages")
        let (_, roomy) = try await Self.served()
        let bias = try await roomy.chat(Self.body(#", "logit_bias": {"320": 1}"#))
        #expect(bias.status == 400)
        #expect(bias.error?.param == "logit_bias")
        let reserved = try await roomy.chat(Self.body(#", "chat_template_kwargs": {"messages": []}"#))
        #expect(reserved.status == 400)
        #expect(reserved.error?.param == "chat_template_kwargs.messages")
        #expect(model.engine.pendingSequences == 0)
    }

    @Test("A full queue is a 503 with retry-after, and takes requests again when there is room")
    func overload() async throws {
        let (model, fixture) = try await Self.served {
            $0.maximumSequences = 1
            $0.maximumWaiting = 1
        }
        let refused = try await fixture.chat(Self.body(#", "n": 3"#))
        #expect(refused.status == 503)
        #expect(refused.headers[.retryAfter] != nil)
        #expect(refused.error?.code == "server_overloaded")
        #expect(try await fixture.chat(Self.body(#", "max_tokens": 2"#)).status == 200)
        #expect(model.engine.pendingSequences == 0)
    }

    @Test("A client that goes away frees its sequences, streamed or not")
    func disconnect() async throws {
        let (model, fixture) = try await Self.served { $0.contextLength = 512 }
        try await LiveServer.run(fixture) { server in
            for stream in [true, false] {
                try await RawConnection.open(port: server.port) { connection in
                    try await connection.sendChat(Self.body(#", "n": 3, "stream": \#(stream), "ignore_eos": true"#))
                    try await Self.wait { model.engine.pendingSequences == 3 }
                }
                try await Self.wait { model.engine.pendingSequences == 0 }
            }
        }
    }

    private static func wait(until condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(5)
        while !condition() {
            try #require(ContinuousClock.now < deadline, "the engine did not notice within five seconds")
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}
