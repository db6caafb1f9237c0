/// A short digest of a text that is the same in every process: FNV-1a, 64 bits. It is not meant to withstand anybody.
package enum StableHash {
    package static func of(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
