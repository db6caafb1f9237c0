import Foundation
import PinionModelFiles
import PinionModels
import PinionTensor
import TestSupport
import Testing

/// Folders whose experts are MXFP4, as gpt-oss is released, against transformers.
@Suite("MXFP4 folders against transformers")
struct MXFP4OracleTests {
    /// Of the root mean square of the error over the deviation of the logits: activations are rounded to bytes, which
    /// now and then chooses another expert.
    static let bound: Float = 0.2

    @Test("There is a fixture")
    func fixtures() { #expect(!FamilyFixture.mxfp4Names.isEmpty) }

    @Test("Each weight is its quant times its block's scale, exactly", arguments: FamilyFixture.mxfp4Names)
    func weights(_ name: String) throws {
        let fixture = try FamilyFixture.named(name)
        try FamilyOracleTests.inTemporaryPlace { url in
            try fixture.writeMXFP4(to: url)
            let package = try ModelPackage(path: url.path(percentEncoded: false))
            let team = WorkerTeam(workers: 2)
            for experts in try #require(fixture.mxfp4) {
                let layer = try #require(experts.name.split(separator: ".").compactMap { Int($0) }.first)
                let isFused = experts.name.hasSuffix("gate_up_proj")
                let place = TensorName(isFused ? .expertGateUp : .expertDown, layer: layer)
                let tensor = try #require(try package.tensor(place))
                #expect(tensor.shape == [experts.columns, experts.rows, experts.experts])
                let pairs = fixture.pairs(experts)
                let half = experts.rows / 2
                var found = [Float](repeating: 0, count: experts.columns)
                for expert in 0..<experts.experts {
                    for rows in isFused ? [0..<half, half..<experts.rows] : [0..<experts.rows] {
                        let source = try MatrixSource(tensor.matrix(expert), rows: rows)
                        #expect(source.type == .mxfp4)
                        let matrix = try PackedMatrix(packing: source, team: team)
                        for row in rows {
                            matrix.copyRow(row - rows.lowerBound, into: &found)
                            // The rows of gate and up lie in turn.
                            let stored = !isFused ? row : row < half ? 2 * row : 2 * (row - half) + 1
                            let expected = fixture.row(stored, of: expert, experts, in: pairs)
                            #expect(found == expected, "\(experts.name), expert \(expert), row \(row)")
                        }
                    }
                }
            }
        }
    }

    @Test("The logits are near the oracle's, in as much memory as planned", arguments: FamilyFixture.mxfp4Names)
    func logits(_ name: String) throws {
        let fixture = try FamilyFixture.named(name)
        let expected = try fixture.logits("logits-mxfp4.f32")
        try FamilyOracleTests.inTemporaryPlace { url in
            try fixture.writeMXFP4(to: url)
            let path = url.path(percentEncoded: false)
            let model = try ModelFixtures.load(path, kernels: .forThisMachine(), workers: 2)
            let found = try FamilyOracleTests.rows(model, cacheType: .f16)
            let errors = FamilyOracleTests.errors(
                found, expected, deviation: FamilyOracleTests.deviation(expected))
            #expect(errors.mean <= Self.bound, "\(errors)")
            let own = FamilyOracleTests.errors(
                try fixture.logits(), expected, deviation: FamilyOracleTests.deviation(expected))
            #expect(own.mean > 3 * Self.bound, "the fixture's weights are those of the other folders: \(own)")
            // A weight of MXFP4 is half a byte and a sixteenth of a brain float.
            let plan = try ModelLoader.plan(ModelPackage(path: path), limits: StepLimits(tokens: 1, outputs: 1))
            let experts = try #require(fixture.mxfp4).reduce(0) { $0 + $1.shape.reduce(1, *) }
            let others = fixture.tensors.filter { [2, 3].contains($0.shape.count) && !$0.name.contains(".experts.") }
            let otherBytes = others.reduce(0) { $0 + 2 * $1.shape.reduce(1, *) }
            let biases = fixture.tensors.filter { $0.name.hasSuffix("_proj_bias") }
            let biasBytes = biases.reduce(0) { $0 + 4 * $1.shape.reduce(1, *) }
            let weights = experts / 2 + experts / 16 + otherBytes + biasBytes
            // The router's eight rows are packed as sixteen.
            #expect((weights...weights + weights / 50).contains(plan.weightBytes), "\(plan.weightBytes), \(weights)")
        }
    }

    @Test("Blocks and scales that do not fit each other are refused by name")
    func damaged() throws {
        typealias Tensor = SafetensorsWriter.Tensor
        let fixture = try FamilyFixture.named(try #require(FamilyFixture.mxfp4Names.first))
        func place(_ ending: String, _ tensors: [Tensor]) -> Int {
            guard let index = tensors.firstIndex(where: { $0.name.hasSuffix(ending) }) else {
                preconditionFailure("the fixture has no tensor '...\(ending)'")
            }
            return index
        }
        func eightBits(_ tensor: inout Tensor) {
            (tensor.type, tensor.data) = ("F8_E4M3", Data(count: tensor.shape.reduce(1, *)))
        }
        let cases: [(words: String, change: (inout [Tensor]) -> Void)] = [
            ("has type F8_E4M3, expected F32", { eightBits(&$0[place("down_proj_bias", $0)]) }),
            ("of MXFP4 has no '", { $0.remove(at: place("down_proj_scales", $0)) }),
            (
                "has no place",
                { $0.append(.init(name: "model.layers.0.mlp.x_scales", type: "U8", shape: [1], data: Data([1]))) }
            ),
            ("has type I8, expected U8", { $0[place("gate_up_proj_blocks", $0)].type = "I8" }),
            ("_scales' of MXFP4 has shape", { $0[place("down_proj_scales", $0)].shape.swapAt(0, 1) }),
            (
                "expected four dimensions",
                {
                    let index = place("down_proj_blocks", $0)
                    $0[index].shape = [$0[index].shape.reduce(1, *)]
                }
            ),
            (
                "down_proj_scales' has a scale that is infinite or no number",
                {
                    let index = place("down_proj_scales", $0)
                    $0[index].data[$0[index].data.startIndex + 9] = 255
                }
            ),
        ]
        for (words, change) in cases {
            try FamilyOracleTests.inTemporaryPlace { url in
                try fixture.writeMXFP4(to: url, change: change)
                let error = #expect(throws: ModelError.self, "\(words)") {
                    _ = try ModelFixtures.load(url.path(percentEncoded: false), kernels: .forThisMachine())
                }
                #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
            }
        }
    }
}
