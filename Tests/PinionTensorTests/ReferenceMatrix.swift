import Foundation
import PinionTensor
import TestSupport

/// Random weights in a file's format, and what they mean by the format's definition, in doubles.
struct ReferenceMatrix {
    let type: TensorType
    let rows: Int
    let columns: Int
    /// As in the file, row after row.
    let bytes: [UInt8]
    /// [rows, columns]
    let values: [Double]
    /// [rows, columns]: what the rounding of a product with the weight is measured by. Not the weight itself, as its
    /// parts (scale times quant, minimum) may cancel.
    let magnitudes: [Double]

    init(_ type: TensorType, rows: Int, columns: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var out = ByteWriter()
        var terms: [(Double, Double)] = []
        terms.reserveCapacity(rows * columns)
        for _ in 0..<rows * columns / type.blockElements { Self.block(type, &random, &out, &terms) }
        (self.type, self.rows, self.columns) = (type, rows, columns)
        bytes = out.bytes
        values = terms.map { $0.0 + $0.1 }
        magnitudes = terms.map { abs($0.0) + abs($0.1) }
    }

    func tensor(named name: String) -> GGUFWriter.Tensor {
        GGUFWriter.Tensor(
            name: name, type: type.rawValue, shape: [UInt64(columns), UInt64(rows)], data: bytes)
    }

    /// Appends one block to the file and the two parts of each of its weights to `terms`.
    private static func block(
        _ type: TensorType, _ random: inout SeededGenerator, _ out: inout ByteWriter, _ terms: inout [(Double, Double)]
    ) {
        switch type {
        case .f32:
            let value = random.floats(1)[0]
            out.put(value.bitPattern)
            terms.append((Double(value), 0))
        case .f16:
            let bits = half(&random)
            out.put(bits)
            terms.append((value(ofHalf: bits), 0))
        case .bf16:
            let bits = UInt16(truncatingIfNeeded: random.floats(1)[0].bitPattern >> 16)
            out.put(bits)
            terms.append((Double(Float(bitPattern: UInt32(bits) << 16)), 0))
        case .q4_0, .q4_1:
            let scale = half(&random), minimum = half(&random)
            out.put(scale)
            if type == .q4_1 { out.put(minimum) }
            let quants = random.bytes(16)
            out.bytes += quants
            // The low nibbles are the block's first half.
            for quant in quants.map({ $0 & 15 }) + quants.map({ $0 >> 4 }) {
                let offset = type == .q4_0 ? -8.0 : 0
                terms.append(
                    (
                        value(ofHalf: scale) * (Double(quant) + offset), type == .q4_1 ? value(ofHalf: minimum) : 0
                    ))
            }
        case .q8_0:
            let scale = half(&random)
            out.put(scale)
            // -128 is in no file that quantisers write, but nothing forbids it.
            var quants = random.bytes(32)
            quants[Int.random(in: 0..<32, using: &random)] = 0x80
            out.bytes += quants
            for quant in quants { terms.append((value(ofHalf: scale) * Double(Int8(bitPattern: quant)), 0)) }
        }
    }

    /// Between 2^-24 and 4 in magnitude, now and then 0.
    private static func half(_ random: inout SeededGenerator) -> UInt16 {
        UInt16.random(in: 0..<16, using: &random) == 0
            ? 0 : UInt16.random(in: 1..<17 << 10, using: &random) | UInt16.random(in: 0...1, using: &random) << 15
    }

    static func value(ofHalf bits: UInt16) -> Double {
        let exponent = Int(bits >> 10) & 0x1f
        let fraction = Double(bits & 0x3ff) / 1024
        let magnitude = exponent == 0 ? fraction * 0x1p-14 : (1 + fraction) * pow(2, Double(exponent - 15))
        return bits & 0x8000 == 0 ? magnitude : -magnitude
    }
}
