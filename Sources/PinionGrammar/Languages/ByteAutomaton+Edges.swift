/// A set of bytes.
struct ByteSet: Equatable {
    private var words = SIMD4<UInt64>()

    var isEmpty: Bool { words == .zero }

    mutating func insert(_ byte: UInt8) {
        words[Int(byte >> 6)] |= 1 << UInt64(byte & 63)
    }

    func isDisjoint(with other: ByteSet) -> Bool { words & other.words == .zero }

    mutating func formUnion(_ other: ByteSet) { words |= other.words }
}

extension ByteAutomaton {
    /// The bytes that a text of the language can begin with.
    var firstBytes: ByteSet {
        isEmpty ? ByteSet() : bytes { transitions[$0] != Self.dead }
    }

    /// The bytes with which a text that is complete can go on to a longer one; empty where no text is the beginning of
    /// another.
    var followingBytes: ByteSet {
        var leads = [Bool](repeating: false, count: classCount)
        for state in 0..<stateCount where accepting[state] {
            for symbol in 0..<classCount where transitions[state * classCount + symbol] != Self.dead {
                leads[symbol] = true
            }
        }
        return bytes { leads[$0] }
    }

    private func bytes(where isWanted: (Int) -> Bool) -> ByteSet {
        var set = ByteSet()
        let wanted = (0..<classCount).map(isWanted)
        guard wanted.contains(true) else { return set }
        for byte in UInt8.min...UInt8.max where wanted[Int(classes[Int(byte)])] { set.insert(byte) }
        return set
    }
}
