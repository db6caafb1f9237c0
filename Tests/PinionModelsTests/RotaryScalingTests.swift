import Foundation
import PinionModels
import PinionTensor
import Testing

/// Scaled rotary positions against a Llama in NumPy (`Tests/Fixtures/scripts/make_rotary_oracle.py`).
@Suite("Rotary scaling")
struct RotaryScalingTests {
    /// Of a position's root mean square error over the size of its logits; measured: 0.0014, most of it from the cache of
    /// halves. Without scaling the logits differ by two thirds of their size and more.
    static let bound: Float = 0.002

    private static let name = "tiny-llama-f32"

    /// Logits of the fixture as `change` leaves it.
    private static func logits(_ tokens: [Int32], _ change: (inout GGUFEditor) -> Void) throws -> [[Float]] {
        var editor = try GGUFEditor(Data(contentsOf: URL(filePath: ModelFixtures.modelPath(name))))
        change(&editor)
        let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).gguf")
        try editor.bytes().write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let model = try ModelFixtures.load(url.path(percentEncoded: false), kernels: .forThisMachine())
        return try ModelFixtures.logits(model, tokens, chunk: 8)
    }

    @Test("Linear scaling divides positions by its factor, under each of its three spellings")
    func linear() throws {
        let (tokens, expected) = try ModelFixtures.oracle("\(Self.name)-linear")
        let spellings: [(inout GGUFEditor) -> Void] = [
            { editor in
                editor.set("llama.rope.scaling.type", "linear")
                editor.set("llama.rope.scaling.factor", float: 4)
            },
            { editor in
                editor.remove("llama.rope.scaling.type")
                editor.set("llama.rope.scaling.factor", float: 4)
            },
            // The key's older name.
            { editor in
                editor.remove("llama.rope.scaling.type")
                editor.set("llama.rope.scale_linear", float: 4)
            },
        ]
        for (index, change) in spellings.enumerated() {
            let worst = ModelFixtures.worstPosition(try Self.logits(tokens, change), expected)
            #expect(worst.error < Self.bound, "spelling \(index), position \(worst.position): \(worst.error)")
        }
    }

    @Test("The frequency of each pair is divided by its number in rope_freqs.weight")
    func divisors() throws {
        let (tokens, expected) = try ModelFixtures.oracle("\(Self.name)-divisors")
        let found = try Self.logits(tokens) {
            $0.addTensor("rope_freqs.weight", (0..<8).map { 1 + Float($0) / 2 })
        }
        let worst = ModelFixtures.worstPosition(found, expected)
        #expect(worst.error < Self.bound, "position \(worst.position): \(worst.error)")
    }

    @Test("Divisors and a factor act together: divisors of 4 are a factor of 4")
    func both() throws {
        let (tokens, expected) = try ModelFixtures.oracle("\(Self.name)-linear")
        let found = try Self.logits(tokens) { editor in
            editor.set("llama.rope.scaling.type", "linear")
            editor.set("llama.rope.scaling.factor", float: 2)
            editor.addTensor("rope_freqs.weight", [Float](repeating: 2, count: 8))
        }
        let worst = ModelFixtures.worstPosition(found, expected)
        #expect(worst.error < Self.bound, "position \(worst.position): \(worst.error)")
    }
}
