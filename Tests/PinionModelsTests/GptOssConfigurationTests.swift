import Foundation
import PinionModelFiles
import PinionTensor
import TestSupport
import Testing

/// What the released folders of gpt-oss say in their own way, or leave unsaid.
@Suite("The configuration of gpt-oss")
struct GptOssConfigurationTests {
    /// - Parameter change: Of the configuration in its older spelling.
    private static func numbers(_ change: (inout [String: Any]) -> Void = { _ in }) throws -> Hyperparameters {
        try FamilyOracleTests.inTemporaryPlace { url in
            try FamilyFixture.named("gptoss-b").write(.old, .bf16, to: url) { config, _ in change(&config) }
            return try ModelPackage(path: url.path(percentEncoded: false)).hyperparameters()
        }
    }

    @Test("Experts of a token and the original context may be told twice, but not in two ways")
    func toldTwice() throws {
        let expected = try Self.numbers()
        let found = try Self.numbers {
            ($0["experts_per_token"], $0["initial_context_length"]) = (2, 64)
        }
        #expect(found == expected)
        for (key, value) in [("experts_per_token", 3), ("initial_context_length", 128)] {
            let error = #expect(throws: ModelError.self) { _ = try Self.numbers { $0[key] = value } }
            #expect(error?.message.contains("'\(key)' is \(value)") == true, "\(error?.message ?? "")")
        }
    }

    @Test("What is left unsaid is what the reference fills in")
    func defaults() throws {
        let found = try Self.numbers {
            for key in ["rope_scaling", "rope_theta", "layer_types", "swiglu_alpha", "swiglu_limit", "sliding_window"] {
                $0[key] = nil
            }
        }
        #expect(found.window?.length == 128 && found.window?.layers == [true, false, true, false])
        #expect(found.activation == .clampedSwiGLU(slope: 1.702, limit: 7))
        #expect(found.rotary?.frequencies.base == 150_000)
        guard case .yarn(let yarn)? = found.rotary?.frequencies.scaling else {
            Issue.record("\(String(describing: found.rotary))")
            return
        }
        #expect((yarn.factor, yarn.original, yarn.fast, yarn.slow) == (32, 4096, 32, 1) && !yarn.isTruncated)
        #expect(abs(yarn.amplitude - (0.1 * log(32) + 1)) < 1e-12)
    }

    @Test("Another activation is refused by name, because the reference would ignore it")
    func activation() throws {
        let error = #expect(throws: ModelError.self) { _ = try Self.numbers { $0["hidden_act"] = "gelu" } }
        #expect(error?.message.contains("'hidden_act' \"gelu\" is not") == true, "\(error?.message ?? "")")
    }

    @Test("Only gpt-oss's folders are read as MXFP4")
    func otherFamilies() throws {
        let error = #expect(throws: ModelError.self) {
            try FamilyOracleTests.inTemporaryPlace { url in
                try FamilyFixture.named("mixtral-a").write(.new, .bf16, to: url) { config, _ in
                    config["quantization_config"] = ["quant_method": "mxfp4"]
                }
                _ = try ModelPackage(path: url.path(percentEncoded: false)).hyperparameters()
            }
        }
        #expect(error?.message.contains("'mxfp4'") == true, "\(error?.message ?? "")")
    }
}
