/// A number of bytes as people write it: `4G`, `512M`, `4GiB`, `1073741824`.
struct ByteSize: Equatable {
    let bytes: Int

    private static let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]

    /// Nil for anything but a positive whole number with an optional unit, or for more than fits.
    init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        var unit = text.dropFirst(digits.count).uppercased()
        if unit.hasSuffix("IB") { unit.removeLast(2) } else if unit.hasSuffix("B") { unit.removeLast() }
        let factor: Int
        switch unit.count {
        case 0: factor = 1
        case 1: factor = unit.first.flatMap { Self.units[$0] } ?? 0
        default: return nil
        }
        guard factor > 0, let number = Int(digits), number > 0 else { return nil }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: factor)
        guard !overflows else { return nil }
        self.bytes = bytes
    }

    /// A number of bytes for people, in the largest unit of which there is one: `23.4 GiB`, `512 MiB`.
    static func text(_ bytes: Int) -> String {
        for (power, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] where bytes >= 1 << power {
            let (whole, rest) = (bytes >> power, bytes & ((1 << power) - 1))
            // In tenths, rounded down, so that "at most" stays true.
            let tenths = rest / ((1 << power) / 10)
            return tenths == 0 || whole >= 100 ? "\(whole) \(unit)" : "\(whole).\(min(tenths, 9)) \(unit)"
        }
        return "\(bytes) bytes"
    }
}
