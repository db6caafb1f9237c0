import Foundation
import PinionEngine
import PinionGeneration
import Testing
import TextGeneration

@Suite("Model files that cannot be used")
struct ModelFileErrorTests {
    /// The error that loading a file of these bytes ends with; its message must name the file.
    private static func error(_ bytes: Data) async throws -> GenerationError {
        let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).gguf")
        try bytes.write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try await error(path: url.path(percentEncoded: false))
    }

    private static func error(path: String) async throws -> GenerationError {
        var configuration = EngineConfiguration()
        configuration.threads = 1
        let error = try #require(
            await #expect(throws: GenerationError.self) { _ = try await TextModel.load(path: path, configuration) })
        #expect(error.code == .model)
        #expect(error.message.contains(path), "\(error.message)")
        return error
    }

    /// The fixture with the first occurrence of a text replaced by one of equal length.
    private static func patched(_ old: String, _ new: String) throws -> Data {
        var bytes = try Data(contentsOf: URL(filePath: GenerationFixtures.path))
        #expect(old.utf8.count == new.utf8.count)
        let range = try #require(bytes.range(of: Data(old.utf8)))
        bytes.replaceSubrange(range, with: Data(new.utf8))
        return bytes
    }

    @Test("A text file, an empty file, a folder and no file are told apart")
    func notModels() async throws {
        #expect(
            try await Self.error(Data("# Notes\nnot a model".utf8)).message.contains(
                "is not a GGUF file: it starts with '# No'"))
        #expect(try await Self.error(Data()).message.contains("is empty"))
        let folder = FileManager.default.temporaryDirectory.path(percentEncoded: false)
        #expect(try await Self.error(path: folder).message.contains("is a folder without config.json"))
        let missing = FileManager.default.temporaryDirectory.appending(path: "no-such-model.gguf")
        #expect(try await Self.error(path: missing.path(percentEncoded: false)).message.contains("cannot be opened"))
    }

    @Test("A truncated file is called so, wherever it ends", arguments: [3, 4, 23, 500, 6_000, 9_000, 40_000, 69_215])
    func truncated(_ length: Int) async throws {
        let bytes = try Data(contentsOf: URL(filePath: GenerationFixtures.path))
        #expect(bytes.count == 69_216)
        let message = try await Self.error(bytes.prefix(length)).message
        let words = length < 4 ? ["is not a GGUF file"] : ["truncated", "ends inside", "bytes that follow"]
        #expect(words.contains { message.contains($0) }, "\(message)")
    }

    @Test(
        "Each thing that a chat model needs is named when it is missing or unusable",
        arguments: [
            ("{% endfor %}", "{% endfar %}".replacing("endfar", with: "endfxr"), "endfxr"),
            ("tokenizer.ggml.tokens", "tokenizer.ggml.tokenX", "'tokenizer.ggml.tokens' is missing"),
            ("tokenizer.ggml.model", "tokenizer.ggml.modeX", "'tokenizer.ggml.model' is missing"),
            ("gpt2", "rwkv", "unsupported tokenizer model 'rwkv'"),
            ("smollm", "smollX", "smollX"),
            ("general.architecture", "general.architecturX", "has no general.architecture"),
            ("blk.1.ffn_up.weight", "blk.1.ffn_uX.weight", "'blk.1.ffn_up.weight'"),
        ])
    func missing(_ old: String, _ new: String, _ words: String) async throws {
        let message = try await Self.error(Self.patched(old, new)).message
        #expect(message.contains(words), "\(message)")
    }

    @Test("An unknown architecture is refused with what is supported")
    func architecture() async throws {
        var bytes = try Data(contentsOf: URL(filePath: GenerationFixtures.path))
        // The value follows its key and type: eight bytes of length, then the text.
        let key = try #require(bytes.range(of: Data("general.architecture".utf8)))
        let value = try #require(bytes.range(of: Data("llama".utf8), in: key.upperBound..<bytes.endIndex))
        bytes.replaceSubrange(value, with: Data("mamba".utf8))
        let message = try await Self.error(bytes).message
        #expect(
            message.contains("architecture 'mamba' is not supported, expected one of llama, mistral3"), "\(message)")
    }

    @Test("A budget too small for the model is refused with the arithmetic")
    func memory() async throws {
        let error = await #expect(throws: GenerationError.self) {
            _ = try await GenerationFixtures.model { $0.ledger = MemoryLedger(budget: 1 << 20) }
        }
        #expect(error?.code == .model)
        #expect(error?.message.contains("memory budget of 1 MiB is too small") == true)
    }
}
