import CPinionKernels

/// Writes rows of a file into the lanes of a packed group, and reads them back.
///
/// The layout is described in `CPinionKernels.h`.
struct GroupPacker {
    private static let groupRows = PackedMatrix.groupRows
    private static let registerBytes = PackedMatrix.registerBytes
    /// All bits but the sign: as integers, magnitudes are ordered as the numbers are, and infinity and NaN come last.
    private static let floatMagnitude: UInt32 = 0x7fff_ffff
    private static let halfMagnitude: UInt16 = 0x7fff
    private static let halfInfinity: UInt16 = 0x7c00
    private static let brainInfinity: UInt16 = 0x7f80

    /// Where the scales of a unit of ``TensorType/coded`` have the values of its codes.
    private static let valuesOffset = groupRows * MemoryLayout<Float>.size

    let type: TensorType
    let columns: Int
    /// The type's row in the table of formats; kept, because looking it up for every block would cost more than packing.
    private let traits: pn_format_traits
    private var layout: pn_layout { traits.layout }

    init(type: TensorType, columns: Int) {
        self.type = type
        self.columns = columns
        traits = type.traits
    }

    private var blocks: Int { columns / PackedMatrix.blockColumns }
    private var unitBlocks: Int { layout.columns / PackedMatrix.blockColumns }

    /// Copies one row into its lane (0...15) of a group.
    ///
    /// - Returns: Whether all weights are finite; in quantised formats, all scales and minima.
    func pack(row: UnsafeRawPointer, lane: Int, into group: UnsafeMutableRawPointer) -> Bool {
        switch type {
        case .f32:
            var largest: UInt32 = 0
            for c in 0..<columns {
                let value = row.loadUnaligned(fromByteOffset: c * 4, as: UInt32.self)
                largest = max(largest, value & Self.floatMagnitude)
                group.storeBytes(of: value, toByteOffset: (c * Self.groupRows + lane) * 4, as: UInt32.self)
            }
            return largest < Float.infinity.bitPattern
        case .f16, .bf16:
            var largest: UInt16 = 0
            for c in 0..<columns {
                let value = row.loadUnaligned(fromByteOffset: c * 2, as: UInt16.self)
                largest = max(largest, value & Self.halfMagnitude)
                group.storeBytes(of: value, toByteOffset: (c * Self.groupRows + lane) * 2, as: UInt16.self)
            }
            return largest < (type == .f16 ? Self.halfInfinity : Self.brainInfinity)
        case .q4_0: return packBlocks(.q4_0, row, lane, into: group)
        case .q4_1: return packBlocks(.q4_1, row, lane, into: group)
        case .q5_0: return packBlocks(.q5_0, row, lane, into: group)
        case .q5_1: return packBlocks(.q5_1, row, lane, into: group)
        case .q8_0: return packBlocks(.q8_0, row, lane, into: group)
        case .q2_K: return packBlocks(.q2_K, row, lane, into: group)
        case .q3_K: return packBlocks(.q3_K, row, lane, into: group)
        case .q4_K: return packBlocks(.q4_K, row, lane, into: group)
        case .q5_K: return packBlocks(.q5_K, row, lane, into: group)
        case .q6_K: return packBlocks(.q6_K, row, lane, into: group)
        case .iq4_NL: return packBlocks(.iq4_NL, row, lane, into: group)
        case .iq4_XS: return packBlocks(.iq4_XS, row, lane, into: group)
        case .mxfp4: return packBlocks(.mxfp4, row, lane, into: group)
        case .coded: return packBlocks(.coded, row, lane, into: group)
        }
    }

    /// Inlined with the type as a literal. Places are counted, not divided for: a block's divisions would take longer
    /// than its packing, and packing is most of what a start waits for.
    @inline(__always)
    private func packBlocks(
        _ type: TensorType, _ row: UnsafeRawPointer, _ lane: Int, into group: UnsafeMutableRawPointer
    ) -> Bool {
        let (unitBlocks, fileBlocks) = (unitBlocks, traits.file_elements / PackedMatrix.blockColumns)
        var isFinite = true
        var (unit, place) = (group, 0)
        var (block, part) = (row, 0)
        for _ in 0..<blocks {
            store(QuantBlocks.quants(type, block, part: part), lane, in: unit + place * layout.block_bytes)
            isFinite = packScales(type, block, place, lane, into: unit + layout.scales) && isFinite
            place += 1
            if place == unitBlocks { (unit, place) = (unit + layout.bytes, 0) }
            part += 1
            if part == fileBlocks { (block, part) = (block + traits.file_bytes, 0) }
        }
        return isFinite
    }

    @inline(__always)
    private func store(_ quants: QuantBlocks.Words, _ lane: Int, in block: UnsafeMutableRawPointer) {
        func put(_ word: UInt32, register: Int) {
            block.storeBytes(of: word, toByteOffset: register * Self.registerBytes + lane * 4, as: UInt32.self)
        }
        let (bits, pairs) = (UInt32(0x0101_0101), UInt32(0x0303_0303))
        switch traits.bits {
        case 2:
            let places = SIMD4<UInt32>(0, 2, 4, 6)
            put((quants.lowHalf &<< places).wrappedSum(), register: 0)
            put((quants.highHalf &<< places).wrappedSum(), register: 1)
        case 3:
            let (sixth, seventh) = (quants[6], quants[7])
            put(quants[0] | quants[1] &<< 3 | (sixth & pairs) &<< 6, register: 0)
            put(quants[2] | quants[3] &<< 3 | (seventh & pairs) &<< 6, register: 1)
            let high = (sixth &>> 2 & bits) &<< 6 | (seventh &>> 2 & bits) &<< 7
            put(quants[4] | quants[5] &<< 3 | high, register: 2)
        case 4:
            let nibbles = quants.lowHalf | quants.highHalf &<< 4
            for step in 0..<4 { put(nibbles[step], register: step) }
        case 5:
            let (fifth, sixth, seventh) = (quants[5], quants[6], quants[7])
            let triples = pairs &<< 1 | bits
            put(quants[0] | (fifth & triples) &<< 5, register: 0)
            put(quants[1] | (fifth &>> 3 & pairs) &<< 5 | (seventh &>> 3 & bits) &<< 7, register: 1)
            put(quants[2] | (sixth & triples) &<< 5, register: 2)
            put(quants[3] | (sixth &>> 3 & pairs) &<< 5 | (seventh &>> 4 & bits) &<< 7, register: 3)
            put(quants[4] | (seventh & triples) &<< 5, register: 4)
        case 6:
            for half in 0..<2 {
                let last = quants[4 * half + 3]
                for i in 0..<3 {
                    put(quants[4 * half + i] | (last &>> UInt32(2 * i) & pairs) &<< 6, register: 3 * half + i)
                }
            }
        default:
            for step in 0..<8 { put(quants[step], register: step) }
        }
    }

    /// - Parameter j: Which block of the unit; in K formats the same part of the file's block.
    /// - Returns: Whether they are finite.
    @inline(__always)
    private func packScales(
        _ type: TensorType, _ block: UnsafeRawPointer, _ j: Int, _ lane: Int, into scales: UnsafeMutableRawPointer
    ) -> Bool {
        var isFinite = true
        func put(half offset: Int, at index: Int) {
            copyHalf(block + offset, to: scales + (index * Self.groupRows + lane) * 2)
            let half = block.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
            isFinite = isFinite && half & Self.halfMagnitude < Self.halfInfinity
        }
        func put(_ byte: UInt8, at index: Int) {
            scales.storeBytes(of: byte, toByteOffset: index * 16 + lane, as: UInt8.self)
        }
        switch type {
        case .q4_0, .q5_0, .q8_0, .iq4_NL: put(half: 0, at: j)
        case .mxfp4:
            let exponent = block.load(as: UInt8.self)
            let offset = (j * Self.groupRows + lane) * 2
            scales.storeBytes(of: QuantBlocks.brainScale(exponent: exponent), toByteOffset: offset, as: UInt16.self)
            return exponent <= QuantBlocks.largestExponent
        case .q4_1, .q5_1:
            put(half: 0, at: j)
            put(half: 2, at: unitBlocks + j)
        case .q4_K, .q5_K:
            if j == 0 {
                put(half: 0, at: 0)
                put(half: 2, at: 1)
            }
            let sub = QuantBlocks.subscale(block + 4, j)
            // After two rows of halves, which are four rows of bytes.
            put(sub.scale, at: 4 + j)
            put(sub.minimum, at: 4 + unitBlocks + j)
        case .q2_K:
            if j == 0 {
                put(half: 80, at: 0)
                put(half: 82, at: 1)
            }
            for half in 2 * j..<2 * j + 2 { put(block.load(fromByteOffset: half, as: UInt8.self), at: 4 + half) }
        case .iq4_XS:
            if j == 0 { put(half: 0, at: 0) }
            put(UInt8(bitPattern: QuantBlocks.signedScale(block + 2, j)), at: 2 + j)
        case .coded:
            if j == 0 {
                let scale = block.loadUnaligned(fromByteOffset: CodedBlock.scale, as: Float.self)
                isFinite = scale.isFinite
                scales.storeBytes(of: scale, toByteOffset: lane * 4, as: Float.self)
                let values = block.loadUnaligned(fromByteOffset: CodedBlock.values, as: SIMD16<UInt8>.self)
                scales.storeBytes(of: values, toByteOffset: Self.valuesOffset, as: SIMD16<UInt8>.self)
            }
            // After a row of floats and a register of values, which are eight rows of bytes.
            for half in 2 * j..<2 * j + 2 {
                put(block.load(fromByteOffset: CodedBlock.subscales + half, as: UInt8.self), at: 8 + half)
            }
        case .q3_K:
            if j == 0 { put(half: 108, at: 0) }
            for half in 2 * j..<2 * j + 2 {
                put(UInt8(bitPattern: QuantBlocks.splitScale(block + 96, half)), at: 2 + half)
            }
        case .q6_K:
            if j == 0 { put(half: 208, at: 0) }
            for half in 0..<2 {
                put(block.load(fromByteOffset: 192 + 2 * j + half, as: UInt8.self), at: 2 + 2 * j + half)
            }
        case .f32, .f16, .bf16: preconditionFailure("\(type.name) has no scales")
        }
        return isFinite
    }

    private func copyHalf(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: source.loadUnaligned(as: UInt16.self), as: UInt16.self)
    }

    /// Writes the lane's weights as floats.
    func unpack(lane: Int, of group: UnsafeRawPointer, into out: UnsafeMutablePointer<Float>) {
        switch type {
        case .f32:
            for c in 0..<columns {
                out[c] = group.load(fromByteOffset: (c * Self.groupRows + lane) * 4, as: Float.self)
            }
        case .f16:
            for c in 0..<columns { out[c] = half(group, c, lane) }
        case .bf16:
            for c in 0..<columns {
                let bits = group.load(fromByteOffset: (c * Self.groupRows + lane) * 2, as: UInt16.self)
                out[c] = Float(bitPattern: UInt32(bits) << 16)
            }
        default:
            for b in 0..<blocks {
                let unit = group + b / unitBlocks * layout.bytes
                let quants = load(lane, of: unit + b % unitBlocks * layout.block_bytes)
                let values = SIMD32<Float>(decoded(quants, unit + layout.scales)) - zeroPoint
                let (first, second) = scales(unit + layout.scales, b % unitBlocks, lane)
                let weights = SIMD32<Float>(
                    lowHalf: values.lowHalf * first.scale + first.minimum,
                    highHalf: values.highHalf * second.scale + second.minimum)
                for c in 0..<PackedMatrix.blockColumns { out[b * PackedMatrix.blockColumns + c] = weights[c] }
            }
        }
    }

    private func load(_ lane: Int, of block: UnsafeRawPointer) -> QuantBlocks.Words {
        func word(_ register: Int) -> UInt32 {
            block.load(fromByteOffset: register * Self.registerBytes + lane * 4, as: UInt32.self)
        }
        /// `count` bits of each byte, from bit `at` on.
        func field(_ register: Int, _ at: UInt32, _ count: UInt32) -> UInt32 {
            word(register) &>> at & (0x0101_0101 &* (1 &<< count - 1))
        }
        var quants = QuantBlocks.Words()
        for step in 0..<8 {
            let (half, r) = (step / 4, step % 4)
            switch traits.bits {
            case 2: quants[step] = field(half, UInt32(2 * r), 2)
            case 3 where step < 6: quants[step] = field(step / 2, UInt32(step % 2 * 3), 3)
            case 3: quants[step] = field(step - 6, 6, 2) | field(2, UInt32(step), 1) &<< 2
            case 4: quants[step] = field(r, UInt32(4 * half), 4)
            case 5 where step < 5: quants[step] = field(step, 0, 5)
            case 5 where step < 7: quants[step] = field(2 * step - 10, 5, 3) | field(2 * step - 9, 5, 2) &<< 3
            case 5: quants[step] = field(4, 5, 3) | field(1, 7, 1) &<< 3 | field(3, 7, 1) &<< 4
            case 6 where r < 3: quants[step] = field(3 * half + r, 0, 6)
            case 6:
                let first = 3 * half
                quants[step] = field(first, 6, 2) | field(first + 1, 6, 2) &<< 2 | field(first + 2, 6, 2) &<< 4
            default: quants[step] = word(step)
            }
        }
        return quants
    }

    /// The quants, or what they stand for, raised by the zero point.
    private func decoded(_ quants: QuantBlocks.Words, _ scales: UnsafeRawPointer) -> SIMD32<UInt8> {
        var bytes = unsafeBitCast(quants, to: SIMD32<UInt8>.self)
        guard traits.codes != PN_LINEAR else { return bytes }
        let values =
            traits.codes == PN_OWN
            ? scales.load(fromByteOffset: Self.valuesOffset, as: SIMD16<UInt8>.self)
            : unsafeBitCast(traits.values, to: SIMD16<UInt8>.self)
        for column in bytes.indices { bytes[column] = values[Int(bytes[column])] }
        return bytes
    }

    private typealias Scale = (scale: Float, minimum: Float)

    /// What a quant of weight 0 is.
    private var zeroPoint: Float { traits.zero_shift > 0 ? Float(1 << traits.zero_shift) : 0 }

    /// For the two halves of a block.
    private func scales(_ scales: UnsafeRawPointer, _ j: Int, _ lane: Int) -> (Scale, Scale) {
        func byte(_ index: Int) -> UInt8 { scales.load(fromByteOffset: index * 16 + lane, as: UInt8.self) }
        func both(_ scale: Float, _ minimum: Float = 0) -> (Scale, Scale) { ((scale, minimum), (scale, minimum)) }
        func signed(_ index: Int) -> Float { Float(Int8(bitPattern: byte(index))) }
        switch type {
        case .q4_0, .q5_0, .q8_0, .iq4_NL: return both(half(scales, j, lane))
        case .mxfp4:
            let offset = (j * Self.groupRows + lane) * 2
            let bits = scales.load(fromByteOffset: offset, as: UInt16.self)
            return both(Float(bitPattern: UInt32(bits) << 16))
        case .q4_1, .q5_1: return both(half(scales, j, lane), half(scales, unitBlocks + j, lane))
        case .q4_K, .q5_K:
            return both(
                half(scales, 0, lane) * Float(byte(4 + j)), -half(scales, 1, lane) * Float(byte(4 + unitBlocks + j)))
        case .q2_K:
            func scale(_ byte: UInt8) -> Scale {
                (half(scales, 0, lane) * Float(byte & 15), -half(scales, 1, lane) * Float(byte >> 4))
            }
            return (scale(byte(4 + 2 * j)), scale(byte(5 + 2 * j)))
        case .iq4_XS: return both(half(scales, 0, lane) * signed(2 + j))
        case .coded:
            let scale = scales.load(fromByteOffset: lane * 4, as: Float.self)
            return ((scale * signed(8 + 2 * j), 0), (scale * signed(9 + 2 * j), 0))
        case .q3_K, .q6_K:
            return (
                (half(scales, 0, lane) * signed(2 + 2 * j), 0), (half(scales, 0, lane) * signed(3 + 2 * j), 0)
            )
        case .f32, .f16, .bf16: preconditionFailure("\(type.name) has no scales")
        }
    }

    private func half(_ base: UnsafeRawPointer, _ index: Int, _ lane: Int) -> Float {
        let offset = (index * Self.groupRows + lane) * 2
        return PackedMatrix.float(fromHalf: base.load(fromByteOffset: offset, as: UInt16.self))
    }
}
