#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The bytes of a model's tokens as a tree, so that tokens which begin alike are looked at together.
///
/// Nodes stand in the order of a walk: the children of a node come right behind it. Built once a model.
package final class TokenVocabulary: Sendable {
    /// Tokens that have no text and are never part of a constrained reply have none here.
    private let bytes: [[UInt8]?]
    package let endTokens: [Int32]
    /// `[nodes]`: the byte that leads to each; that of the root, node 0, means nothing.
    let nodeBytes: [UInt8]
    /// `[nodes]`: where the subtree of each ends.
    let nodeEnds: [Int32]
    /// `[nodes]`: bytes from the root.
    let depths: [UInt16]
    /// `[nodes]`: the token that ends there; -1 for none.
    let nodeTokens: [Int32]
    /// `[256]`: the nodes that a byte leads on from.
    let parents: [[Int32]]
    /// Further tokens of the same bytes, by node.
    let twins: [Int32: [Int32]]
    /// Bytes of the longest token.
    let longest: Int
    let masks: AutomatonMaskCache

    package var count: Int { bytes.count }
    var nodeCount: Int { nodeBytes.count }

    @inline(__always)
    func hasChildren(_ node: Int) -> Bool { Int(nodeEnds[node]) > node + 1 }

    /// - Parameters:
    ///   - tokens: What each token stands for; nil for a special token, whose text is no part of a reply.
    ///   - endTokens: What ends a reply.
    package init(tokens: [[UInt8]?], endTokens: some Sequence<Int32>) {
        bytes = tokens
        self.endTokens = endTokens.sorted()
        let ends = Set(self.endTokens)
        let tree = Tree(tokens, leavingOut: ends)
        nodeBytes = tree.bytes
        nodeEnds = tree.ends
        depths = tree.depths
        nodeTokens = tree.tokens
        twins = tree.twins
        longest = tree.longest
        parents = tree.parents
        masks = AutomatonMaskCache()
    }

    package func bytes(of token: Int32) -> [UInt8]? {
        token >= 0 && Int(token) < bytes.count ? bytes[Int(token)] : nil
    }

    /// Calls `body` with each token that ends at a node.
    @inline(__always)
    func forEachToken(at node: Int, _ body: (Int32) -> Void) {
        let token = nodeTokens[node]
        guard token >= 0 else { return }
        body(token)
        if !twins.isEmpty, let others = twins[Int32(node)] { others.forEach(body) }
    }

    /// Whether the bytes are a proper beginning of some token.
    func hasLonger(than text: ArraySlice<UInt8>) -> Bool {
        var node = 0
        for byte in text {
            var child = node + 1
            while child < nodeEnds[node], nodeBytes[child] != byte { child = Int(nodeEnds[child]) }
            guard child < nodeEnds[node] else { return false }
            node = child
        }
        return nodeEnds[node] > node + 1
    }
}

/// The tree while it is built.
private struct Tree {
    var bytes: [UInt8] = [0]
    var ends: [Int32] = [0]
    var depths: [UInt16] = [0]
    var tokens: [Int32] = [-1]
    var twins: [Int32: [Int32]] = [:]
    var parents: [[Int32]] = Array(repeating: [], count: 256)
    var longest = 0

    init(_ texts: [[UInt8]?], leavingOut endTokens: Set<Int32>) {
        var whole: [UInt8] = []
        var stretches: [(start: Int, count: Int, token: Int32)] = []
        for (token, text) in texts.enumerated() {
            guard let text, !text.isEmpty, !endTokens.contains(Int32(token)) else { continue }
            stretches.append((whole.count, text.count, Int32(token)))
            whole += text
            longest = max(longest, text.count)
        }
        whole.withUnsafeBufferPointer { whole in
            guard let base = whole.baseAddress else { return }
            stretches.sort { left, right in
                let order = memcmp(base + left.start, base + right.start, min(left.count, right.count))
                if order != 0 { return order < 0 }
                return (left.count, left.token) < (right.count, right.token)
            }
            var path: [Int] = [0]
            for (start, count, token) in stretches {
                let text = UnsafeBufferPointer(rebasing: whole[start..<start + count])
                var shared = 0
                while shared + 1 < path.count, shared < count, bytes[path[shared + 1]] == text[shared] { shared += 1 }
                close(&path, downTo: shared + 1)
                for position in shared..<count {
                    parents[Int(text[position])].append(Int32(path[path.count - 1]))
                    path.append(bytes.count)
                    bytes.append(text[position])
                    ends.append(0)
                    depths.append(UInt16(clamping: position + 1))
                    tokens.append(-1)
                }
                let node = path[path.count - 1]
                if tokens[node] < 0 { tokens[node] = token } else { twins[Int32(node), default: []].append(token) }
            }
            close(&path, downTo: 0)
        }
        if whole.isEmpty { ends[0] = 1 }
    }

    private mutating func close(_ path: inout [Int], downTo count: Int) {
        while path.count > count {
            ends[path[path.count - 1]] = Int32(bytes.count)
            path.removeLast()
        }
    }
}
