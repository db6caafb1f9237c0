extension PackedMatrix {
    /// Writes one row as floats: how an embedding is looked up in a matrix that also serves as output head.
    ///
    /// - Parameters:
    ///   - row: In `0..<rows`; the caller has checked it.
    ///   - out: Room for ``columns`` floats.
    package func copyRow(_ row: Int, into out: UnsafeMutablePointer<Float>) {
        precondition((0..<rows).contains(row), "row \(row) of a matrix of \(rows) rows")
        let group = UnsafeRawPointer(storage.pointer + row / Self.groupRows * groupBytes)
        let lane = row % Self.groupRows
        let blocks = columns / type.blockElements
        switch type {
        case .f32:
            for c in 0..<columns {
                out[c] = group.load(fromByteOffset: (c * Self.groupRows + lane) * 4, as: Float.self)
            }
        case .f16:
            for c in 0..<columns { out[c] = half(group, c * Self.groupRows + lane) }
        case .bf16:
            for c in 0..<columns {
                let bits = group.load(fromByteOffset: (c * Self.groupRows + lane) * 2, as: UInt16.self)
                out[c] = Float(bitPattern: UInt32(bits) << 16)
            }
        case .q4_0, .q4_1:
            let scales = group + blocks * Self.nibbleBytes
            let minima = scales + blocks * Self.groupRows * 2
            for b in 0..<blocks {
                let scale = half(scales, b * Self.groupRows + lane)
                let minimum = type == .q4_1 ? half(minima, b * Self.groupRows + lane) : -8 * scale
                for i in 0..<16 {
                    let byte = group.load(
                        fromByteOffset: b * Self.nibbleBytes + (i / 4) * Self.registerBytes + lane * 4 + i % 4,
                        as: UInt8.self)
                    out[b * Self.blockColumns + i] = scale * Float(byte & 0x0f) + minimum
                    out[b * Self.blockColumns + 16 + i] = scale * Float(byte >> 4) + minimum
                }
            }
        case .q8_0:
            let scales = group + blocks * Self.byteBytes
            for b in 0..<blocks {
                let scale = half(scales, b * Self.groupRows + lane)
                for i in 0..<Self.blockColumns {
                    let byte = group.load(
                        fromByteOffset: b * Self.byteBytes + (i / 4) * Self.registerBytes + lane * 4 + i % 4,
                        as: UInt8.self)
                    out[b * Self.blockColumns + i] = scale * Float(Int(byte) - 128)
                }
            }
        }
    }

    private func half(_ base: UnsafeRawPointer, _ index: Int) -> Float {
        Self.float(fromHalf: base.load(fromByteOffset: index * 2, as: UInt16.self))
    }

    /// IEEE half to float, exact. Swift's `Float16` does not exist on every platform this builds for.
    static func float(fromHalf half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) << 16
        let exponent = UInt32(half >> 10) & 0x1f
        let fraction = UInt32(half & 0x3ff)
        switch exponent {
        case 0:
            let magnitude = Float(fraction) * 0x1p-24
            return sign == 0 ? magnitude : -magnitude
        case 31: return Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}
