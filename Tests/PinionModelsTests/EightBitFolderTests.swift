import Foundation
import PinionModelFiles
import PinionModels
import PinionTensor
import TestSupport
import Testing

/// Folders whose matrices are eight-bit floats with scales, against the same numbers as floats.
@Suite("Eight-bit folders")
struct EightBitFolderTests {
    enum Scales: String, CaseIterable, Sendable {
        /// 128 x 128 to a scale.
        case blocks
        case rows
        case one
    }

    /// Halves hold what eight bits times a scale are to 11 bits.
    static let bound: Float = 0.002

    /// The value of an eight-bit float by its definition.
    private static func value(_ bits: UInt8) -> Float {
        let (exponent, fraction) = (Int(bits >> 3 & 15), Float(bits & 7) / 8)
        let magnitude =
            exponent == 0
            ? fraction * Float(sign: .plus, exponent: -6, significand: 1)
            : Float(sign: .plus, exponent: exponent - 7, significand: 1 + fraction)
        return bits & 0x80 == 0 ? magnitude : -magnitude
    }

    /// Writes both folders.
    private static func write(_ scales: Scales, floats: URL, bytes: URL) throws {
        let fixture = try FamilyFixture.named("qwen3-b")
        try fixture.write(.new, .f32, to: floats)
        try fixture.write(.new, .f32, to: bytes) { config, _ in
            var rule: [String: Any] = ["quant_method": "fp8", "activation_scheme": "dynamic"]
            if scales == .blocks { rule["weight_block_size"] = [128, 128] }
            config["quantization_config"] = rule
        }
        var random = SeededGenerator(seed: 90)
        var (wide, narrow) = (SafetensorsWriter(), SafetensorsWriter())
        for tensor in fixture.tensors {
            let name = fixture.spelled(tensor.name, .new)
            guard tensor.shape.count == 2, name.contains("proj") else {
                let plain = SafetensorsWriter.Tensor(
                    name: name, type: "F32", shape: tensor.shape, data: fixture.bytes(tensor, .f32))
                wide.tensors.append(plain)
                narrow.tensors.append(plain)
                continue
            }
            let (rows, columns) = (tensor.shape[0], tensor.shape[1])
            let (height, width) = scales == .blocks ? (128, 128) : scales == .rows ? (1, columns) : (rows, columns)
            let shape = [(rows + height - 1) / height, (columns + width - 1) / width]
            // A hundredth of the largest eight-bit float, as weights have it.
            let factors = (0..<shape[0] * shape[1]).map { _ in 0.0002 * Float(1 + random.unit()) }
            // Every byte but the two that are no numbers.
            let stored = random.bytes(rows * columns).map { $0 & 0x7f == 0x7f ? $0 & 0x80 : $0 }
            var (floats, told) = (Data(), Data())
            for (index, byte) in stored.enumerated() {
                let (row, column) = index.quotientAndRemainder(dividingBy: columns)
                let factor = factors[row / height * shape[1] + column / width]
                floats.append(integer: (value(byte) * factor).bitPattern)
            }
            for factor in factors { told.append(integer: factor.bitPattern) }
            wide.tensors.append(.init(name: name, type: "F32", shape: tensor.shape, data: floats))
            narrow.tensors.append(.init(name: name, type: "F8_E4M3", shape: tensor.shape, data: Data(stored)))
            let ending = scales == .rows ? "_scale" : "_scale_inv"
            narrow.tensors.append(
                .init(
                    name: name + ending, type: "F32",
                    shape: scales == .blocks ? shape : scales == .rows ? [rows, 1] : [], data: told))
        }
        try wide.bytes().write(to: floats.appending(path: "model.safetensors"))
        try narrow.bytes().write(to: bytes.appending(path: "model.safetensors"))
    }

    @Test("Eight-bit floats times their scales are the floats that they stand for", arguments: Scales.allCases)
    func logits(_ scales: Scales) throws {
        try FamilyOracleTests.inTemporaryPlace { url in
            let (floats, bytes) = (url.appending(path: "floats"), url.appending(path: "bytes"))
            try Self.write(scales, floats: floats, bytes: bytes)
            let kernels = try Kernels.forThisMachine()
            let expected = try FamilyOracleTests.rows(floats.path(percentEncoded: false), kernels: kernels)
            let found = try FamilyOracleTests.rows(bytes.path(percentEncoded: false), kernels: kernels)
            let worst = ModelFixtures.worstPosition(found, expected)
            #expect(worst.error < Self.bound, "position \(worst.position): \(worst.error)")
            #expect(found != expected, "the floats have more bits than halves keep")
        }
    }

    @Test("Scales that are missing, or do not fit, are refused by the tensor's name")
    func missingScales() throws {
        try FamilyOracleTests.inTemporaryPlace { url in
            let (floats, bytes) = (url.appending(path: "floats"), url.appending(path: "bytes"))
            try Self.write(.blocks, floats: floats, bytes: bytes)
            let weights = bytes.appending(path: "model.safetensors")
            let sound = try Data(contentsOf: weights)
            for (old, new, words) in [
                ("q_proj.weight_scale_inv", "q_proj.weight_scalx_inv", "has no '"),
                ("\"F8_E4M3\"", "\"F8_E5M2\"", "has type F8_E5M2"),
            ] {
                var damaged = sound
                let range = try #require(damaged.range(of: Data(old.utf8)))
                damaged.replaceSubrange(range, with: Data(new.utf8))
                try damaged.write(to: weights)
                let error = #expect(throws: ModelError.self) {
                    _ = try ModelFixtures.load(bytes.path(percentEncoded: false), kernels: .forThisMachine())
                }
                #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
            }
        }
    }
}
