import Foundation
import PinionModelFiles
import PinionModels
import PinionTensor
import TestSupport
import Testing

/// Nothing in a folder is ignored in silence: each key and each tensor counts, or is refused, or is known not to count.
@Suite("What a folder holds counts")
struct FolderSensitivityTests {
    /// Keys that may change without any effect on logits.
    static let harmless: Set<String> = [
        "architectures", "attention_dropout", "attn_pdrop", "bos_token_id", "dtype", "embd_pdrop", "eos_token_id",
        "initializer_range", "n_ctx", "output_router_logits", "pad_token_id", "pretraining_tp",
        "reorder_and_upcast_attn", "resid_pdrop",
        "summary_activation", "summary_first_dropout", "summary_proj_to_labels", "summary_type", "summary_use_proj",
        "router_aux_loss_coef", "router_jitter_noise", "transformers_version", "use_cache",
    ]
    /// Keys that another key of the same folder overrules, or that change nothing beside its others.
    static let overruled: [String: Set<String>] = [
        // `layer_types` and `no_rope_layers` say it layer by layer.
        "gemma3-a": ["_sliding_window_pattern"], "qwen2-c": ["max_window_layers"],
        "smollm3-a": ["no_rope_layer_interval", "layer_types", "sliding_window", "use_sliding_window"],
        // Their windows are off.
        "qwen3-a": ["layer_types", "max_window_layers", "sliding_window", "use_sliding_window"],
        // Beyond the original context the long list counts; how long that is, the outer key says.
        "phi3-a": ["rope_parameters.short_factor", "rope_parameters.original_max_position_embeddings"],
        // Both bounds of the slope fall on the same pair.
        "ministral3-a": ["rope_parameters.beta_fast"],
        // More turns than the original context has in any pair.
        "gptoss-a": ["rope_parameters.beta_fast"],
        "qwen2moe-c": ["layer_types", "max_window_layers", "sliding_window"],
        // Layers that predict further tokens are not read, however many there are.
        "glm4moe-a": ["num_nextn_predict_layers"],
    ]
    static let families = [
        "llama-a", "mistral-a", "ministral3-a", "qwen2-c", "qwen3-a", "gemma-a", "gemma2-a", "gemma3-a", "phi3-a",
        "smollm3-a", "olmo2-a", "olmo3-a", "granite-a", "glm4-a", "gpt2-a",
        "mixtral-a", "qwen2moe-c", "granitemoeshared-a", "glm4moe-a", "gptoss-a",
    ]

    private struct Outcome: Equatable {
        var contextLength: Int
        var logits: [Float]
    }

    /// What a model says after a text, and what it was made for; nil when the folder is refused.
    ///
    /// - Parameter length: Of the text, in tokens. Beyond all windows and original contexts where keys are looked at; a
    ///   tensor that is missing shows in a few tokens.
    private static func logits(
        _ fixture: FamilyFixture, length: Int = 100,
        _ change: (inout [String: Any], inout [(name: String, tensor: FamilyFixture.Tensor)]) -> Void
    ) throws -> Outcome? {
        try FamilyOracleTests.inTemporaryPlace { url in
            try fixture.write(.new, .f32, to: url, change: change)
            do {
                let model = try ModelFixtures.load(
                    url.path(percentEncoded: false), kernels: .forThisMachine(),
                    limits: StepLimits(tokens: 128, outputs: 128))
                let text = (0..<length).map { Int32($0 * 37 % 320) }
                return Outcome(
                    contextLength: model.shape.contextLength,
                    logits: Array(try ModelFixtures.logits(model, text, chunk: length).joined()))
            } catch let error as ModelError {
                #expect(error.message.contains(url.lastPathComponent), "\(error.message)")
                return nil
            }
        }
    }

    /// Another value of the same kind.
    private static func changed(_ value: Any, key: String) -> Any {
        switch value {
        case let flag as Bool where isBoolean(value): return !flag
        case let number as NSNumber: return number.doubleValue == 0 ? 1 : number.doubleValue * 2
        case let text as String: return text + "x"
        // Of at most one element, such as the number of a layer.
        case let list as [Any] where list.isEmpty: return [0] as [Any]
        case let list as [Any] where list.count == 1: return [Any]()
        case let list as [Any]: return list.reversed() as [Any]
        default: return 7
        }
    }

    private static func isBoolean(_ value: Any) -> Bool {
        (value as? NSNumber).map { String(cString: $0.objCType) == "c" || String(cString: $0.objCType) == "B" } ?? false
    }

    @Test("Each key changes the logits or is refused when it changes", arguments: families)
    func keys(_ name: String) throws {
        let fixture = try FamilyFixture.named(name)
        var config: [String: Any] = [:]
        let expected = try #require(try Self.logits(fixture) { found, _ in config = found })
        let overruled = Self.overruled[name] ?? []
        for (key, value) in config where !Self.harmless.contains(key) && !overruled.contains(key) {
            if value is NSNull { continue }
            if let object = value as? [String: Any] {
                for (inner, number) in object where !(number is [String: Any]) && !overruled.contains("\(key).\(inner)")
                {
                    let found = try Self.logits(fixture) { config, _ in
                        var copy = object
                        copy[inner] = Self.changed(number, key: inner)
                        config[key] = copy
                    }
                    #expect(found != expected, "\(key).\(inner)")
                }
                continue
            }
            let found = try Self.logits(fixture) { config, _ in config[key] = Self.changed(value, key: key) }
            #expect(found != expected, "\(key)")
        }
    }

    @Test("Each tensor changes the logits or is refused when it is missing", arguments: families)
    func tensors(_ name: String) throws {
        let fixture = try FamilyFixture.named(name)
        let expected = try #require(try Self.logits(fixture, length: 8) { _, _ in })
        // The first expert stands for all of its layer.
        func isOtherExpert(_ name: String) -> Bool {
            name.contains(".experts.") && !name.contains(".experts.0.")
        }
        for (missing, _) in fixture.tensors(in: .new) where !isOtherExpert(missing) {
            let found = try Self.logits(fixture, length: 8) { _, tensors in tensors.removeAll { $0.name == missing } }
            #expect(found != expected, "\(missing)")
        }
    }

    @Test("A key that is not known is refused by name, unless it is off", arguments: families)
    func unknownKey(_ name: String) throws {
        let fixture = try FamilyFixture.named(name)
        for value in [3, 0.5, true, "x", [1, 2], ["a": 1]] as [Any] {
            #expect(try Self.logits(fixture) { config, _ in config["attention_wobble"] = value } == nil)
        }
        for value in [false, NSNull()] as [Any] {
            #expect(try Self.logits(fixture) { config, _ in config["attention_wobble"] = value } != nil)
        }
    }
}
