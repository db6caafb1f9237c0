import PinionEngine
import PinionGeneration
import PinionJSON
import PinionTemplate
import PinionTokenizer
import Testing
import TestSupport
import TextGeneration

@Suite("Prompts that do not fit the context", .timeLimit(.minutes(1)))
struct PromptLimitTests {
    private static func failure(_ model: TextModel, _ content: String) async throws -> GenerationError {
        do {
            _ = try await model.start(GenerationFixtures.request(content))
        } catch {
            return error
        }
        throw GenerationError(.internal, "the prompt was taken")
    }

    @Test("Every text of a request counts towards the size of its prompt, that of names and template arguments too")
    func size() async throws {
        let model = try await GenerationFixtures.model()
        let prompts = PromptBuilder(
            tokenizer: model.tokenizer, template: try ChatTemplate(source: "x"))
        let text = String(repeating: "x", count: 64 << 10)
        let plain = prompts.size(of: GenerationFixtures.request("Hi"))
        let named = GenerationRequest(Conversation([Message(.tool, "Hi", name: text, toolCallID: text)]))
        #expect(prompts.size(of: named) >= plain + 2 * text.utf8.count)
        for value in [
            .string(text), .array([.null, .array([.string(text)])]),
            .object(JSONObject([.init(name: text, value: .bool(true))])),
        ] as [JSONValue] {
            var request = GenerationFixtures.request("Hi")
            request.templateArguments = JSONObject([.init(name: "argument", value: value)])
            #expect(prompts.size(of: request) >= plain + text.utf8.count)
        }
    }

    @Test("A text of more bytes than the context can hold is refused without any work on it")
    func refusedUnseen() async throws {
        let model = try await GenerationFixtures.model { $0.contextLength = 100 }
        let text = String(repeating: "the light ", count: 400_000)
        let whole = processorTime { _ = model.tokenizer.encode(text) }
        var error: GenerationError?
        let start = processorTime()
        error = try await Self.failure(model, text)
        let elapsed = processorTime() - start
        #expect(error?.code == .promptTooLong)
        #expect(error?.overflow?.isLowerBound == true)
        #expect(try #require(error?.overflow?.promptTokens) >= text.utf8.count / model.tokenizer.longestToken - 1)
        #expect(elapsed < whole / 4, "\(elapsed) of \(whole)")
        #expect(model.engine.pendingSequences == 0)
    }

    @Test("The border of that refusal is the context times the longest token")
    func border() async throws {
        let model = try await GenerationFixtures.model { $0.contextLength = 100 }
        let most = 100 * model.tokenizer.longestToken
        let fits = try await Self.failure(model, String(repeating: "~", count: most))
        #expect(fits.code == .promptTooLong && fits.overflow?.isLowerBound == false)
        let more = try await Self.failure(model, String(repeating: "~", count: most + 1))
        #expect(more.code == .promptTooLong && more.overflow?.isLowerBound == true)
        #expect(try #require(more.overflow?.promptTokens) == 100)
    }

    @Test("A text a little too long is refused with its true number of tokens")
    func counted() async throws {
        let model = try await GenerationFixtures.model { $0.contextLength = 100 }
        let text = String(repeating: "~! ", count: 60)
        let tokens = try model.prompt(for: GenerationFixtures.request(text)).count
        let error = try await Self.failure(model, text)
        #expect(tokens >= 100)
        #expect(error.code == .promptTooLong && error.overflow == .init(contextLength: 100, promptTokens: tokens))
    }
}
