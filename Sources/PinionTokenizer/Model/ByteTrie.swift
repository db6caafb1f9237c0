/// An immutable trie of byte strings, each with a token; of equal strings the last one counts.
///
/// The children of a node lie next to each other, ordered by byte.
struct ByteTrie: Sendable {
    private struct Node {
        /// The first child; children end where those of the next node begin.
        var firstChild: Int32 = 0
        var token: Int32 = -1
        var byte: UInt8
    }

    private var nodes: [Node]

    /// The root.
    static let root = 0

    init(_ strings: [(text: ArraySlice<UInt8>, token: Int32)]) {
        // Texts in order have their children in order; of equal texts the last is last.
        let order = strings.indices.sorted { left, right in
            let (a, b) = (strings[left].text, strings[right].text)
            if a.lexicographicallyPrecedes(b) { return true }
            return left < right && !b.lexicographicallyPrecedes(a)
        }
        nodes = [Node(byte: 0)]
        // Level by level: each node's part of the order, so that a node's children are appended together.
        var parts = [0..<order.count]
        var depth = 0
        var first = 0
        while !parts.isEmpty {
            var nextParts: [Range<Int>] = []
            for (offset, part) in parts.enumerated() {
                let node = first + offset
                nodes[node].firstChild = Int32(first + parts.count + nextParts.count)
                var start = part.lowerBound
                while start < part.upperBound, strings[order[start]].text.count == depth {
                    nodes[node].token = strings[order[start]].token
                    start += 1
                }
                while start < part.upperBound {
                    let byte = Self.byte(strings[order[start]].text, depth)
                    var end = start + 1
                    while end < part.upperBound, Self.byte(strings[order[end]].text, depth) == byte { end += 1 }
                    nextParts.append(start..<end)
                    nodes.append(Node(byte: byte))
                    start = end
                }
            }
            first += parts.count
            parts = nextParts
            depth += 1
        }
        nodes.append(Node(firstChild: Int32(nodes.count), byte: 0))
    }

    private static func byte(_ text: ArraySlice<UInt8>, _ depth: Int) -> UInt8 { text[text.startIndex + depth] }

    /// The child of a node by a byte, or nil.
    @inline(__always)
    func child(of node: Int, _ byte: UInt8) -> Int? {
        nodes.withUnsafeBufferPointer { nodes in
            var low = Int(nodes[node].firstChild)
            let end = Int(nodes[node &+ 1].firstChild)
            var high = end
            while low < high {
                let middle = (low &+ high) &>> 1
                if nodes[middle].byte < byte { low = middle &+ 1 } else { high = middle }
            }
            return low < end && nodes[low].byte == byte ? low : nil
        }
    }

    /// The token of the string that ends at a node, or -1.
    @inline(__always)
    func token(at node: Int) -> Int32 { nodes[node].token }

    /// The longest string that the text begins with at `start`.
    func longestMatch(in text: UnsafeBufferPointer<UInt8>, at start: Int) -> (token: Int32, end: Int)? {
        var found: (token: Int32, end: Int)?
        var node = Self.root
        var position = start
        while position < text.count, let child = child(of: node, text[position]) {
            node = child
            position += 1
            if nodes[node].token >= 0 { found = (nodes[node].token, position) }
        }
        return found
    }
}
