/// Which block of the cache holds which tokens, after which others.
///
/// A full block is known by its tokens and by the block before it, and the first one of a sequence by its tokens and the
/// sequence's tenant: a chain, hashed link by link. A key is compared whole, its 16 tokens and the number of the link before, which
/// is never given twice, so that no collision of hashes can ever hand out somebody else's block. (A hash of the whole
/// prefix with the tokens of one block compared, as is usual, leaves the prefix to the hash.)
package struct PrefixIndex: Sendable {
    /// What stands before a block.
    package enum Parent: Hashable, Sendable {
        /// Nothing: the block is the first of a sequence of this tenant.
        case tenant(String)
        /// A block, by the number it was given when it entered the index.
        case link(Int)
    }

    package struct Key: Hashable, Sendable {
        package var parent: Parent
        package var tokens: [Int32]

        package init(parent: Parent, tokens: [Int32]) {
            self.parent = parent
            self.tokens = tokens
        }
    }

    package struct Link: Sendable {
        package let number: Int
        package let block: Int32
    }

    private var links: [Key: Link] = [:]
    /// The key of every block that is in the index.
    private var keys: [Key?]
    private var lastNumber = 0

    init(capacity: Int) {
        keys = Array(repeating: nil, count: capacity)
    }

    subscript(key: Key) -> Link? { links[key] }

    func contains(_ block: Int32) -> Bool { keys[Int(block)] != nil }

    /// Enters a block, unless another one of the same content is there.
    ///
    /// - Returns: The link that following blocks have for their parent.
    mutating func insert(_ block: Int32, as key: Key) -> Link {
        if let link = links[key] { return link }
        precondition(!contains(block), "block \(block) is in the index already")
        lastNumber += 1
        let link = Link(number: lastNumber, block: block)
        links[key] = link
        keys[Int(block)] = key
        return link
    }

    /// Forgets a block. Those that follow it are not found any more.
    mutating func remove(_ block: Int32) {
        guard let key = keys[Int(block)] else { preconditionFailure("block \(block) is not in the index") }
        keys[Int(block)] = nil
        links[key] = nil
    }
}
