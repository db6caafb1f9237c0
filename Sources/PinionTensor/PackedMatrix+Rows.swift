extension PackedMatrix {
    /// Writes one row as floats: how an embedding is looked up in a matrix that also serves as output head.
    ///
    /// - Parameters:
    ///   - row: In `0..<rows`; the caller has checked it.
    ///   - out: Room for ``columns`` floats.
    package func copyRow(_ row: Int, into out: UnsafeMutablePointer<Float>) {
        precondition((0..<rows).contains(row), "row \(row) of a matrix of \(rows) rows")
        let group = UnsafeRawPointer(start + row / Self.groupRows * groupBytes)
        GroupPacker(type: type, columns: columns)
            .unpack(lane: row % Self.groupRows, of: group, into: out)
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
