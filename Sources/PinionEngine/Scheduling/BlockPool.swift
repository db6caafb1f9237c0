/// Which blocks of the KV cache are in use, how often, and what the others still hold.
///
/// A block that nobody uses is blank, or it keeps what it holds until its room is needed: the least recently used goes
/// first. Blank blocks are a stack: what was freed last is reused first. It is still in the processor's caches, and memory
/// that no load has needed yet stays uncommitted.
package struct BlockPool: Sendable {
    package static let maximumCapacity = Int(Int32.max) - 1

    package let capacity: Int
    private var references: [Int32]
    /// The last is taken first.
    private var blank: [Int32]
    /// Blocks that nobody uses and that can be found again.
    private var idle: RecencyList
    private var index: PrefixIndex

    package init(capacity: Int) {
        precondition(capacity > 0 && capacity <= Self.maximumCapacity, "a pool of \(capacity) blocks")
        self.capacity = capacity
        references = Array(repeating: 0, count: capacity)
        blank = (0..<Int32(capacity)).reversed()
        idle = RecencyList(capacity: capacity)
        index = PrefixIndex(capacity: capacity)
    }

    /// Blocks that can be allocated, what they hold forgotten.
    package var freeCount: Int { blank.count + idle.count }
    package var usedCount: Int { capacity - freeCount }
    /// Blocks that nobody uses but that can be found again.
    package var idleCount: Int { idle.count }

    package func isShared(_ block: Int32) -> Bool { references[Int(block)] > 1 }

    /// Takes `count` blocks with one reference each, or none if there are not as many.
    package mutating func allocate(_ count: Int) -> [Int32]? {
        guard count <= freeCount else { return nil }
        return (0..<count).map { _ in
            let block = takeFree()
            references[Int(block)] = 1
            return block
        }
    }

    private mutating func takeFree() -> Int32 {
        if let block = blank.popLast() { return block }
        guard let block = idle.removeFirst() else { preconditionFailure("a pool with free blocks has none") }
        index.remove(block)
        return block
    }

    /// Adds a reference to each block.
    package mutating func retain(_ blocks: some Sequence<Int32>) {
        for block in blocks {
            if references[Int(block)] == 0 { idle.remove(block) }
            references[Int(block)] += 1
        }
    }

    /// Gives back one reference to each block of a sequence, the last first: of a prefix the end is forgotten first.
    package mutating func release(_ blocks: some BidirectionalCollection<Int32>) {
        for block in blocks.reversed() {
            precondition(references[Int(block)] > 0, "block \(block) is released more often than it was taken")
            references[Int(block)] -= 1
            guard references[Int(block)] == 0 else { continue }
            if index.contains(block) { idle.append(block) } else { blank.append(block) }
        }
    }

    /// The block that holds these tokens after that parent, used or idle.
    package func find(_ key: PrefixIndex.Key) -> PrefixIndex.Link? { index[key] }

    /// Makes a full block one that can be found again.
    package mutating func remember(_ block: Int32, as key: PrefixIndex.Key) -> PrefixIndex.Link {
        precondition(references[Int(block)] > 0, "block \(block) is in nobody's use")
        return index.insert(block, as: key)
    }
}
