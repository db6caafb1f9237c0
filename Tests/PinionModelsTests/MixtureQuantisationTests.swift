import Foundation
import PinionModelFiles
import PinionModels
import PinionTensor
import TestSupport
import Testing

/// Folders with experts written as GGUF files.
@Suite("Folders with experts as GGUF files")
struct MixtureQuantisationTests {
    typealias Named = (name: String, tensor: FamilyFixture.Tensor)

    static let names = FamilyFixture.names.filter {
        ($0.contains("moe") || $0.hasPrefix("mixtral")) && !["qwen2moe-c", "qwen3moe-c"].contains($0)
    }
    /// Bounds of the root mean square error over the logits' deviation; with random weights rounding also changes which
    /// experts are chosen.
    private static let bounds: [(QuantisationMix, Float)] = [(.f16, 0.0001), (.q8_0, 0.06), (.q4_k_m, 0.5)]

    private static func written<Result>(
        _ name: String, _ spelling: FamilyFixture.Spelling, _ mix: QuantisationMix,
        change: (inout [String: Any], inout [Named]) -> Void = { _, _ in },
        _ body: (_ folder: String, _ output: String) throws -> Result
    ) throws -> Result {
        try FamilyOracleTests.inTemporaryPlace { url in
            let (folder, output) = (url.appending(path: "folder"), url.appending(path: "model.gguf"))
            try FamilyFixture.named(name).write(spelling, .f32, to: folder, change: change)
            try FolderQuantisationTests.writeTokenizer(to: folder)
            try FolderQuantisationTests.write(folder, output, mix)
            return try body(folder.path(percentEncoded: false), output.path(percentEncoded: false))
        }
    }

    /// Layers of every fixture.
    private static let layers = 3

    /// How a folder holds experts.
    enum Layout: CaseIterable { case new, old, stacked }

    /// Makes two stacks a layer of the experts' tensors, as transformers 5 computes with them.
    private static func stack(_ tensors: inout [Named]) {
        for layer in 0..<layers {
            for (block, gateUp, down) in [
                ("mlp", ["gate_proj", "up_proj"], "down_proj"), ("block_sparse_moe", ["w1", "w3"], "w2"),
            ] {
                for (ends, name) in [(gateUp, "gate_up_proj"), ([down], "down_proj")] {
                    var parts: [Named] = []
                    for expert in 0..<Hyperparameters.Experts.maximumCount {
                        let names = ends.map { "model.layers.\(layer).\(block).experts.\(expert).\($0).weight" }
                        let found = names.compactMap { name in tensors.first { $0.name == name } }
                        if found.isEmpty { break }
                        parts += found
                    }
                    guard var stack = parts.first?.tensor else { continue }
                    stack.parts = parts.map(\.tensor.name)
                    stack.shape = [parts.count / ends.count, stack.shape[0] * ends.count, stack.shape[1]]
                    let names = Set(parts.map(\.name))
                    tensors.removeAll { names.contains($0.name) }
                    tensors.append(("model.layers.\(layer).mlp.experts.\(name)", stack))
                }
            }
        }
    }

    @Test(
        "A float file has the tensors and the experts' keys of llama.cpp's converter, however the folder holds experts",
        arguments: names, Layout.allCases)
    func converter(_ name: String, _ layout: Layout) throws {
        try FamilyOracleTests.inTemporaryPlace { url in
            let reference = url.appending(path: "reference.gguf")
            try FamilyFixture.named(name).ggufBytes().write(to: reference)
            let expected = try ModelPackage(path: reference.path(percentEncoded: false))
            let change = { (_: inout [String: Any], tensors: inout [Named]) in
                if layout == .stacked { Self.stack(&tensors) }
            }
            try Self.written(name, layout == .old ? .old : .new, .f32, change: change) { _, output in
                let found = try ModelPackage(path: output)
                // The converter carries over the layers that guess further tokens.
                let needed = expected.tensors.filter { !expected.isSpare($0.name) }
                #expect(Set(found.tensors.map(\.name)) == Set(needed.map(\.name)))
                for tensor in needed {
                    let twin = try #require(found.tensors.first { $0.name == tensor.name })
                    let isSame = withExtendedLifetime((tensor, twin)) { tensor.bytes.elementsEqual(twin.bytes) }
                    #expect(tensor.type == twin.type && tensor.shape == twin.shape && isSame, "\(tensor.name)")
                }
                func keys(_ package: ModelPackage) -> [String: MetadataValue] {
                    let told = package.metadata.filter { $0.key.contains("expert") || $0.key.contains("dense") }
                    return Dictionary(uniqueKeysWithValues: told.map { ($0.key, $0.value) })
                }
                #expect(keys(found) == keys(expected) && !keys(found).isEmpty)
            }
        }
    }

    @Test("Rounded files stay near the folder", arguments: names.filter { $0.hasSuffix("-b") })
    func rounded(_ name: String) throws {
        let fixture = try FamilyFixture.named(name)
        for (mix, bound) in Self.bounds {
            try Self.written(name, .new, mix) { folder, output in
                let kernels = try Kernels.forThisMachine()
                let found = try FamilyOracleTests.rows(output, kernels: kernels)
                let expected = try FamilyOracleTests.rows(folder, kernels: kernels)
                let errors = FamilyOracleTests.errors(found, expected, deviation: fixture.deviation)
                if ProcessInfo.processInfo.environment["PINION_REPORT_ERRORS"] != nil {
                    print("\(name) \(mix.rawValue): mean \(errors.mean), worst position \(errors.worst)")
                }
                #expect(errors.mean <= bound, "\(mix): \(errors)")
            }
        }
    }

    @Test("Qwen 2's mixtures get a head of their own, without which llama.cpp refuses the file")
    func head() throws {
        let tied = { (config: inout [String: Any], _: inout [Named]) in config["tie_word_embeddings"] = true }
        try Self.written("qwen2moe-a", .new, .f32, change: tied) { folder, output in
            let package = try ModelPackage(path: output)
            let tensors = ["output.weight", "token_embd.weight"].compactMap { name in
                package.tensors.first { $0.name == name }
            }
            let isSame = withExtendedLifetime(tensors) {
                tensors.count == 2 && tensors[0].bytes.elementsEqual(tensors[1].bytes)
            }
            #expect(isSame)
            let kernels = try Kernels.forThisMachine()
            #expect(
                try FamilyOracleTests.rows(output, kernels: kernels)
                    == FamilyOracleTests.rows(folder, kernels: kernels))
        }
    }

    // MARK: - Refusals

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var model: String
        var spelling: FamilyFixture.Spelling
        var words: String
        var change: @Sendable (inout [String: Any], inout [Named]) -> Void
    }

    /// A folder that lacks a tensor.
    private static func without(
        _ model: String, _ name: String, spelling: FamilyFixture.Spelling = .new, names: String? = nil
    ) -> Case {
        Case(
            testDescription: "\(model) without \(name)", model: model, spelling: spelling,
            words: "has no tensor 'model.layers.1.\(names ?? name)'"
        ) { _, tensors in
            tensors.removeAll { $0.name == "model.layers.1.\(name)" }
        }
    }

    /// A folder of which a tensor has another shape.
    private static func reshaped(
        _ model: String, _ name: String, spelling: FamilyFixture.Spelling = .new, words: String,
        change: @escaping @Sendable (inout FamilyFixture.Tensor) -> Void
    ) -> Case {
        Case(testDescription: "\(model), another \(name)", model: model, spelling: spelling, words: words) {
            _, tensors in
            guard let place = tensors.firstIndex(where: { $0.name == "model.layers.1.\(name)" }) else { return }
            change(&tensors[place].tensor)
        }
    }

    private static func config(_ model: String, _ key: String, _ value: any Sendable, words: String) -> Case {
        Case(testDescription: "\(model) with \(key) \(value)", model: model, spelling: .new, words: words) {
            config, _ in config[key] = value
        }
    }

    private static func added(_ model: String, _ name: String, shape: [Int], words: String) -> Case {
        Case(testDescription: "\(model) with \(name)", model: model, spelling: .new, words: words) { _, tensors in
            var tensor = tensors[0].tensor
            tensor.shape = shape
            tensors.append(("model.layers.1.\(name)", tensor))
        }
    }

    static let cases: [Case] = [
        without("mixtral-a", "block_sparse_moe.experts.3.w3.weight"),
        without("qwen3moe-a", "mlp.experts.0.gate_proj.weight"),
        without("qwen3moe-a", "mlp.experts.8.down_proj.weight"),
        without("qwen3moe-b", "mlp.experts.gate_up_proj", spelling: .old),
        without("qwen3moe-b", "mlp.experts.down_proj", spelling: .old),
        without("granitemoe-a", "block_sparse_moe.input_linear.weight"),
        without("granitemoeshared-a", "shared_mlp.input_linear.weight"),
        without("qwen2moe-a", "mlp.shared_expert.up_proj.weight"),
        without("qwen2moe-a", "mlp.shared_expert_gate.weight"),
        without("glm4moe-a", "mlp.gate.weight"),
        without("glm4moe-a", "mlp.gate.e_score_correction_bias"),
        without("glm4moe-a", "mlp.shared_experts.down_proj.weight"),
        without("glm4moe-a", "post_attention_layernorm.weight"),
        reshaped("mixtral-a", "block_sparse_moe.experts.3.w2.weight", words: "has shape [49, 96], expected [48, 96]") {
            $0.shape[1] += 1
        },
        reshaped("qwen2moe-a", "mlp.gate.weight", words: "has shape [96, 6], expected [96, 7]") { $0.shape[0] -= 1 },
        reshaped(
            "qwen3moe-b", "mlp.experts.down_proj", spelling: .old,
            words: "has shape [256, 256, 7], expected [256, 256, 8]"
        ) { tensor in
            tensor.shape[0] -= 1
            tensor.parts?.removeLast()
        },
        reshaped(
            "qwen2moe-a", "mlp.shared_expert_gate.weight", words: "has shape [96, 2], expected [96, 1] or [96]"
        ) { $0.shape[0] = 2 },
        added(
            "qwen3moe-a", "mlp.experts.9.gate_proj.weight", shape: [48, 96],
            words: "'model.layers.1.mlp.experts.9.gate_proj.weight' is of an expert beyond the 9 that config.json says"),
        added(
            "qwen3moe-a", "mlp.experts.99.up_proj.weight", shape: [48, 96],
            words: "is none that the family qwen3moe has"),
        added("qwen3moe-a", "mlp.up_proj.weight", shape: [160, 96], words: "is none that the family qwen3moe has"),
        added("mixtral-a", "mlp.experts.gate_up_proj", shape: [7, 96, 96], words: "is none that the family llama has"),
        config("qwen2moe-a", "norm_topk_prob", true, words: "norm_topk_prob true cannot be said in a GGUF file"),
        config("qwen3moe-a", "norm_topk_prob", false, words: "norm_topk_prob false cannot be said in a GGUF file"),
        config("qwen3moe-a", "mlp_only_layers", [0], words: "a layer without experts among others"),
        config("qwen3moe-a", "decoder_sparse_step", 9, words: "a model without experts in any layer"),
        config("glm4moe-a", "first_k_dense_replace", 3, words: "a model without experts in any layer"),
        config("glm4moe-a", "first_k_dense_replace", 0, words: "has no tensor 'model.layers.0.mlp.gate.weight'"),
        config("glm4moe-a", "first_k_dense_replace", 2, words: "' is none that the family glm4moe has"),
    ]

    @Test("What is missing, too much, of another shape or beyond a GGUF file is refused by its name", arguments: cases)
    func refused(_ example: Case) throws {
        let error = #expect(throws: ModelError.self) {
            try Self.written(example.model, example.spelling, .q8_0, change: example.change) { _, _ in }
        }
        #expect(error?.message.contains(example.words) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("\n") == false)
    }
}
