/// An immutable hash table from byte strings to their numbers; of equal strings the last one counts.
///
/// The strings themselves stay in the ``ByteStrings`` that the table was made of. Slots are scrambled with a seed drawn per
/// process, so that a file's texts cannot be made to collide; results never depend on it.
struct ByteStringTable: Sendable {
    private static let seed = UInt64.random(in: .min ... .max)

    private let strings: ByteStrings
    /// Upper half of the hash, and the string's number plus one in the lower half; 0 is a free slot.
    private let slots: [UInt64]
    private let mask: Int
    private let seed: UInt64
    /// Length of the longest string; a longer text is not looked for.
    let longest: Int

    /// - Parameter isMember: Whether the string of a number takes part.
    init(_ strings: ByteStrings, where isMember: (Int) -> Bool) {
        var capacity = 8
        while capacity < strings.count * 2 { capacity *= 2 }
        var slots = [UInt64](repeating: 0, count: capacity)
        let mask = capacity - 1
        let seed = Self.seed
        var longest = 0
        strings.bytes.withUnsafeBufferPointer { bytes in
            for number in 0..<strings.count where isMember(number) {
                let text = UnsafeBufferPointer(rebasing: bytes[strings.range(of: number)])
                longest = max(longest, text.count)
                let hash = Self.hash(text, seed)
                var index = Int(truncatingIfNeeded: hash) & mask
                while slots[index] != 0 {
                    let known = Int(UInt32(truncatingIfNeeded: slots[index])) - 1
                    if slots[index] >> 32 == hash >> 32, bytes[strings.range(of: known)].elementsEqual(text) { break }
                    index = (index + 1) & mask
                }
                slots[index] = (hash >> 32) << 32 | UInt64(number + 1)
            }
        }
        self.strings = strings
        self.slots = slots
        self.mask = mask
        self.seed = seed
        self.longest = longest
    }

    /// The number of a string, or -1.
    func find(_ text: UnsafeBufferPointer<UInt8>) -> Int32 {
        guard text.count <= longest else { return -1 }
        let hash = Self.hash(text, seed)
        var index = Int(truncatingIfNeeded: hash) & mask
        return strings.bytes.withUnsafeBufferPointer { bytes in
            while slots[index] != 0 {
                let slot = slots[index]
                if slot >> 32 == hash >> 32 {
                    let number = Int(UInt32(truncatingIfNeeded: slot)) - 1
                    let range = strings.range(of: number)
                    if range.count == text.count, Self.isEqual(bytes, range.lowerBound, text) {
                        return Int32(truncatingIfNeeded: number)
                    }
                }
                index = (index &+ 1) & mask
            }
            return -1
        }
    }

    func find(_ text: some Collection<UInt8>) -> Int32 {
        let found = text.withContiguousStorageIfAvailable { find($0) }
        return found ?? Array(text).withUnsafeBufferPointer { find($0) }
    }

    @inline(__always)
    private static func isEqual(
        _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ text: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        for index in 0..<text.count where bytes[start &+ index] != text[index] { return false }
        return true
    }

    /// Eight bytes at a time, each folded in by a full multiplication.
    @inline(__always)
    private static func hash(_ text: UnsafeBufferPointer<UInt8>, _ seed: UInt64) -> UInt64 {
        var state = seed ^ UInt64(text.count)
        let raw = UnsafeRawBufferPointer(text)
        var position = 0
        while position &+ 8 <= raw.count {
            state = fold(state ^ raw.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            position &+= 8
        }
        var tail: UInt64 = 0
        while position < raw.count {
            tail = tail << 8 | UInt64(raw[position])
            position &+= 1
        }
        return fold(fold(state ^ tail))
    }

    @inline(__always)
    private static func fold(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }
}
