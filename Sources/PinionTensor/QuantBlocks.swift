/// Reads quantised blocks as a file holds them: 32 columns' quants, and the numbers that scale them.
///
/// Source: the block structures of GGML. Quants are raised by the format's zero point, so that all are unsigned.
///
/// Everything is inlined, with the type as a literal: what depends on it is then chosen once, not for every block.
enum QuantBlocks {
    /// Byte j of word s is the quant of column 4 s + j.
    typealias Words = SIMD8<UInt32>

    // Not stored: the first use of a stored constant is looked for at every use.
    static var lowNibbles: Words { Words(repeating: 0x0f0f_0f0f) }
    static var lowBits: Words { Words(repeating: 0x0101_0101) }
    static var lowPairs: Words { Words(repeating: 0x0303_0303) }

    /// - Parameters:
    ///   - block: Start of a block in the file.
    ///   - part: Which 32 columns of it.
    @inline(__always)
    static func quants(_ type: TensorType, _ block: UnsafeRawPointer, part: Int) -> Words {
        switch type {
        case .q4_0: return nibbles(block + 2)
        case .q4_1: return nibbles(block + 4)
        case .q5_0:
            return nibbles(block + 6) | spread(block.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
        case .q5_1:
            return nibbles(block + 8) | spread(block.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        case .iq4_NL: return nibbles(block + 2)
        case .iq4_XS: return nibbles(block + 8 + part * 16)
        case .coded: return nibbles(block + CodedBlock.nibbles + part * 16)
        case .mxfp4: return nibbles(block + 1)
        case .q2_K: return pairs(block + 16, part)
        case .q3_K:
            let high = block.loadUnaligned(as: Words.self) &>> UInt32(part)
            return pairs(block + 32, part) | (high & lowBits) &<< 2
        case .q8_0: return (block + 2).loadUnaligned(as: Words.self) ^ Words(repeating: 0x8080_8080)
        case .q4_K: return chunk(block + 16, part)
        case .q5_K:
            let high = (block + 16).loadUnaligned(as: Words.self) &>> UInt32(part)
            return chunk(block + 48, part) | (high & lowBits) &<< 4
        case .q6_K:
            // 128 columns are 64 bytes of nibbles and 32 bytes of pairs of high bits.
            let (half, k) = (part / 4, part % 4)
            let nibbles = (block + half * 64 + k % 2 * 32).loadUnaligned(as: Words.self) &>> (k < 2 ? 0 : 4)
            return nibbles & lowNibbles | pairs(block + 128, part) &<< 4
        case .f32, .f16, .bf16: preconditionFailure("\(type.name) has no quants")
        }
    }

    /// The 6-bit scale and minimum of one of 8 blocks, packed into 12 bytes (Q4_K and Q5_K).
    @inline(__always)
    static func subscale(_ bytes: UnsafeRawPointer, _ j: Int) -> (scale: UInt8, minimum: UInt8) {
        func byte(_ index: Int) -> UInt8 { bytes.load(fromByteOffset: index, as: UInt8.self) }
        guard j >= 4 else { return (byte(j) & 63, byte(j + 4) & 63) }
        return (byte(j + 4) & 15 | (byte(j - 4) >> 6) << 4, byte(j + 4) >> 4 | (byte(j) >> 6) << 4)
    }

    /// The signed 6-bit scale of one of 16 half blocks, packed into 12 bytes (Q3_K): 8 bytes of nibbles, the first 8 scales'
    /// in the low ones, then 4 bytes of the pairs of higher bits.
    @inline(__always)
    static func splitScale(_ bytes: UnsafeRawPointer, _ j: Int) -> Int8 {
        func byte(_ index: Int) -> UInt8 { bytes.load(fromByteOffset: index, as: UInt8.self) }
        let high = byte(8 + j % 4) >> (2 * (j / 4)) & 3
        return Int8(byte(j % 8) >> (4 * (j / 8)) & 15 | high << 4) - 32
    }

    /// The signed 6-bit scale of one of 8 blocks (IQ4_XS): 2 bytes of the pairs of higher bits, then 4 bytes of nibbles.
    @inline(__always)
    static func signedScale(_ bytes: UnsafeRawPointer, _ j: Int) -> Int8 {
        func byte(_ index: Int) -> UInt8 { bytes.load(fromByteOffset: index, as: UInt8.self) }
        let high = byte(j / 4) >> (2 * (j % 4)) & 3
        return Int8(byte(2 + j / 2) >> (4 * (j % 2)) & 15 | high << 4) - 32
    }

    /// A power of two from its exponent + 127, halved (MXFP4), as a brain float: even the least, 2^-128, is one.
    ///
    /// Halved because the values of its quants are doubled to be whole.
    @inline(__always)
    static func brainScale(exponent: UInt8) -> UInt16 {
        exponent < 2 ? 0x20 << UInt16(exponent) : UInt16(exponent - 1) << 7
    }

    /// The largest exponent with which the largest quant of MXFP4 is still a float.
    static let largestExponent: UInt8 = 252

    /// 64 bytes of pairs of bits; each 32 of them hold those of four blocks.
    @inline(__always)
    private static func pairs(_ bytes: UnsafeRawPointer, _ part: Int) -> Words {
        (bytes + part / 4 * 32).loadUnaligned(as: Words.self) &>> UInt32(2 * (part % 4)) & lowPairs
    }

    /// 16 bytes with columns 0-15 in the low nibbles and 16-31 in the high ones.
    @inline(__always)
    private static func nibbles(_ bytes: UnsafeRawPointer) -> Words {
        let packed = bytes.loadUnaligned(as: SIMD4<UInt32>.self)
        return Words(lowHalf: packed, highHalf: packed &>> 4) & lowNibbles
    }

    /// 32 bytes with an even block in the low nibbles and the next in the high ones.
    @inline(__always)
    private static func chunk(_ bytes: UnsafeRawPointer, _ part: Int) -> Words {
        ((bytes + part / 2 * 32).loadUnaligned(as: Words.self) &>> (part % 2 == 0 ? 0 : 4)) & lowNibbles
    }

    /// Bit c of `bits` becomes bit 4 of column c.
    @inline(__always)
    private static func spread(_ bits: UInt32) -> Words {
        let four = Words(repeating: bits) &>> Words(0, 4, 8, 12, 16, 20, 24, 28) & Words(repeating: 15)
        // Copies of the four bits 7 apart: bit j of the first is bit 8 j of their sum.
        return (four &* 0x0020_4081 & lowBits) &<< 4
    }
}
