import EngineTestSupport
import Foundation
import HTTPTypes
import Logging
import OpenAIAPI
import PinionWire
import PinionCommand
import PinionEngine
import PinionGeneration
import PinionJSON
import PinionServer
import Synchronization
import Testing

/// The routes over a real engine with a tiny random model: what a scripted generator cannot show.
@Suite("Server over a real engine")
struct LocalGeneratorTests {
    private static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/models/tiny-llama-q4_1.gguf").path(percentEncoded: false)

    private static func served(
        source: FragileSource? = nil, _ adjust: (inout EngineConfiguration) -> Void = { _ in }
    ) async throws -> (model: TextModel, fixture: ServerFixture) {
        var engine = EngineConfiguration()
        engine.threads = 1
        adjust(&engine)
        let model = try await TextModel.load(path: path, engine) { file in
            source ?? PackageSource(file) as any EngineSource
        }
        let generator = LocalGenerator(model, id: "tiny/llama", created: 1, owner: "test", build: "test")
        return (model, ServerFixture(real: generator))
    }

    @Test("A failed engine is a 500 or an error event, turns readiness off and refuses with 503, and then serves again")
    func engineFailure() async throws {
        let source = FragileSource(path: Self.path)
        let recorder = LogRecorder()
        let observer = EngineMetrics(logger: recorder.logger)
        let (model, fixture) = try await Self.served(source: source) { $0.observer = observer }
        observer.begin(fixture.metrics.model("tiny/llama"))
        #expect(try await fixture.reply(.get, "/health").status == 200)
        source.refusals.withLock { $0 = 4 }
        source.faults.withLock { $0 = [nil, nil, .throwing] }
        let streamed = try await fixture.chat(Self.body(#", "max_tokens": 20, "stream": true, "ignore_eos": true"#))
        #expect(streamed.status == 200)
        #expect(streamed.body.contains(#""code":"internal_error""#))
        #expect(!streamed.body.contains("[DONE]"))
        #expect(try await fixture.reply(.get, "/health").status == 503)
        let refused = try await fixture.chat(Self.body())
        #expect(refused.status == 503 && refused.headers[.retryAfter] != nil)
        try await Self.wait { model.engine.isReady }
        #expect(try await fixture.reply(.get, "/health").status == 200)
        source.faults.withLock { $0 = [.throwing] }
        #expect(try await fixture.chat(Self.body(#", "max_tokens": 20"#)).status == 500)
        try await Self.wait { model.engine.isReady }
        #expect(try await fixture.chat(Self.body(#", "max_tokens": 2"#)).status == 200)
        let page = try await fixture.reply(.get, "/metrics").body
        #expect(page.contains(#"pinion_engine_failures_total{model="tiny/llama"} 6"#))
        #expect(recorder.lines.contains { $0.level == .error && $0.text.contains("a step that cannot be made") })
        #expect(model.engine.pendingSequences == 0)
    }

    @Test("A page of metrics counts requests, tokens, cache hits and steps, and shows what the engine holds")
    func metrics() async throws {
        let observer = EngineMetrics(logger: LogRecorder().logger)
        let (model, fixture) = try await Self.served { $0.observer = observer }
        observer.begin(fixture.metrics.model("tiny/llama"))
        let long = ServerFixture.chatBody(
            model: "tiny/llama", #", "seed": 5, "max_tokens": 10, "ignore_eos": true, "n": 2"#
        ).replacingOccurrences(of: "Hi", with: String(repeating: "Hi ", count: 40))
        for _ in 0..<2 { #expect(try await fixture.chat(long).status == 200) }
        #expect(try await fixture.chat(Self.body(#", "stream": true, "max_tokens": 3"#)).status == 200)
        #expect(try await fixture.reply(.get, "/nowhere/1").status == 404)
        #expect(try await fixture.reply(.get, "/nowhere/2").status == 404)
        #expect(try await fixture.reply(.get, "/metrics", key: nil).status == 401)
        // The engine reports a step when its replies have been told of their ends.
        let idle = #"pinion_sequences{model="tiny/llama",state="running"} 0"#
        let deadline = ContinuousClock.now + .seconds(30)
        var reply = try await fixture.reply(.get, "/metrics")
        while !reply.body.contains(idle), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(2))
            reply = try await fixture.reply(.get, "/metrics")
        }
        #expect(reply.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
        let page = reply.body
        func value(_ series: String) -> Double? {
            page.split(separator: "\n").first { $0.hasPrefix(series + " ") }
                .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
        }
        let model1 = #"{model="tiny/llama"}"#
        #expect(
            value(#"pinion_http_requests_total{route="/v1/chat/completions",status="200",model="tiny/llama"}"#) == 3)
        #expect(value(#"pinion_http_requests_total{route="other",status="404",model=""}"#) == 2)
        #expect(value(#"pinion_http_requests_total{route="/metrics",status="401",model=""}"#) == 1)
        #expect(value("pinion_generated_tokens_total" + model1) == 43)
        #expect(value("pinion_time_to_first_token_seconds_count" + model1) == 3)
        #expect(value("pinion_engine_step_seconds_count" + model1) == Double(model.engine.statistics.steps))
        let (prompt, cached) = (
            value("pinion_prompt_tokens_total" + model1), value("pinion_prompt_tokens_cached_total" + model1)
        )
        let computed = value("pinion_prompt_tokens_computed_total" + model1)
        #expect(cached.map { $0 >= 100 } == true)
        #expect(prompt == (cached ?? 0) + (computed ?? 0))
        #expect(value(#"pinion_sequences{model="tiny/llama",state="running"}"#) == 0)
        #expect(value(#"pinion_kv_blocks{model="tiny/llama",state="used"}"#) == 0)
        #expect(value(#"pinion_kv_blocks{model="tiny/llama",state="cached"}"#).map { $0 > 0 } == true)
        #expect(value("process_resident_memory_bytes").map { $0 > 1e6 } == true)
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
        let impossible = try await fixture.chat(Self.body(#", "n": 3"#))
        #expect(impossible.status == 400 && impossible.error?.param == "n")
        let reservation = try model.engine.reserve(1)
        let refused = try await fixture.chat(Self.body(#", "n": 2"#))
        _ = consume reservation
        #expect(refused.status == 503)
        #expect(refused.headers[.retryAfter] != nil)
        #expect(refused.error?.code == "server_is_overloaded")
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
        let deadline = ContinuousClock.now + .seconds(30)
        while !condition() {
            try #require(ContinuousClock.now < deadline, "the engine did not notice within half a minute")
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}
