/// Which tokens of the vocabulary may come next: one bit a token.
package struct TokenMask: Sendable, Equatable {
    package static let wordBits = 64

    package let vocabulary: Int
    /// Bit `id % 64` of word `id / 64` is the token `id`; bits beyond the vocabulary mean nothing.
    package var words: [UInt64]

    /// A mask that allows nothing.
    package init(vocabulary: Int) {
        self.vocabulary = vocabulary
        words = Array(repeating: 0, count: (vocabulary + Self.wordBits - 1) / Self.wordBits)
    }

    package subscript(id: Int32) -> Bool {
        get { words[Int(id) / Self.wordBits] >> (UInt64(id) % UInt64(Self.wordBits)) & 1 == 1 }
        set {
            let bit = (1 as UInt64) << (UInt64(id) % UInt64(Self.wordBits))
            if newValue { words[Int(id) / Self.wordBits] |= bit } else { words[Int(id) / Self.wordBits] &= ~bit }
        }
    }

    /// Sets every token alike.
    package mutating func fill(_ isAllowed: Bool) {
        for index in words.indices { words[index] = isAllowed ? .max : 0 }
    }

    /// Makes every token that is not allowed impossible.
    ///
    /// - Parameter logits: `[vocabulary]`; those of forbidden tokens become minus infinity.
    package func forbidOthers(in logits: UnsafeMutableBufferPointer<Float>) {
        precondition(logits.count == vocabulary, "\(logits.count) logits for a mask of \(vocabulary) tokens")
        for (index, word) in words.enumerated() where word != .max {
            let first = index * Self.wordBits
            if word == 0 {
                let last = min(first + Self.wordBits, vocabulary)
                UnsafeMutableBufferPointer(rebasing: logits[first..<last]).update(repeating: -.infinity)
                continue
            }
            // Within texts few tokens are forbidden, and elsewhere few allowed: those alone are looked at.
            var forbidden = ~word
            while forbidden != 0 {
                let id = first + forbidden.trailingZeroBitCount
                if id < vocabulary { logits[id] = -.infinity }
                forbidden &= forbidden &- 1
            }
        }
    }
}
