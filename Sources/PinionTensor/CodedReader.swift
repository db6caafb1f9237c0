import CPinionKernels

/// Reads blocks of the types that choose points of a codebook into blocks of ``TensorType/coded``.
///
/// Source: the block structures of GGML. No weight is rounded: each is the same product of the same numbers.
struct CodedReader {
    let type: CodedType

    /// - Parameters:
    ///   - block: One block of the file, ``CodedType/blockBytes`` long.
    ///   - out: Room for one block of the packed format.
    func read(_ block: UnsafeRawPointer, into out: UnsafeMutableRawPointer) {
        let file = FileBlock(bytes: block)
        func target(_ scale: Float) -> CodedBlock { CodedBlock(at: out, type: type, scale: scale) }
        switch type {
        case .iq1_S: readIQ1S(file, target(file.half(0) / 8))
        case .iq1_M: readIQ1M(file, target(scaleOfIQ1M(file) / 8))
        case .iq2_XXS: readIQ2XXS(file, target(file.half(0) / 8))
        case .iq2_XS: readIQ2XS(file, target(file.half(0) / 8))
        case .iq2_S: readIQ2S(file, target(file.half(0) / 8))
        case .iq3_XXS: readIQ3XXS(file, target(file.half(0) / 4))
        case .iq3_S: readIQ3S(file, target(file.half(0)))
        case .tq1_0: readTQ1(file, target(file.half(52)))
        case .tq2_0: readTQ2(file, target(file.half(64)))
        }
    }

    /// 32 low bytes of the indices, then for each 32 columns 16 bits: three more of each index, a scale, a direction.
    private func readIQ1S(_ file: FileBlock, _ out: CodedBlock) {
        for j in 0..<8 {
            let high = file.word16(34 + 2 * j)
            out.setSubscales(ofBlock: j, UInt8(high >> 12 & 7) * 2 + 1)
            for l in 0..<4 {
                let index = Int(file.byte(2 + 4 * j + l)) | Int(high >> (3 * UInt16(l)) & 7) << 8
                let downwards = Self.flags(high >> 15 == 1 ? 0xff : 0)
                out.setCodes(4 * j + l, Self.pairs(pn_point_of_iq1(index)) | downwards &<< 2)
            }
        }
    }

    /// 32 low bytes of the indices; nibbles of three more bits and a direction; 4 words of four scales and, in the upper
    /// nibbles, the scale of all.
    private func readIQ1M(_ file: FileBlock, _ out: CodedBlock) {
        for j in 0..<16 {
            out.setSubscale(j, UInt8(file.word16(48 + j / 4 * 2) >> (3 * UInt16(j % 4)) & 7) * 2 + 1)
        }
        for i in 0..<32 {
            let high = file.byte(32 + i / 2) >> (4 * UInt8(i % 2))
            let index = Int(file.byte(i)) | Int(high & 7) << 8
            out.setCodes(i, Self.pairs(pn_point_of_iq1(index)) | Self.flags(high & 8 == 0 ? 0 : 0xff) &<< 2)
        }
    }

    private func scaleOfIQ1M(_ file: FileBlock) -> Float {
        let bits = (0..<4).reduce(UInt16(0)) { $0 | (file.word16(48 + 2 * $1) >> 12) << (4 * UInt16($1)) }
        return PackedMatrix.float(fromHalf: bits)
    }

    /// For each 32 columns 4 indices, and 32 bits of four signs' numbers and a scale.
    private func readIQ2XXS(_ file: FileBlock, _ out: CodedBlock) {
        for j in 0..<8 {
            let rest = file.word32(2 + 8 * j + 4)
            out.setSubscales(ofBlock: j, UInt8(rest >> 28) * 2 + 1)
            for l in 0..<4 {
                let signs = Self.signs(rest >> (7 * UInt32(l)))
                let point = pn_point_of_iq2_xxs(Int(file.byte(2 + 8 * j + l)))
                out.setCodes(4 * j + l, Self.pairs(point) | Self.flags(signs) &<< 2)
            }
        }
    }

    /// For each 8 columns 16 bits of an index and a sign's number, then nibbles of scales.
    private func readIQ2XS(_ file: FileBlock, _ out: CodedBlock) {
        for j in 0..<16 { out.setSubscale(j, file.nibble(66, j) * 2 + 1) }
        for i in 0..<32 {
            let word = file.word16(2 + 2 * i)
            let signs = Self.signs(UInt32(word >> 9))
            out.setCodes(i, Self.pairs(pn_point_of_iq2_xs(Int(word & 511))) | Self.flags(signs) &<< 2)
        }
    }

    /// Low bytes of the indices, signs, two more bits of each index, nibbles of scales.
    private func readIQ2S(_ file: FileBlock, _ out: CodedBlock) {
        for j in 0..<16 { out.setSubscale(j, file.nibble(74, j) * 2 + 1) }
        for i in 0..<32 {
            let index = Int(file.byte(2 + i)) | Int(file.byte(66 + i / 4) >> (2 * UInt8(i % 4)) & 3) << 8
            out.setCodes(i, Self.pairs(pn_point_of_iq2_s(index)) | Self.flags(file.byte(34 + i)) &<< 2)
        }
    }

    /// An index for each 4 columns, then for each 32 columns 32 bits of four signs' numbers and a scale.
    private func readIQ3XXS(_ file: FileBlock, _ out: CodedBlock) {
        for j in 0..<8 {
            let rest = file.word32(66 + 4 * j)
            out.setSubscales(ofBlock: j, UInt8(rest >> 28) * 2 + 1)
            for i in 4 * j..<4 * j + 4 {
                let signs = Self.signs(rest >> (7 * UInt32(i % 4)))
                let first = pn_point_of_iq3_xxs(Int(file.byte(2 + 2 * i)))
                let second = pn_point_of_iq3_xxs(Int(file.byte(3 + 2 * i)))
                out.setCodes(i, Self.triples(first, second) | Self.flags(signs) &<< 3)
            }
        }
    }

    /// Low bytes of the indices, one for each 4 columns, one more bit of each, signs, nibbles of scales.
    private func readIQ3S(_ file: FileBlock, _ out: CodedBlock) {
        func point(_ i: Int) -> UInt16 {
            pn_point_of_iq3_s(Int(file.byte(2 + i)) | Int(file.byte(66 + i / 8) >> UInt8(i % 8) & 1) << 8)
        }
        for j in 0..<8 { out.setSubscales(ofBlock: j, file.nibble(106, j) * 2 + 1) }
        for i in 0..<32 {
            out.setCodes(i, Self.triples(point(2 * i), point(2 * i + 1)) | Self.flags(file.byte(74 + i)) &<< 3)
        }
    }

    /// Bytes of five digits of base 3, as a fraction of 256: 32 bytes for 160 columns, 16 for 80, and 4 bytes of four digits.
    private func readTQ1(_ file: FileBlock, _ out: CodedBlock) {
        for j in 0..<16 { out.setSubscale(j, 1) }
        for (start, width, digits, first) in [(0, 32, 5, 0), (32, 16, 5, 160), (48, 4, 4, 240)] {
            for place in 0..<width {
                var rest = file.byte(start + place)
                for digit in 0..<digits {
                    out.setCode(column: first + digit * width + place, UInt8((UInt16(rest) * 3) >> 8))
                    rest = rest &* 3
                }
            }
        }
    }

    /// Two bits a weight; 32 bytes hold 128 columns.
    private func readTQ2(_ file: FileBlock, _ out: CodedBlock) {
        for j in 0..<16 { out.setSubscale(j, 1) }
        for column in 0..<CodedType.blockElements {
            let byte = file.byte(column / 128 * 32 + column % 32)
            out.setCode(column: column, byte >> (column / 32 % 4 * 2) & 3)
        }
    }

    // Spreading bits over bytes

    /// Eight pairs of bits, each in a byte of its own.
    private static func pairs(_ point: UInt16) -> UInt64 {
        var x = UInt64(point)
        x = (x | x &<< 24) & 0x0000_00ff_0000_00ff
        x = (x | x &<< 12) & 0x000f_000f_000f_000f
        return (x | x &<< 6) & 0x0303_0303_0303_0303
    }

    /// Two times four groups of three bits, each in a byte of its own.
    private static func triples(_ first: UInt16, _ second: UInt16) -> UInt64 {
        func spread(_ point: UInt16) -> UInt64 {
            var x = UInt64(point)
            x = (x | x &<< 10) & 0x003f_003f
            return (x | x &<< 5) & 0x0707_0707
        }
        return spread(first) | spread(second) &<< 32
    }

    /// Eight bits, each in a byte of its own.
    private static func flags(_ bits: UInt8) -> UInt64 {
        // Copies of four bits 7 apart: bit j of the first is bit 8 j of their sum.
        func spread(_ four: UInt64) -> UInt64 { four &* 0x0020_4081 & 0x0101_0101 }
        return spread(UInt64(bits & 15)) | spread(UInt64(bits >> 4)) &<< 32
    }

    /// Eight signs of which seven are stored: the number of negative ones is even.
    private static func signs(_ number: UInt32) -> UInt8 {
        let seven = UInt8(number & 127)
        return seven | UInt8(seven.nonzeroBitCount & 1) << 7
    }
}

/// Little-endian numbers of a block in a file, at any place.
private struct FileBlock {
    let bytes: UnsafeRawPointer

    func byte(_ offset: Int) -> UInt8 { bytes.load(fromByteOffset: offset, as: UInt8.self) }
    func word16(_ offset: Int) -> UInt16 {
        UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }
    func word32(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
    func half(_ offset: Int) -> Float { PackedMatrix.float(fromHalf: word16(offset)) }
    /// Nibble `index` of the bytes from `offset` on, the low one of a byte first.
    func nibble(_ offset: Int, _ index: Int) -> UInt8 { byte(offset + index / 2) >> (4 * UInt8(index % 2)) & 15 }
}
