/// The byte-level alphabet of GPT-2: each byte stands as one printable scalar.
///
/// Printable Latin-1 bytes stand for themselves; the other 68 are counted up from U+0100.
enum ByteAlphabet {
    /// The UTF-8 form of each byte's scalar.
    static let texts: [[UInt8]] = scalars.map { Array(String(Character($0)).utf8) }

    private static let scalars: [Unicode.Scalar] = {
        var next: UInt8 = 0
        return (UInt8.min...UInt8.max).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
            default:
                defer { next += 1 }
                return Unicode.Scalar(0x100 + UInt32(next)) ?? Unicode.Scalar(byte)
            }
        }
    }()

    /// The byte of each scalar value below the alphabet's end, or -1.
    private static let bytes: [Int16] = {
        var table = [Int16](repeating: -1, count: 0x100 + 68)
        for (byte, scalar) in scalars.enumerated() { table[Int(scalar.value)] = Int16(byte) }
        return table
    }()

    /// The bytes a token's text stands for; a text with anything outside of the alphabet stands for itself.
    static func decode(_ text: [UInt8]) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            var value = Int(text[index])
            index += 1
            if value >= 0x80 {
                // Every scalar of the alphabet beyond ASCII takes two bytes.
                guard value >= 0xC2, value <= 0xDF, index < text.count, text[index] & 0xC0 == 0x80 else { return text }
                value = (value & 0x1F) << 6 | Int(text[index] & 0x3F)
                index += 1
            }
            guard value < bytes.count, bytes[value] >= 0 else { return text }
            decoded.append(UInt8(truncatingIfNeeded: bytes[value]))
        }
        return decoded
    }

    static func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        bytes.flatMap { texts[Int($0)] }
    }
}
