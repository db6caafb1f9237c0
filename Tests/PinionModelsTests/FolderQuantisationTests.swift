import Foundation
import PinionModelFiles
import PinionModels
import PinionTensor
import PinionTokenizer
import TestSupport
import Testing

/// Folders written as GGUF files.
@Suite("Folders as GGUF files")
struct FolderQuantisationTests {
    /// Fixtures of which a GGUF file cannot say all, and a word of the message.
    private static let unsayable = [
        "gemma2-c": "'logitSoftCap'", "smollm3-c": "'rotatedLayers'", "qwen2moe-c": "a layer without experts",
        "qwen3moe-c": "a layer without experts", "gptoss-a": "a folder of gpt-oss",
        "gptoss-b": "a folder of gpt-oss",
    ]
    /// The file holds divisors or a factor of the rotary frequencies in single precision.
    private static let singlePrecision: Set<String> = ["llama-b", "olmo3-a", "phi3-a"]
    /// Families whose rows of queries and keys lie in another order in the file, so that scores are summed in another.
    private static let reordered = [
        "llama", "mistral", "ministral3", "mistral3", "smollm3", "granite", "mixtral", "granitemoe", "granitemoeshared",
    ]
    /// Of a root mean square of the logits' differences to their deviation: a tenth of what the cache's halves make of it.
    private static let bound: Float = 0.0001
    private static let controls = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

    /// A byte-level tokenizer without merges.
    static func writeTokenizer(to url: URL) throws {
        let plain = Array(0x21...0x7e) + Array(0xa1...0xac) + Array(0xae...0xff)
        var others = (0x100...0x1ff).makeIterator()
        var vocabulary: [String: Int] = [:]
        for byte in 0..<256 {
            let scalar = plain.contains(byte) ? byte : others.next() ?? 0
            vocabulary[String(UnicodeScalar(scalar).map(Character.init) ?? " ")] = byte
        }
        let added = controls.enumerated().map { index, text in
            ["id": 256 + index, "content": text, "special": true, "normalized": false] as [String: Any]
        }
        let tokenizer: [String: Any] = [
            "added_tokens": added,
            "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true] as [String: Any],
            "decoder": ["type": "ByteLevel"],
            "model": ["type": "BPE", "vocab": vocabulary, "merges": [String]()] as [String: Any],
        ]
        try JSONSerialization.data(withJSONObject: tokenizer).write(to: url.appending(path: "tokenizer.json"))
        try Data(#"{"eos_token": "<|im_end|>"}"#.utf8).write(to: url.appending(path: "tokenizer_config.json"))
    }

    static func write(_ folder: URL, _ output: URL, _ mix: QuantisationMix) throws {
        try ModelQuantisation(path: folder.path(percentEncoded: false), mix: mix)
            .write(to: output.path(percentEncoded: false), replacing: true, team: WorkerTeam(workers: 2)) { _ in }
    }

    @Test(
        "A float file of a folder gives the folder's logits, bit for bit where numbers and sums are the same",
        arguments: FamilyFixture.names)
    func logits(_ name: String) throws {
        let fixture = try FamilyFixture.named(name)
        try FamilyOracleTests.inTemporaryPlace { url in
            let (folder, output) = (url.appending(path: "folder"), url.appending(path: "model.gguf"))
            for (spelling, precision, mix) in [
                (FamilyFixture.Spelling.new, FamilyFixture.Precision.f32, QuantisationMix.f32), (.old, .bf16, .bf16),
            ] {
                try fixture.write(spelling, precision, to: folder)
                try Self.writeTokenizer(to: folder)
                if let word = Self.unsayable[name] {
                    let error = #expect(throws: ModelError.self) { try Self.write(folder, output, mix) }
                    #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
                    #expect(!FileManager.default.fileExists(atPath: output.path(percentEncoded: false)))
                    continue
                }
                try Self.write(folder, output, mix)
                let kernels = try Kernels.forThisMachine()
                let found = try FamilyOracleTests.rows(output.path(percentEncoded: false), kernels: kernels)
                let expected = try FamilyOracleTests.rows(folder.path(percentEncoded: false), kernels: kernels)
                let family = name.prefix { $0 != "-" }
                if Self.singlePrecision.contains(name) || Self.reordered.contains(String(family)) {
                    let errors = FamilyOracleTests.errors(found, expected, deviation: fixture.deviation)
                    #expect(errors.mean <= Self.bound, "\(errors)")
                } else {
                    #expect(found == expected, "\(spelling.rawValue)")
                }
            }
        }
    }

    @Test(
        "A rounded file is that of the float file, byte for byte in its tensors",
        arguments: [
            "llama-b", "gemma3-b", "gpt2-b", "mixtral-b", "qwen2moe-b", "qwen3moe-b", "granitemoe-b",
            "granitemoeshared-a", "glm4moe-b",
        ])
    func rounded(_ name: String) throws {
        let fixture = try FamilyFixture.named(name)
        try FamilyOracleTests.inTemporaryPlace { url in
            let folder = url.appending(path: "folder")
            try fixture.write(.new, .f32, to: folder)
            try Self.writeTokenizer(to: folder)
            let (float, direct, second) = (url.appending(path: "a"), url.appending(path: "b"), url.appending(path: "c"))
            try Self.write(folder, float, .f32)
            try Self.write(folder, direct, .q4_k_m)
            try Self.write(float, second, .q4_k_m)
            let (first, other) = (
                try ModelPackage(path: direct.path(percentEncoded: false)),
                try ModelPackage(path: second.path(percentEncoded: false))
            )
            #expect(first.tensors.map(\.name) == other.tensors.map(\.name))
            for (tensor, twin) in zip(first.tensors, other.tensors) {
                let isSame = withExtendedLifetime((tensor, twin)) { tensor.bytes.elementsEqual(twin.bytes) }
                #expect(tensor.type == twin.type && isSame, "\(tensor.name)")
            }
        }
    }

    @Test("Tokenizer, end tokens, templates and advice of a folder are the file's")
    func texts() throws {
        let fixture = try FamilyFixture.named("qwen3-a")
        try FamilyOracleTests.inTemporaryPlace { url in
            let (folder, output) = (url.appending(path: "folder"), url.appending(path: "model.gguf"))
            try fixture.write(.new, .f32, to: folder)
            try Self.writeTokenizer(to: folder)
            try Data("{{ messages[0].content }}".utf8).write(to: folder.appending(path: "chat_template.jinja"))
            try Data(#"{"eos_token_id": [258, 256], "temperature": 0.5, "top_k": 20}"#.utf8)
                .write(to: folder.appending(path: "generation_config.json"))
            try Self.write(folder, output, .q8_0)
            let (own, file) = (
                try ModelPackage(path: folder.path(percentEncoded: false)),
                try ModelPackage(path: output.path(percentEncoded: false))
            )
            #expect(file.chatTemplates == own.chatTemplates && !own.chatTemplates.isEmpty)
            var advice = try own.generationDefaults
            advice.endTokens = []
            #expect(try file.generationDefaults == advice)
            let (first, second) = (try own.tokenizer(), try file.tokenizer())
            #expect(second.tokens.count == FamilyFixture.vocabulary)
            #expect(second.endToken == first.endToken && second.prefix == first.prefix && second.suffix == first.suffix)
            #expect(second.preTokenizer == first.preTokenizer && second.normalizer == first.normalizer)
        }
    }

    @Test("A tensor that is missing, too much or of another shape is refused by its name")
    func tensors() throws {
        let fixture = try FamilyFixture.named("llama-a")
        let name = "model.layers.1.mlp.down_proj.weight"
        func message(_ change: (inout FamilyFixture.Tensor) -> String?) throws -> String {
            try FamilyOracleTests.inTemporaryPlace { url in
                let folder = url.appending(path: "folder")
                try fixture.write(.new, .f32, to: folder) { _, tensors in
                    guard let place = tensors.firstIndex(where: { $0.name == name }) else { return }
                    guard let renamed = change(&tensors[place].tensor) else { return _ = tensors.remove(at: place) }
                    tensors[place].name = renamed
                }
                try Self.writeTokenizer(to: folder)
                return #expect(throws: ModelError.self) {
                    try Self.write(folder, url.appending(path: "model.gguf"), .q8_0)
                }?.message ?? ""
            }
        }
        #expect(try message { _ in nil }.contains("has no tensor '\(name)'"))
        #expect(
            try message { _ in "model.layers.1.mlp.other.weight" }.contains("'model.layers.1.mlp.other.weight' is none")
        )
        let shaped = try message { tensor in
            tensor.shape[0] += 1
            return name
        }
        #expect(shaped.contains("'\(name)' has shape"))
    }

    @Test("A folder that a GGUF file cannot say is refused with what to do instead")
    func refused() throws {
        let fixture = try FamilyFixture.named("llama-a")
        func message(_ change: (inout [String: Any]) -> Void) throws -> String {
            try FamilyOracleTests.inTemporaryPlace { url in
                let folder = url.appending(path: "folder")
                try fixture.write(.new, .f32, to: folder) { config, _ in change(&config) }
                try Self.writeTokenizer(to: folder)
                return #expect(throws: ModelError.self) {
                    try Self.write(folder, url.appending(path: "model.gguf"), .q8_0)
                }?.message ?? ""
            }
        }
        #expect(try message { $0["hidden_act"] = "gelu" }.contains("the activation is another than the family's"))
        #expect(
            try message {
                $0["rope_parameters"] = ["rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0] as [String: Any]
            }
            .contains("'dynamic' rotary scaling cannot be said"))
    }
}
