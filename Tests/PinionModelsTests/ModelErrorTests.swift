import Foundation
import PinionModelFiles
import PinionModels
import PinionTensor
import TestSupport
import Testing

/// Each way a file can fail to be a model that this build runs, made from a sound one.
@Suite("Model errors")
struct ModelErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var code: ModelError.Code
        /// What the message must say besides the file's path.
        var words: [String]
        var change: @Sendable (inout GGUFEditor) -> Void

        init(
            _ name: String, _ code: ModelError.Code, _ words: String...,
            change: @escaping @Sendable (inout GGUFEditor) -> Void
        ) {
            testDescription = name
            self.code = code
            self.words = words
            self.change = change
        }
    }

    /// Loads the fixture as `change` leaves it.
    private static func load(_ change: (inout GGUFEditor) -> Void) throws -> (path: String, any LanguageModel) {
        let original = try Data(contentsOf: URL(filePath: ModelFixtures.modelPath("tiny-llama-f32")))
        var editor = try GGUFEditor(original)
        change(&editor)
        let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).gguf")
        try editor.bytes().write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let path = url.path(percentEncoded: false)
        do {
            return (path, try ModelFixtures.load(path, kernels: .forThisMachine()))
        } catch let error as ModelError {
            #expect(error.message.hasPrefix("\(path): "), "\(error.message)")
            #expect(error.description == error.message)
            throw error
        }
    }

    static let architecture: [Case] = [
        Case("no architecture", .invalidConfiguration, "has no general.architecture") {
            $0.remove("general.architecture")
        },
        Case("an architecture that is a number", .invalidConfiguration, "general.architecture") {
            $0.set("general.architecture", 3)
        },
        Case("an unknown architecture", .unsupportedArchitecture, "'mamba'", "expected one of llama, mistral3") {
            $0.set("general.architecture", "mamba")
        },
        Case("experts without the number that a token takes", .invalidConfiguration, "'llama.expert_used_count'") {
            $0.set("llama.expert_count", 8)
        },
        Case("experts of which a token takes none", .invalidConfiguration, "expected an integer from 1 to 8") {
            $0.set("llama.expert_count", 8)
            $0.set("llama.expert_used_count", 0)
        },
        Case("more experts than any model has", .invalidConfiguration, "expected an integer from 0 to 1024") {
            $0.set("llama.expert_count", 1025)
        },
        Case("as many layers that guess as there are", .invalidConfiguration, "'llama.nextn_predict_layers'") {
            $0.set("llama.nextn_predict_layers", 2)
        },
        Case("a token that takes more experts than there are", .invalidConfiguration, "expected an integer from 1 to 8")
        {
            $0.set("llama.expert_count", 8)
            $0.set("llama.expert_used_count", 9)
        },
        Case("experts without a router", .invalidTensor, "'blk.0.ffn_gate_inp.weight'", "is missing") {
            $0.set("llama.expert_count", 8)
            $0.set("llama.expert_used_count", 2)
        },
        Case("groups that do not divide the experts", .invalidConfiguration, "2 of 8 experts", "1 of 3 groups") {
            $0.set("llama.expert_count", 8)
            $0.set("llama.expert_used_count", 2)
            $0.set("llama.expert_group_count", 3)
            $0.set("llama.expert_group_used_count", 1)
        },
        Case("experts chosen in an unknown way", .invalidConfiguration, "'llama.expert_gating_func'", "from 1 to 3") {
            $0.set("llama.expert_count", 8)
            $0.set("llama.expert_used_count", 2)
            $0.set("llama.expert_gating_func", 7)
        },
        Case("an unknown scaling", .unsupportedArchitecture, "\"ntk\"", "expected none, linear, yarn or longrope") {
            $0.set("llama.rope.scaling.type", "ntk")
        },
        Case("YaRN scaling without its factor", .invalidConfiguration, "'llama.rope.scaling.factor' is missing") {
            $0.set("llama.rope.scaling.type", "yarn")
        },
        Case("LongRoPE without its divisors", .invalidTensor, "'rope_factors_short.weight' of shape [8] is missing") {
            $0.set("llama.rope.scaling.type", "longrope")
        },
        Case("a key that is not known", .unsupportedArchitecture, "'llama.logit_scale' is 2", "does not know") {
            $0.set("llama.logit_scale", 2)
        },
        Case("a scaling type that is no name", .unsupportedArchitecture, "7", "expected none, linear") {
            $0.set("llama.rope.scaling.type", 7)
        },
        Case("linear scaling without its factor", .invalidConfiguration, "'llama.rope.scaling.factor' is missing") {
            $0.set("llama.rope.scaling.type", "linear")
        },
        Case("values narrower than keys", .unsupportedArchitecture, "16 keys, 8 values") {
            $0.set("llama.attention.value_length", 8)
        },
        Case("an odd head dimension", .unsupportedArchitecture, "15 keys") { $0.set("llama.attention.key_length", 15) },
        Case("more rotary elements than a head has", .unsupportedArchitecture, "32 rotary") {
            $0.set("llama.rope.dimension_count", 32)
        },
        Case("an odd count of rotary elements", .unsupportedArchitecture, "15 rotary") {
            $0.set("llama.rope.dimension_count", 15)
        },
    ]

    static let required = [
        "block_count", "context_length", "embedding_length", "feed_forward_length", "attention.head_count",
        "attention.layer_norm_rms_epsilon",
    ].map { key in
        Case("no \(key)", .invalidConfiguration, "'llama.\(key)' is missing") { $0.remove("llama.\(key)") }
    }

    static let ranges: [Case] = [
        ("block_count", 0), ("block_count", 1_025), ("embedding_length", .max), ("feed_forward_length", 0),
        ("attention.head_count", 0), ("attention.head_count", 5_000), ("attention.head_count_kv", 0),
        ("attention.head_count_kv", 5), ("context_length", 0), ("context_length", .max), ("attention.key_length", 0),
        ("attention.key_length", 100_000), ("rope.dimension_count", 0), ("rope.dimension_count", .max),
    ].map { key, value in
        Case("\(key) of \(value)", .invalidConfiguration, "'llama.\(key)' is \(value) (", "expected an integer from") {
            $0.set("llama.\(key)", value)
        }
    }

    static let values: [Case] = [
        Case(
            "heads that cannot share", .invalidConfiguration, "4 attention heads cannot share 3 key/value heads evenly"
        ) {
            $0.set("llama.attention.head_count_kv", 3)
        },
        Case("a count that is text", .invalidConfiguration, "'llama.block_count' is", "expected an integer") {
            $0.set("llama.block_count", "two")
        },
        Case("a count that is a fraction", .invalidConfiguration, "'llama.block_count' is 2.0", "expected an integer") {
            $0.set("llama.block_count", float: 2)
        },
        Case("an epsilon of zero", .invalidConfiguration, "layer_norm_rms_epsilon", "expected a positive number") {
            $0.set("llama.attention.layer_norm_rms_epsilon", float: 0)
        },
        Case("a rotary base that is no number", .invalidConfiguration, "rope.freq_base", "nan") {
            $0.set("llama.rope.freq_base", float: .nan)
        },
        Case("an infinite rotary base", .invalidConfiguration, "rope.freq_base", "inf") {
            $0.set("llama.rope.freq_base", float: .infinity)
        },
        Case("a negative scale", .invalidConfiguration, "rope.scaling.factor", "-4.0") {
            $0.set("llama.rope.scaling.type", "linear")
            $0.set("llama.rope.scaling.factor", float: -4)
        },
    ]

    static let tensors: [Case] = [
        Case("no embedding", .invalidTensor, "has no matrix 'token_embd.weight'") {
            $0.removeTensor("token_embd.weight")
        },
        Case("a missing matrix", .invalidTensor, "'blk.1.ffn_up.weight' of shape [64, 80] is missing") {
            $0.removeTensor("blk.1.ffn_up.weight")
        },
        Case("a missing vector", .invalidTensor, "'output_norm.weight' of shape [64] is missing") {
            $0.removeTensor("output_norm.weight")
        },
        Case("a layer less than promised", .invalidTensor, "'blk.2.attn_norm.weight'", "is missing") {
            $0.set("llama.block_count", 3)
        },
        Case("a layer more than promised", .invalidTensor, "'blk.1.attn_norm.weight' has no place") {
            $0.set("llama.block_count", 1)
        },
        Case("a transposed matrix", .invalidTensor, "'blk.0.ffn_down.weight' has shape [64, 80], expected [80, 64]") {
            $0.changeTensor("blk.0.ffn_down.weight") { $0.shape.reverse() }
        },
        Case("a matrix that is a vector", .invalidTensor, "'blk.0.attn_q.weight' has shape [4096], expected [64, 64]") {
            $0.changeTensor("blk.0.attn_q.weight") { $0.shape = [4096] }
        },
        Case("an embedding with three dimensions", .invalidTensor, "token_embd.weight") {
            $0.changeTensor("token_embd.weight") { $0.shape = [64, 32, 10] }
        },
        Case("a width that the tensors do not have", .invalidTensor, "token_embd.weight", "[64, 320]", "[128, 320]") {
            $0.set("llama.embedding_length", 128)
        },
        Case("a norm that is quantised", .tensor, "'blk.0.attn_norm.weight' is Q8_0") {
            $0.changeTensor("blk.0.attn_norm.weight") { $0.type = 8 }
        },
        Case("a bias that nothing adds", .invalidTensor, "'blk.0.attn_q.bias' has no place", "llama") {
            $0.addTensor("blk.0.attn_q.bias", [Float](repeating: 0, count: 64))
        },
        Case(
            "frequency divisors for another dimension", .invalidTensor,
            "'rope_freqs.weight' has shape [5], expected [8]"
        ) {
            $0.addTensor("rope_freqs.weight", [1, 1, 1, 1, 1])
        },
        Case("a frequency divisor that is no number", .tensor, "'rope_freqs.weight' has nan as element 2") {
            $0.addTensor("rope_freqs.weight", [1, 1, .nan, 1, 1, 1, 1, 1])
        },
    ]

    @Test("Each failure is named, with what was found", arguments: architecture + required + ranges + values + tensors)
    func failure(_ item: Case) throws {
        let error = #expect(throws: ModelError.self) { _ = try Self.load(item.change) }
        let message = error?.message ?? ""
        #expect(error?.code == item.code, "\(message)")
        for word in item.words { #expect(message.contains(word), "\(message)") }
    }

    @Test(
        "An architecture of megabytes of combining marks is refused in time proportional to its length, in short words")
    func hostileArchitecture() throws {
        let name = HostileText.marks(bytes: 4 << 20)
        let seconds = HostileText.seconds {
            let error = #expect(throws: ModelError.self) { try Self.load { $0.set("general.architecture", name) } }
            #expect(error?.code == .unsupportedArchitecture)
            #expect(error.map { $0.message.utf8.count < 1_000 } == true)
        }
        #expect(seconds < 4)
    }

    @Test("What is left out where it may be, or written in another way, does not change a bit")
    func equivalents() throws {
        let (tokens, _) = try ModelFixtures.oracle("tiny-llama-f32")
        let (_, original) = try Self.load { _ in }
        let expected = try ModelFixtures.logits(original, tokens, chunk: 8)
        let changes: [(inout GGUFEditor) -> Void] = [
            { $0.remove("llama.rope.scaling.type") },
            { $0.remove("llama.rope.freq_base") },
            { $0.remove("llama.rope.dimension_count") },
            { $0.set("llama.attention.key_length", 16) },
            { $0.set("llama.expert_count", 0) },
            { $0.addTensor("rope_freqs.weight", [Float](repeating: 1, count: 8)) },
            { editor in
                editor.set("llama.rope.scaling.type", "linear")
                editor.set("llama.rope.scaling.factor", float: 1)
            },
            { editor in editor.tensors.reverse() },
            { editor in editor.metadata.reverse() },
        ]
        for (index, change) in changes.enumerated() {
            let (_, model) = try Self.load(change)
            #expect(try ModelFixtures.logits(model, tokens, chunk: 8) == expected, "change \(index)")
        }
    }

    @Test("A mixture of which no layer has experts is a dense model")
    func denseMixture() throws {
        let (_, model) = try Self.load {
            $0.set("llama.expert_count", 8)
            $0.set("llama.expert_used_count", 2)
            $0.set("llama.leading_dense_block_count", 2)
        }
        #expect(model.shape.draftedTokens == nil)
    }
}
