import Foundation
import HTTPTypes
import Logging
import PinionServer
import Testing
import TextGeneration

@Suite("Completions", .timeLimit(.minutes(1)))
struct CompletionTests {
    /// Two choices whose texts interleave.
    private static let twoChoices: [ScriptedGenerator.Step] = [
        .event(.accepted(promptTokens: 4)), .event(.text(choice: 1, "b", [])),
        .event(.text(choice: 0, "a", [])), .event(.finished(choice: 0, .length)), .isRead,
        .event(.text(choice: 1, "B", [])), .event(.finished(choice: 1, .stop)),
        .event(.usage(Usage(promptTokens: 4, completionTokens: 3))),
    ]

    /// The body with its random id and its time replaced.
    private func normalized(_ reply: Reply) -> String {
        reply.body.replacing(/chatcmpl-[0-9A-Za-z]+/, with: "ID").replacing(/"created":[0-9]+/, with: "\"created\":0")
    }

    @Test("A plain reply holds the whole text, the reason and the usage")
    func plain() async throws {
        let fixture = ServerFixture(.greeting())
        let reply = try await fixture.chat()
        #expect(reply.status == 200)
        #expect(reply.headers.value("content-type") == "application/json")
        #expect(
            normalized(reply)
                == #"{"id":"ID","object":"chat.completion","created":0,"model":"acme/tiny/1","#
                + #""system_fingerprint":"fp_0123456789","choices":[{"index":0,"message":{"role":"assistant","#
                + #""content":"Hello \"you\""},"logprobs":null,"finish_reason":"stop"}],"#
                + #""usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}"#)
        let created = try #require(reply.json["created"] as? Int)
        #expect(abs(Date().timeIntervalSince1970 - Double(created)) < 60)
        #expect(fixture.scripted[0].observed.tenants == [Tenant(id: "tenant-7")])
        #expect(fixture.scripted[0].observed.ended == 1)
    }

    @Test("A bare name is answered by its default version, under its full id")
    func bareName() async throws {
        let reply = try await ServerFixture(.greeting()).chat(ServerFixture.chatBody(model: "acme/tiny"))
        #expect(reply.json["model"] as? String == "acme/tiny/1")
    }

    @Test("Two choices that interleave are put together each for itself")
    func twoChoicesPlain() async throws {
        let reply = try await ServerFixture(ScriptedGenerator(Self.twoChoices)).chat(ServerFixture.chatBody(",\"n\":2"))
        #expect(
            reply.body.contains(
                #"{"index":0,"message":{"role":"assistant","content":"a"},"logprobs":null,"finish_reason":"length"}"#))
        #expect(
            reply.body.contains(
                #"{"index":1,"message":{"role":"assistant","content":"bB"},"logprobs":null,"finish_reason":"stop"}"#))
    }

    @Test("Log probabilities are passed on exactly when they were asked for")
    func logprobs() async throws {
        let token = TokenReport(token: .init(bytes: [72, 105], logprob: -0.5), alternatives: [])
        func reply(_ fields: String) async throws -> String {
            let generator = ScriptedGenerator([
                .event(.accepted(promptTokens: 1)), .event(.text(choice: 0, "Hi", [token])),
                .event(.finished(choice: 0, .stop)), .event(.usage(Usage(promptTokens: 1, completionTokens: 1))),
            ])
            return try await ServerFixture(generator).chat(ServerFixture.chatBody(fields)).body
        }
        for stream in [true, false] {
            #expect(try await reply(",\"stream\":\(stream),\"logprobs\":true").contains(#""logprob":-0.5"#))
            #expect(try await !reply(",\"stream\":\(stream)").contains(#""logprob":-0.5"#))
        }
    }

    @Test("A stream is, byte for byte, role, content, reason and [DONE]")
    func stream() async throws {
        let reply = try await ServerFixture(.greeting()).chat(ServerFixture.chatBody(",\"stream\":true"))
        #expect(reply.status == 200)
        #expect(reply.headers.value("content-type") == "text/event-stream")
        #expect(reply.headers.value("cache-control") == "no-cache")
        #expect(reply.headers.value("x-accel-buffering") == "no")
        #expect(reply.headers.value("content-length") == nil)
        #expect(reply.headers.value("x-request-id") != nil)
        let deltas = [
            #"{"role":"assistant","content":""},"logprobs":null,"finish_reason":null"#,
            #"{"content":"Hello"},"logprobs":null,"finish_reason":null"#,
            #"{"content":" \"you\""},"logprobs":null,"finish_reason":null"#,
            #"{},"logprobs":null,"finish_reason":"stop""#,
        ]
        let events = deltas.map { Self.chunk(#"{"index":0,"delta":\#($0)}"#) }
        #expect(normalized(reply) == events.joined() + "data: [DONE]\n\n")
        #expect(Set(reply.body.matches(of: /chatcmpl-[0-9A-Za-z]+/).map { String($0.output) }).count == 1)
    }

    @Test("Usage comes after the last choice when it was asked for")
    func streamUsage() async throws {
        let reply = try await ServerFixture(.greeting()).chat(
            ServerFixture.chatBody(#","stream":true,"stream_options":{"include_usage":true}"#))
        let usage = Self.chunk("", #","usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}"#)
        #expect(normalized(reply).hasSuffix(usage + "data: [DONE]\n\n"))
        #expect(reply.body.components(separatedBy: #""usage":null"#).count == 5)
    }

    @Test("A stream of two choices gives each its role, and then the pieces as they come")
    func streamTwoChoices() async throws {
        let reply = try await ServerFixture(ScriptedGenerator(Self.twoChoices)).chat(
            ServerFixture.chatBody(",\"n\":2,\"stream\":true"))
        let choices = [
            #"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}"#,
            #"{"index":1,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}"#,
            #"{"index":1,"delta":{"content":"b"},"logprobs":null,"finish_reason":null}"#,
            #"{"index":0,"delta":{"content":"a"},"logprobs":null,"finish_reason":null}"#,
            #"{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}"#,
            #"{"index":1,"delta":{"content":"B"},"logprobs":null,"finish_reason":null}"#,
            #"{"index":1,"delta":{},"logprobs":null,"finish_reason":"stop"}"#,
        ]
        #expect(normalized(reply) == choices.map { Self.chunk($0) }.joined() + "data: [DONE]\n\n")
    }

    @Test("An error after the first byte is an event, and the stream ends without [DONE]")
    func errorInStream() async throws {
        for (error, code) in [
            (GenerationError(.unavailable, "loading"), "server_is_overloaded"),
            (GenerationError(.interrupted, "the engine stopped"), "internal_error"),
        ] {
            let generator = ScriptedGenerator([
                .event(.accepted(promptTokens: 1)), .event(.text(choice: 0, "Hi", [])), .failure(error),
            ])
            let fixture = ServerFixture(generator)
            let reply = try await fixture.chat(ServerFixture.chatBody(",\"stream\":true"))
            #expect(reply.status == 200)
            let events = reply.body.components(separatedBy: "\n\n")
            #expect(events.count == 4 && events.last == "")
            #expect(events[1].contains(#""content":"Hi""#))
            let last = Reply(status: 0, headers: [:], body: String(events[2].dropFirst("data: ".count)))
            #expect(events[2].hasPrefix("data: "))
            #expect(last.error?.code == code)
            #expect(last.error?.type == "server_error")
            #expect(fixture.recorder.lines.contains { $0.level == .error } == (error.code == .interrupted))
        }
    }

    @Test("A stream whose events stop short ends in an error")
    func streamStopsShort() async throws {
        let generator = ScriptedGenerator([
            .event(.accepted(promptTokens: 1)), .event(.text(choice: 0, "Hi", [])),
        ])
        let reply = try await ServerFixture(generator).chat(ServerFixture.chatBody(",\"stream\":true"))
        #expect(reply.body.contains("internal_error"))
        #expect(!reply.body.contains("[DONE]"))
    }

    @Test("Comments keep a silent stream alive, and stop when it goes on")
    func ping() async throws {
        let generator = ScriptedGenerator(
            [.event(.accepted(promptTokens: 9)), .pause(.milliseconds(350))]
                + ScriptedGenerator.greetingSteps.dropFirst())
        let fixture = ServerFixture(generator) { $0.limits.pingInterval = .milliseconds(100) }
        let start = ContinuousClock.now
        let reply = try await fixture.chat(ServerFixture.chatBody(",\"stream\":true"))
        let intervals = Int(start.duration(to: .now) / .milliseconds(100))
        let pings = reply.body.components(separatedBy: ": ping\n\n").count - 1
        #expect(pings >= 1 && pings <= intervals)
        #expect(reply.body.replacing(": ping\n\n", with: "").components(separatedBy: "\n\n").count == 6)
        let events = reply.body.components(separatedBy: "\n\n")
        #expect(events[0].contains("role") && events[1] == ": ping" && events.suffix(2).first == "data: [DONE]")
    }

    @Test("A thousand pieces arrive in order, and each that was read by itself has a chunk of its own")
    func manyPieces() async throws {
        let pieces = (0..<1000).flatMap { [ScriptedGenerator.Step.event(.text(choice: 0, "\($0),", [])), .isRead] }
        let steps = ScriptedGenerator.greetingSteps
        let generator = ScriptedGenerator([steps[0]] + pieces + steps.suffix(2))
        let reply = try await ServerFixture(generator).chat(ServerFixture.chatBody(",\"stream\":true"))
        let contents = reply.body.matches(of: /"content":"([0-9]+),"/).map { String($0.output.1) }
        #expect(contents == (0..<1000).map(String.init))
    }

    private static func chunk(_ choice: String, _ end: String = "") -> String {
        #"data: {"id":"ID","object":"chat.completion.chunk","created":0,"model":"acme/tiny/1","#
            + #""system_fingerprint":"fp_0123456789","choices":[\#(choice)]\#(end)}"# + "\n\n"
    }
}
