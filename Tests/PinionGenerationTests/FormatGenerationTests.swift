import PinionEngine
import PinionGeneration
import PinionJSON
import PinionTokenizer
import Testing
import TextGeneration

@Suite("Replies held to a format", .timeLimit(.minutes(1)))
struct FormatGenerationTests {
    private static let texts = ["light", "stone of the town", "river", "riverside"]

    private static func request(
        _ format: OutputFormat, maximum: Int? = 60, seed: Int64 = 1, choices: Int = 1, stop: [String] = [],
        ignoresEnd: Bool = false, logprobs: Int? = nil
    ) -> GenerationRequest {
        var request = GenerationFixtures.request(
            maximum: maximum, seed: seed, choices: choices, stop: stop, ignoresEnd: ignoresEnd, logprobs: logprobs)
        request.format = format
        return request
    }

    private static func parsed(_ text: String) throws -> JSONValue {
        try JSONValue.parse(Array(text.utf8), limits: JSONLimits(depth: 64, values: 10_000))
    }

    @Test("Every reply is one of the choices and ends by itself, whatever the temperature")
    func choice() async throws {
        let model = try await GenerationFixtures.model()
        var seen: Set<String> = []
        for seed in 0..<20 as Range<Int64> {
            var request = Self.request(.choice(Self.texts), seed: seed)
            request.sampling.temperature = [0, 1, 2][Int(seed) % 3]
            let reply = try await GenerationFixtures.reply(request, by: model)
            #expect(Self.texts.contains(reply.text))
            #expect(reply.reasons == [.stop])
            seen.insert(reply.text)
        }
        #expect(seen.count > 1)
    }

    @Test("A reply that is complete takes no end token, one that may go on takes one")
    func endTokens() async throws {
        let model = try await GenerationFixtures.model()
        let complete = try await GenerationFixtures.reply(Self.request(.choice(["z"])), by: model)
        #expect(complete.text == "z" && complete.completionTokens == 1 && complete.reasons == [.stop])
        var request = Self.request(.pattern("z*"))
        // The end token wins where it may stand.
        request.sampling.logitBias = Dictionary(
            uniqueKeysWithValues: model.tokenizer.endOfGenerationTokens.map { ($0, 100) })
        let empty = try await GenerationFixtures.reply(request, by: model)
        #expect(empty.text == "" && empty.completionTokens == 1 && empty.reasons == [.stop])
        request.ignoresEnd = true
        let full = try await GenerationFixtures.reply(request, by: model)
        #expect(!full.text.isEmpty && full.text.allSatisfy { $0 == "z" })
        #expect(full.completionTokens == 60 && full.reasons == [.length])
    }

    @Test("Each of several choices keeps a state of its own, and the first is what a single one would be")
    func severalChoices() async throws {
        let model = try await GenerationFixtures.model()
        let single = try await GenerationFixtures.reply(Self.request(.choice(Self.texts), seed: 4), by: model)
        let reply = try await GenerationFixtures.reply(
            Self.request(.choice(Self.texts), seed: 4, choices: 8), by: model)
        #expect(reply.texts.allSatisfy { Self.texts.contains($0) })
        #expect(Set(reply.texts).count > 1)
        #expect(reply.texts[0] == single.text)
    }

    @Test("A limit of tokens, or a stop string, leaves the beginning of what is allowed")
    func prefixes() async throws {
        let model = try await GenerationFixtures.model()
        let cut = try await GenerationFixtures.reply(
            Self.request(.choice(["stone of the town"]), maximum: 3), by: model)
        #expect("stone of the town".hasPrefix(cut.text) && cut.text.count < 17 && cut.reasons == [.length])
        let stopped = try await GenerationFixtures.reply(
            Self.request(.choice(["stone of the town"]), stop: ["of"]), by: model)
        #expect(stopped.text == "stone " && stopped.reasons == [.stopString("of")])
        // The text that completes the format may also complete a stop string.
        let both = try await GenerationFixtures.reply(Self.request(.choice(["stone"]), stop: ["ne"]), by: model)
        #expect(both.text == "sto" && both.reasons == [.stopString("ne")])
    }

    @Test("JSON replies are what their schema says")
    func schema() async throws {
        let model = try await GenerationFixtures.model()
        let schema = try Self.parsed(
            #"""
            {"type": "object", "required": ["a", "b"], "additionalProperties": false, "properties": {
              "a": {"type": "integer", "minimum": 3, "maximum": 12}, "b": {"enum": ["x", null, [1]]}}}
            """#)
        for seed in 0..<10 as Range<Int64> {
            let reply = try await GenerationFixtures.reply(
                Self.request(.jsonSchema(schema, isStrict: true), maximum: 200, seed: seed), by: model)
            // White space between brackets may take more tokens than there are, but what came is a beginning.
            guard reply.reasons == [.stop] else { continue }
            guard case .object(let object) = try Self.parsed(reply.text), case .integer(let a)? = object["a"] else {
                Issue.record("not what the schema says: \(reply.text)")
                continue
            }
            #expect((3...12).contains(a) && object.members.map(\.name) == ["a", "b"])
            #expect(["x", .null, .array([.integer(1)])].contains(object["b"]))
        }
    }

    @Test("A reply is the same with drafts and without, alone and beside others")
    func invariance() async throws {
        let plain = try await GenerationFixtures.model { $0.speculation = false }
        let speculating = try await GenerationFixtures.model { $0.speculation = true }
        let format = OutputFormat.pattern("(light|stone) of the (town|river){1,9}, [a-z ]{5,40}[.]")
        var alone: [String] = []
        for seed in 0..<4 as Range<Int64> {
            alone.append(try await GenerationFixtures.reply(Self.request(format, seed: seed), by: plain).text)
        }
        var queues: [GenerationQueue] = []
        for seed in 0..<4 as Range<Int64> {
            queues.append(try await speculating.start(Self.request(format, seed: seed)))
        }
        for (queue, text) in zip(queues, alone) {
            #expect(try await GenerationFixtures.collect(queue).text == text)
        }
        #expect(Set(alone).count == 4)
    }

    @Test("Log probabilities are the model's own, and a bias chooses among what is allowed")
    func reports() async throws {
        let model = try await GenerationFixtures.model()
        let free = try await GenerationFixtures.reply(
            GenerationFixtures.request(maximum: 1, logprobs: 3), by: model)
        var request = Self.request(.choice(["z", "x"]), logprobs: 3)
        let bound = try await GenerationFixtures.reply(request, by: model)
        #expect(bound.reports[0].first?.alternatives == free.reports[0].first?.alternatives)
        for text in ["z", "x"] {
            request.sampling.logitBias = [try #require(model.tokenizer.token(forText: text)): 50]
            #expect(try await GenerationFixtures.reply(request, by: model).text == text)
        }
    }

    @Test("A format that cannot be enforced is refused with its place, and holds no place in the engine")
    func refusals() async throws {
        let model = try await GenerationFixtures.model()
        let cases: [(OutputFormat, GenerationError.Code, String?)] = [
            (
                .jsonSchema(try Self.parsed(#"{"properties":{"a":{"minLength":"3"}}}"#), isStrict: true),
                .invalidParameter, "/properties/a/minLength"
            ),
            (.jsonSchema(try Self.parsed("false"), isStrict: true), .invalidParameter, ""),
            (.pattern("("), .invalidParameter, nil), (.choice([]), .invalidParameter, nil),
            (.grammar("root ::= other", .gbnf), .invalidParameter, nil),
            (.grammar("start: A", .lark), .invalidParameter, nil),
        ]
        for (format, code, pointer) in cases {
            let error = await #expect(throws: GenerationError.self) { try await model.start(Self.request(format)) }
            #expect(error?.code == code && error?.parameter == .format, "\(format)")
            if let pointer { #expect(error?.pointer == pointer, "\(format)") }
        }
        #expect(model.engine.pendingSequences == 0)
    }

    @Test("Where strict is off, what cannot be enforced is told with the acceptance")
    func warnings() async throws {
        let model = try await GenerationFixtures.model()
        let schema = try Self.parsed(#"{"type":"string","maxLength":3,"format":"acme-number"}"#)
        let queue = try await model.start(Self.request(.jsonSchema(schema, isStrict: false)))
        guard case .events(let events) = try await queue.next(), case .accepted(_, let warnings)? = events.first else {
            Issue.record("the acceptance is not the first event")
            return
        }
        #expect(warnings.map(\.keyword) == ["format"])
        #expect(warnings.map(\.pointer) == ["/format"])
    }

    @Test("An engine that is full refuses before it compiles")
    func overload() async throws {
        let model = try await GenerationFixtures.model { configuration in
            configuration.maximumSequences = 1
            configuration.maximumWaiting = 0
        }
        let queue = try await model.start(GenerationFixtures.request(maximum: nil))
        let error = await #expect(throws: GenerationError.self) {
            try await model.start(Self.request(.pattern("(")))
        }
        #expect(error?.code == .overloaded)
        queue.withdraw(.cancelled)
    }
}
