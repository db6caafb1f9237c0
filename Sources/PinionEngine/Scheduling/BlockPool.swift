/// Which blocks of the KV cache are in use, and how often.
///
/// The free list is a stack: what was freed last is reused first. It is still in the processor's caches, and memory that
/// no load has needed yet stays uncommitted. (As a queue the pool would be touched from end to end by any long use.)
package struct BlockPool: Sendable {
    package let capacity: Int
    private var references: [Int32]
    /// The last is taken first.
    private var free: [Int32]

    package init(capacity: Int) {
        precondition(capacity > 0 && capacity <= Int(Int32.max), "a pool of \(capacity) blocks")
        self.capacity = capacity
        references = Array(repeating: 0, count: capacity)
        free = (0..<Int32(capacity)).reversed()
    }

    package var freeCount: Int { free.count }
    package var usedCount: Int { capacity - freeCount }

    /// Takes `count` blocks with one reference each, or none if there are not as many.
    package mutating func allocate(_ count: Int) -> [Int32]? {
        guard count <= freeCount else { return nil }
        let blocks = Array(free.suffix(count).reversed())
        free.removeLast(count)
        for block in blocks { references[Int(block)] = 1 }
        return blocks
    }

    /// Gives back one reference to each block.
    package mutating func release(_ blocks: [Int32]) {
        for block in blocks {
            precondition(references[Int(block)] > 0, "block \(block) is released more often than it was taken")
            references[Int(block)] -= 1
            if references[Int(block)] == 0 { free.append(block) }
        }
    }
}
