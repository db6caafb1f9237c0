/// Finds special tokens in text: at each place the longest one that is allowed there.
struct SpecialTokenTrie: Sendable {
    /// Longest text of a special token, in bytes; it bounds the work per byte of text.
    static let maximumLength = 256

    /// (node, byte) to node; the root is 0.
    private let edges: IntegerTable
    /// The token that ends at each node, or -1.
    private let tokens: [Int32]
    /// Whether that token is a control token.
    private let isControl: [Bool]
    private let firstBytes: [Bool]

    var isEmpty: Bool { tokens.count == 1 }

    init(_ specials: [(text: [UInt8], token: Int32, isControl: Bool)]) {
        var edges: [UInt64: UInt64] = [:]
        var tokens: [Int32] = [-1]
        var controls = [false]
        var firstBytes = [Bool](repeating: false, count: 256)
        for special in specials {
            guard let first = special.text.first else { continue }
            firstBytes[Int(first)] = true
            var node: UInt64 = 0
            for byte in special.text {
                if let known = edges[node << 8 | UInt64(byte)] {
                    node = known
                } else {
                    edges[node << 8 | UInt64(byte)] = UInt64(tokens.count)
                    node = UInt64(tokens.count)
                    tokens.append(-1)
                    controls.append(false)
                }
            }
            tokens[Int(node)] = special.token
            controls[Int(node)] = special.isControl
        }
        self.edges = IntegerTable(edges)
        self.tokens = tokens
        isControl = controls
        self.firstBytes = firstBytes
    }

    @inline(__always)
    func mayBegin(with byte: UInt8) -> Bool {
        firstBytes[Int(byte)]
    }

    /// The longest token at `start`; control tokens count only if they end by `controlLimit`.
    func longestMatch(
        in text: UnsafeBufferPointer<UInt8>, at start: Int, controlLimit: Int
    ) -> (token: Int32, end: Int)? {
        var found: (token: Int32, end: Int)?
        var node: UInt64 = 0
        var position = start
        while position < text.count, let child = edges[node << 8 | UInt64(text[position])] {
            node = child
            position += 1
            let token = tokens[Int(node)]
            if token >= 0, !isControl[Int(node)] || position <= controlLimit { found = (token, position) }
        }
        return found
    }
}
