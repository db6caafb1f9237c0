/// Which blocks of the KV cache are in use, and how often.
///
/// The free list is a queue: the block freed longest ago is reused first, which is the order in which a prefix cache
/// wants to forget.
package struct BlockPool: Sendable {
    package let capacity: Int
    private var references: [Int32]
    /// A ring of free blocks.
    private var free: [Int32]
    private var head = 0
    package private(set) var freeCount: Int

    package init(capacity: Int) {
        precondition(capacity > 0 && capacity <= Int(Int32.max), "a pool of \(capacity) blocks")
        self.capacity = capacity
        references = Array(repeating: 0, count: capacity)
        free = (0..<Int32(capacity)).map { $0 }
        freeCount = capacity
    }

    package var usedCount: Int { capacity - freeCount }

    /// Takes `count` blocks with one reference each, or none if there are not as many.
    package mutating func allocate(_ count: Int) -> [Int32]? {
        guard count <= freeCount else { return nil }
        var blocks: [Int32] = []
        for _ in 0..<count {
            let block = free[head]
            head = (head + 1) % capacity
            references[Int(block)] = 1
            blocks.append(block)
        }
        freeCount -= count
        return blocks
    }

    /// Gives back one reference to each block.
    package mutating func release(_ blocks: [Int32]) {
        for block in blocks {
            precondition(references[Int(block)] > 0, "block \(block) is released more often than it was taken")
            references[Int(block)] -= 1
            guard references[Int(block)] == 0 else { continue }
            free[(head + freeCount) % capacity] = block
            freeCount += 1
        }
    }
}
