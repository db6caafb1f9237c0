/// Finds where the last tokens of a text stood before in it, and so what may follow them.
///
/// An index of the text's n-grams grows with it: a hash of each leads to the place where it stood last, and from each place
/// a chain leads to the one before, as in a Lempel-Ziv compressor. Hashes that collide share a chain, so tokens are always
/// compared. A look-up follows a bounded number of links: its cost does not grow with the text.
package struct PromptLookup: Sendable {
    package struct Match: Sendable, Equatable {
        /// Index of the token that followed.
        package var next: Int
        /// Tokens before it that equal the last ones of the text.
        package var length: Int

        package init(next: Int, length: Int) {
            self.next = next
            self.length = length
        }
    }

    /// Tokens of an indexed n-gram, hence of the shortest match.
    package static let shortest = 3
    /// Tokens compared at most; a longer match says no more.
    package static let longest = 48
    /// Places looked at for the longest match, newest first.
    package static let maximumCandidates = 8
    private static let initialBuckets = 256
    private static let none: Int32 = -1

    /// Bucket to the newest n-gram's first token.
    private var newest: [Int32] = []
    /// For each indexed n-gram, by its first token, the one before it in its bucket.
    private var older: [Int32] = []

    package init() {}

    /// The longest match among the newest candidates; of equally long ones, the newest.
    ///
    /// - Parameter text: What the last call was given, or a continuation of it.
    package mutating func match(_ text: [Int32]) -> Match? {
        let suffix = text.count - Self.shortest
        guard suffix > 0 else { return nil }
        index(text, before: suffix)
        var best: Match?
        var candidate = newest[bucket(text, suffix)]
        for _ in 0..<Self.maximumCandidates {
            guard candidate != Self.none else { break }
            let end = Int(candidate) + Self.shortest
            let length = Self.commonLength(text, end)
            if length >= Self.shortest, length > best?.length ?? 0 { best = Match(next: end, length: length) }
            candidate = older[Int(candidate)]
        }
        return best
    }

    /// How many tokens before `end` equal those at the end of the text.
    private static func commonLength(_ text: [Int32], _ end: Int) -> Int {
        let limit = min(end, longest)
        var length = 0
        while length < limit, text[end - 1 - length] == text[text.count - 1 - length] { length += 1 }
        return length
    }

    /// Indexes the n-grams that start before `end`. A table twice as large is filled anew whenever one is full, which adds a
    /// constant to the cost of each token.
    private mutating func index(_ text: [Int32], before end: Int) {
        if end > newest.count {
            var buckets = max(newest.count, Self.initialBuckets)
            while buckets < end { buckets *= 2 }
            newest = Array(repeating: Self.none, count: buckets)
            older.removeAll(keepingCapacity: true)
            older.reserveCapacity(buckets)
        }
        while older.count < end {
            let start = older.count
            let bucket = bucket(text, start)
            older.append(newest[bucket])
            newest[bucket] = Int32(start)
        }
    }

    private func bucket(_ text: [Int32], _ start: Int) -> Int {
        var hash: UInt64 = 0
        for token in text[start..<start + Self.shortest] {
            hash = (hash ^ UInt64(UInt32(bitPattern: token))) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 32
        }
        return Int(truncatingIfNeeded: hash) & (newest.count - 1)
    }
}
