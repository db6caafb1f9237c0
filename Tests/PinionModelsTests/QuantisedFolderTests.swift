import Foundation
import PinionModelFiles
import PinionModels
import PinionTensor
import TestSupport
import Testing

@Suite("Folders rounded at load")
struct QuantisedFolderTests {
    /// Root mean square error over the spread of the logits: what so few bits do to random weights.
    static let bounds: [(Quantisation, Float)] = [(.q8_0, 0.06), (.q4_0, 0.7)]

    @Test("Weights of fewer bits take less memory, as planned, and logits stay near", arguments: bounds)
    func logits(_ quantisation: Quantisation, _ bound: Float) throws {
        try FamilyOracleTests.inTemporaryPlace { url in
            let fixture = try FamilyFixture.named("qwen3-b")
            try fixture.write(.new, .f32, to: url)
            let path = url.path(percentEncoded: false)
            let package = try ModelPackage(path: path)
            let limits = StepLimits(tokens: 64, outputs: 64)
            let whole = try ModelLoader.plan(package, limits: limits)
            let plan = try ModelLoader.plan(package, limits: limits, quantisation: quantisation)
            #expect(Double(plan.weightBytes) < Double(whole.weightBytes) * (quantisation == .q8_0 ? 0.28 : 0.25))
            let model = try ModelFixtures.load(path, kernels: .forThisMachine(), quantisation: quantisation)
            let inputs = try FamilyFixture.inputs()
            let found = try inputs.sequences[..<2].flatMap { try ModelFixtures.logits(model, $0, chunk: 9) }
            let expected = Array(try fixture.logits().prefix(found.count))
            let errors = FamilyOracleTests.errors(found, expected, deviation: fixture.deviation)
            #expect(errors.mean <= bound && errors.mean > bound / 10, "\(errors)")
        }
    }

    /// A ten-thousandth of the step between two values of eight bits, which rounding would take away.
    private static let shift: Float = 1e-4

    @Test("A mixture's router stays in floats while other weights are rounded")
    func router() throws {
        let text = try FamilyFixture.inputs().sequences[1]
        let found = try [0, Self.shift].map { shift in
            try FamilyOracleTests.inTemporaryPlace { url in
                try FamilyFixture.named("glm4moe-b").write(.new, .f32, to: url) { _, tensors in
                    for index in tensors.indices where tensors[index].name.hasSuffix("mlp.gate.weight") {
                        let step = Float(sign: .plus, exponent: tensors[index].tensor.exponent, significand: 1)
                        tensors[index].tensor.base += shift * step
                    }
                }
                let model = try ModelFixtures.load(
                    url.path(percentEncoded: false), kernels: .forThisMachine(), quantisation: .q8_0)
                return try ModelFixtures.logits(model, text, chunk: 9)
            }
        }
        #expect(found[0] != found[1])
    }

    @Test("Experts that a folder has on their side are rounded to the same bits as a GGUF file's", arguments: bounds)
    func transposedExperts(_ quantisation: Quantisation, _ bound: Float) throws {
        try FamilyOracleTests.inTemporaryPlace { url in
            let fixture = try FamilyFixture.named("gptoss-b")
            let (folder, file) = (url.appending(path: "folder"), url.appending(path: "model.gguf"))
            try fixture.write(.old, .bf16, to: folder)
            try fixture.ggufBytes().write(to: file)
            let text = try FamilyFixture.inputs().sequences[1]
            let found = try [folder, file].map { url in
                let model = try ModelFixtures.load(
                    url.path(percentEncoded: false), kernels: .forThisMachine(), workers: 2,
                    quantisation: quantisation)
                return try ModelFixtures.logits(model, text, chunk: 9)
            }
            #expect(found[0] == found[1])
        }
    }
}
