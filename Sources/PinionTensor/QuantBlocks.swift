/// Reads quantised blocks as a file holds them: 32 columns' quants, and the numbers that scale them.
///
/// Source: the block structures of GGML. Quants are raised by the format's zero point, so that all are unsigned.
struct QuantBlocks {
    /// Byte j of word s is the quant of column 4 s + j.
    typealias Words = SIMD8<UInt32>

    static let lowNibbles = Words(repeating: 0x0f0f_0f0f)
    static let lowBits = Words(repeating: 0x0101_0101)
    static let lowPairs = Words(repeating: 0x0303_0303)

    let type: TensorType
    private let blockElements: Int
    private let blockBytes: Int

    init(type: TensorType) {
        self.type = type
        blockElements = type.blockElements
        blockBytes = type.blockBytes
    }

    /// - Parameters:
    ///   - row: Start of one row in the file.
    ///   - index: Counts blocks of 32 columns, also in formats whose own blocks are longer.
    func quants(_ row: UnsafeRawPointer, _ index: Int) -> Words {
        let block = row + index * PackedMatrix.blockColumns / blockElements * blockBytes
        switch type {
        case .q4_0: return Self.nibbles(block + 2)
        case .q4_1: return Self.nibbles(block + 4)
        case .q5_0:
            return Self.nibbles(block + 6) | Self.spread(block.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
        case .q5_1:
            return Self.nibbles(block + 8) | Self.spread(block.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        case .q8_0: return (block + 2).loadUnaligned(as: Words.self) ^ Words(repeating: 0x8080_8080)
        case .q4_K: return Self.chunk(block + 16, index % 8)
        case .q5_K:
            let high = (block + 16).loadUnaligned(as: Words.self) &>> UInt32(index % 8)
            return Self.chunk(block + 48, index % 8) | (high & Self.lowBits) &<< 4
        case .q6_K:
            // 128 columns are 64 bytes of nibbles and 32 bytes of pairs of high bits.
            let (part, k) = (index % 8 / 4, index % 4)
            let nibbles = (block + part * 64 + k % 2 * 32).loadUnaligned(as: Words.self) &>> (k < 2 ? 0 : 4)
            let high = (block + 128 + part * 32).loadUnaligned(as: Words.self) &>> UInt32(2 * k)
            return nibbles & Self.lowNibbles | (high & Self.lowPairs) &<< 4
        case .f32, .f16, .bf16: preconditionFailure("\(type.name) has no quants")
        }
    }

    /// The 6-bit scale and minimum of one of 8 blocks, packed into 12 bytes (Q4_K and Q5_K).
    static func subscale(_ bytes: UnsafeRawPointer, _ j: Int) -> (scale: UInt8, minimum: UInt8) {
        func byte(_ index: Int) -> UInt8 { bytes.load(fromByteOffset: index, as: UInt8.self) }
        guard j >= 4 else { return (byte(j) & 63, byte(j + 4) & 63) }
        return (byte(j + 4) & 15 | (byte(j - 4) >> 6) << 4, byte(j + 4) >> 4 | (byte(j) >> 6) << 4)
    }

    /// 16 bytes with columns 0-15 in the low nibbles and 16-31 in the high ones.
    private static func nibbles(_ bytes: UnsafeRawPointer) -> Words {
        let packed = bytes.loadUnaligned(as: SIMD4<UInt32>.self)
        return Words(lowHalf: packed, highHalf: packed &>> 4) & lowNibbles
    }

    /// 32 bytes with an even block in the low nibbles and the next in the high ones.
    private static func chunk(_ bytes: UnsafeRawPointer, _ index: Int) -> Words {
        ((bytes + index / 2 * 32).loadUnaligned(as: Words.self) &>> (index % 2 == 0 ? 0 : 4)) & lowNibbles
    }

    /// Bit c of `bits` becomes bit 4 of column c.
    private static func spread(_ bits: UInt32) -> Words {
        let four = Words(repeating: bits) &>> Words(0, 4, 8, 12, 16, 20, 24, 28) & Words(repeating: 15)
        // Copies of the four bits 7 apart: bit j of the first is bit 8 j of their sum.
        return (four &* 0x0020_4081 & lowBits) &<< 4
    }
}
