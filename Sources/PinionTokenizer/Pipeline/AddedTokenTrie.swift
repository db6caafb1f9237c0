/// Finds added tokens in text: at each place the longest one that is allowed there.
struct AddedTokenTrie: Sendable {
    /// Longest text of an added token, in bytes; it bounds the work per byte of text.
    static let maximumLength = 256

    /// An added token as it is looked for.
    struct Entry: Sendable {
        var added: AddedToken
        var isControl: Bool
    }

    /// An added token that was found, with the white space that belongs to it.
    struct Match {
        var token: Int32
        /// Where the text before the token ends, and the text after it begins.
        var range: Range<Int>
    }

    /// What is at a place of a text.
    enum Finding {
        case match(Match)
        /// A token's text that may not stand where it stands; the search goes on after it.
        case rejected(end: Int)
        case nothing
    }

    /// (node, byte) to node; the root is 0.
    private let edges: IntegerTable
    /// The entry that ends at each node, or -1.
    private let entryOfNode: [Int32]
    private let entries: [Entry]
    private let firstBytes: [Bool]

    var isEmpty: Bool { entries.isEmpty }

    init(_ added: [(text: [UInt8], entry: Entry)]) {
        var edges = IntegerTable()
        var entryOfNode: [Int32] = [-1]
        var firstBytes = [Bool](repeating: false, count: 256)
        var entries: [Entry] = []
        for (text, entry) in added {
            guard let first = text.first else { continue }
            firstBytes[Int(first)] = true
            var node: UInt64 = 0
            for byte in text {
                if let known = edges[node << 8 | UInt64(byte)] {
                    node = known
                } else {
                    edges.set(node << 8 | UInt64(byte), to: UInt64(entryOfNode.count))
                    node = UInt64(entryOfNode.count)
                    entryOfNode.append(-1)
                }
            }
            entryOfNode[Int(node)] = Int32(entries.count)
            entries.append(entry)
        }
        self.edges = edges
        self.entryOfNode = entryOfNode
        self.entries = entries
        self.firstBytes = firstBytes
    }

    @inline(__always)
    func mayBegin(with byte: UInt8) -> Bool {
        firstBytes[Int(byte)]
    }

    /// The longest token at `start`, with the white space around it that it strips.
    ///
    /// - Parameters:
    ///   - floor: Where the last match ends: no white space before it is stripped.
    ///   - controlLimit: Control tokens count only if they end by it.
    func find(
        in text: UnsafeBufferPointer<UInt8>, at start: Int, floor: Int, controlLimit: Int
    ) -> Finding {
        guard let (entry, end) = longestMatch(in: text, at: start, controlLimit: controlLimit) else { return .nothing }
        if entry.added.isSingleWord, Self.isWord(text, before: start) || Self.isWord(text, at: end) {
            return .rejected(end: end)
        }
        let lower = entry.added.stripsLeft ? WhiteSpace.start(in: text, before: start, from: floor) : start
        let upper = entry.added.stripsRight ? WhiteSpace.end(in: text, from: end) : end
        return .match(Match(token: entry.added.token, range: lower..<upper))
    }

    private func longestMatch(
        in text: UnsafeBufferPointer<UInt8>, at start: Int, controlLimit: Int
    ) -> (entry: Entry, end: Int)? {
        var found: (entry: Entry, end: Int)?
        var node: UInt64 = 0
        var position = start
        while position < text.count, let child = edges[node << 8 | UInt64(text[position])] {
            node = child
            position += 1
            let number = entryOfNode[Int(node)]
            guard number >= 0 else { continue }
            let entry = entries[Int(number)]
            if !entry.isControl || position <= controlLimit { found = (entry, position) }
        }
        return found
    }

    // MARK: - Words

    private static func isWord(_ text: UnsafeBufferPointer<UInt8>, before end: Int) -> Bool {
        guard end > 0 else { return false }
        var start = end - 1
        while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
        return isWord(text, at: start)
    }

    /// Whether a letter, mark, digit or connector such as `_` stands at `start`.
    static func isWord(_ text: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
        guard start < text.count else { return false }
        let bytes = text[start..<min(start + 4, text.count)]
        guard let scalar = String(decoding: bytes, as: UTF8.self).unicodeScalars.first else { return false }
        if scalar.properties.isAlphabetic || scalar.properties.isJoinControl { return true }
        switch scalar.properties.generalCategory {
        case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: return false
        }
    }
}
