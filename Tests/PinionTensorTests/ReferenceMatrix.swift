import CPinionKernels
import Foundation
import PinionModelFiles
import PinionTensor
import TestSupport

/// Random weights in a file's format, and what they mean by the format's definition, in doubles.
struct ReferenceMatrix {
    let type: TensorType
    /// The type of the file; IQ2_S where the packed format is one that no file has.
    let storage: StorageType
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
        storage = type == .coded ? .coded(.iq2_S) : .format(type)
        bytes = out.bytes
        values = terms.map { $0.0 + $0.1 }
        magnitudes = terms.map { abs($0.0) + abs($0.1) }
    }

    func tensor(named name: String) -> GGUFWriter.Tensor {
        GGUFWriter.Tensor(
            name: name, type: fileNumber, shape: [UInt64(columns), UInt64(rows)], data: bytes)
    }

    private var fileNumber: UInt32 {
        if case .coded(let type) = storage { type.rawValue } else { type.rawValue }
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
        case .q5_0, .q5_1:
            let scale = half(&random), minimum = half(&random)
            out.put(scale)
            if type == .q5_1 { out.put(minimum) }
            let high = random.bytes(4), low = random.bytes(16)
            out.bytes += high + low
            for c in 0..<32 {
                let bit = Int(high[c / 8] >> (c % 8) & 1) << 4
                let quant = Double(bit | Int(c < 16 ? low[c] & 15 : low[c - 16] >> 4))
                let scaled = value(ofHalf: scale) * (type == .q5_0 ? quant - 16 : quant)
                terms.append((scaled, type == .q5_1 ? value(ofHalf: minimum) : 0))
            }
        case .q4_K, .q5_K:
            let scale = half(&random), minimum = half(&random)
            out.put(scale)
            out.put(minimum)
            let packed = random.bytes(12), high = random.bytes(type == .q5_K ? 32 : 0), low = random.bytes(128)
            out.bytes += packed + high + low
            for c in 0..<256 {
                let j = c / 32
                // 6 bits each: of the first four blocks at the start, of the others spread over three groups of 4 bytes.
                let sub = j < 4 ? packed[j] & 63 : packed[j + 4] & 15 | (packed[j - 4] >> 6) << 4
                let subMinimum = j < 4 ? packed[j + 4] & 63 : packed[j + 4] >> 4 | (packed[j] >> 6) << 4
                let byte = low[c / 64 * 32 + c % 32]
                let nibble = Int(c % 64 < 32 ? byte & 15 : byte >> 4)
                let bit = high.isEmpty ? 0 : Int(high[c % 32] >> j & 1) << 4
                terms.append(
                    (
                        value(ofHalf: scale) * Double(sub) * Double(nibble | bit),
                        -value(ofHalf: minimum) * Double(subMinimum)
                    ))
            }
        case .q6_K:
            let low = random.bytes(128), high = random.bytes(64), subs = random.bytes(16), scale = half(&random)
            out.bytes += low + high + subs
            out.put(scale)
            for c in 0..<256 {
                let (part, k, l) = (c / 128, c % 128 / 32, c % 32)
                let byte = low[part * 64 + k % 2 * 32 + l]
                let quant = Int(k < 2 ? byte & 15 : byte >> 4) | Int(high[part * 32 + l] >> (2 * k) & 3) << 4
                let sub = Double(Int8(bitPattern: subs[c / 16]))
                terms.append((value(ofHalf: scale) * sub * Double(quant - 32), 0))
            }
        case .q3_K:
            let high = random.bytes(32), low = random.bytes(64), packed = random.bytes(12), scale = half(&random)
            out.bytes += high + low + packed
            out.put(scale)
            for c in 0..<256 {
                let (j, group) = (c / 32, c / 16)
                let pair = Int(low[c / 128 * 32 + c % 32] >> (2 * (j % 4)) & 3)
                let quant = high[c % 32] >> j & 1 == 0 ? pair - 4 : pair
                // 6 bits: four in the nibbles of 8 bytes, two in 4 bytes that follow.
                let nibble = Int(group < 8 ? packed[group] & 15 : packed[group - 8] >> 4)
                let sub = nibble + Int(packed[8 + group % 4] >> (group / 4 * 2) & 3) * 16 - 32
                terms.append((value(ofHalf: scale) * Double(sub) * Double(quant), 0))
            }
        case .q2_K:
            let packed = random.bytes(16), low = random.bytes(64), scale = half(&random), minimum = half(&random)
            out.bytes += packed + low
            out.put(scale)
            out.put(minimum)
            for c in 0..<256 {
                let quant = Double(low[c / 128 * 32 + c % 32] >> (c / 32 % 4 * 2) & 3)
                let byte = packed[c / 16]
                terms.append(
                    (
                        value(ofHalf: scale) * Double(byte & 15) * quant,
                        -value(ofHalf: minimum) * Double(byte >> 4)
                    ))
            }
        case .iq4_NL:
            let scale = half(&random), quants = random.bytes(16)
            out.put(scale)
            out.bytes += quants
            for quant in quants.map({ $0 & 15 }) + quants.map({ $0 >> 4 }) {
                terms.append((value(ofHalf: scale) * unevenValues[Int(quant)], 0))
            }
        case .iq4_XS:
            let scale = half(&random), high = UInt16.random(in: 0 ... .max, using: &random)
            let low = random.bytes(4), quants = random.bytes(128)
            out.put(scale)
            out.put(high)
            out.bytes += low + quants
            for c in 0..<256 {
                let (j, byte) = (c / 32, quants[c / 32 * 16 + c % 16])
                let sub = Int(low[j / 2] >> (j % 2 * 4) & 15) + Int(high >> (2 * j) & 3) * 16 - 32
                let quant = Int(c % 32 < 16 ? byte & 15 : byte >> 4)
                terms.append((value(ofHalf: scale) * Double(sub) * unevenValues[quant], 0))
            }
        case .coded:
            let scale = half(&random), low = random.bytes(32), signs = random.bytes(32), high = random.bytes(8)
            let packed = random.bytes(8)
            out.put(scale)
            out.bytes += low + signs + high + packed
            for c in 0..<256 {
                let point = pn_point_of_iq2_s(Int(low[c / 8]) | Int(high[c / 32] >> (c / 8 % 4 * 2) & 3) << 8)
                let magnitude = [8.0, 25, 43][Int(point >> (c % 8 * 2) & 3)] / 8
                let sub = Double(packed[c / 32] >> (c / 16 % 2 * 4) & 15) * 2 + 1
                let sign = signs[c / 8] >> (c % 8) & 1 == 0 ? 1.0 : -1
                terms.append((value(ofHalf: scale) * sub * magnitude * sign, 0))
            }
        case .mxfp4:
            let exponent = UInt8.random(in: 100...130, using: &random), quants = random.bytes(16)
            out.bytes += [exponent] + quants
            for quant in quants.map({ $0 & 15 }) + quants.map({ $0 >> 4 }) {
                let magnitude = fourBitFloats[Int(quant & 7)]
                terms.append((pow(2, Double(exponent) - 127) * (quant < 8 ? magnitude : -magnitude), 0))
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

    /// What the quants of IQ4_NL and IQ4_XS stand for.
    private static let unevenValues: [Double] = [
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
    ]
    /// The magnitudes of floats of 2 exponent bits and 1 fraction bit.
    private static let fourBitFloats = [0, 0.5, 1, 1.5, 2, 3, 4, 6]

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
