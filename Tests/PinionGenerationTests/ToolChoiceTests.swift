import PinionEngine
import PinionGeneration
import PinionJSON
import Testing
import TextGeneration

/// Calls that a request asks for, by the tiny model in a format that its template does not tell.
@Suite("Calls that are asked for", .timeLimit(.minutes(1)))
struct ToolChoiceTests {
    private static func model(_ format: String) async throws -> TextModel {
        var configuration = EngineConfiguration()
        configuration.threads = 2
        var options = TextOptions()
        options.toolFormat = format
        return try await TextModel.load(path: GenerationFixtures.path, configuration, options: options)
    }

    private static func request(_ choice: ToolChoice, stop: [String] = []) throws -> GenerationRequest {
        let schema =
            #"{"type":"object","properties":{"a":{"const":"xSTOPy"}},"required":["a"],"additionalProperties":false}"#
        var request = GenerationFixtures.request(maximum: 300, stop: stop, ignoresEnd: false)
        request.conversation.tools = [
            Tool(
                name: "f",
                parameters: try JSONValue.parse(Array(schema.utf8), limits: JSONLimits(depth: 9, values: 99)))
        ]
        request.conversation.toolChoice = choice
        return request
    }

    @Test("A call that is required is refused where the format has none", arguments: ["text", "think"])
    func noCalls(_ format: String) async throws {
        let model = try await Self.model(format)
        for choice: ToolChoice in [.required, .named("f"), .allowed(["f"], isRequired: true)] {
            let error = await #expect(throws: GenerationError.self) { try await model.start(Self.request(choice)) }
            #expect(error?.code == .unsupportedParameter && error?.parameter == .toolChoice, "\(choice)")
        }
        for choice: ToolChoice in [.auto, .none, .allowed(["f"], isRequired: false)] {
            try await model.start(Self.request(choice)).withdraw(.cancelled)
        }
    }

    @Test("A call that is required is refused where no tool may be called")
    func nothingCallable() async throws {
        let model = try await Self.model("mistral-old")
        let choice = ToolChoice.allowed([], isRequired: true)
        var withoutTools = try Self.request(choice)
        withoutTools.conversation.tools = []
        for request in [try Self.request(choice), withoutTools] {
            let error = await #expect(throws: GenerationError.self) { try await model.start(request) }
            #expect(error?.code == .unsupportedParameter && error?.parameter == .toolChoice)
        }
    }

    @Test(
        "A stop string within a call's arguments ends the reply, and one behind them leaves a call",
        arguments: [
            ("STOP", FinishReason.stopString("STOP")), ("<end_fun", .toolCalls),
        ])
    func stopString(_ stop: String, _ expected: FinishReason) async throws {
        let model = try await Self.model("functiongemma")
        let queue = try await model.start(try Self.request(.named("f"), stop: [stop]))
        var names: [String] = []
        var arguments = ""
        var text = ""
        var reason: FinishReason?
        while case .events(let events) = try await queue.next() {
            for event in events {
                switch event {
                case .toolCall(_, let delta):
                    if let start = delta.start { names.append(start.name) }
                    arguments += delta.arguments
                case .finished(_, let found): reason = found
                case .text(_, let piece, _): text += piece
                case .reasoning, .accepted, .usage, .warned: break
                }
            }
        }
        #expect(names == ["f"] && reason == expected, "\(String(describing: reason)): \(text)")
        let isWhole = arguments.hasSuffix("}")
        #expect(arguments.contains("\"x") && isWhole == (expected == .toolCalls), "\(arguments)")
    }
}
