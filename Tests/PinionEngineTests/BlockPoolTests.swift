import PinionEngine
import Testing
import TestSupport

@Suite("Block pool")
struct BlockPoolTests {
    @Test("The block freed last is taken first, and blocks never used last")
    func order() {
        var pool = BlockPool(capacity: 6)
        #expect(pool.allocate(4) == [0, 1, 2, 3])
        pool.release([2])
        pool.release([0, 3])
        #expect(pool.allocate(5) == [0, 3, 2, 4, 5])
        pool.release([1, 5])
        #expect(pool.allocate(2) == [1, 5])
        #expect(pool.freeCount == 0)
    }

    private static func key(_ tokens: [Int32], after parent: PrefixIndex.Parent = .tenant("a")) -> PrefixIndex.Key {
        .init(parent: parent, tokens: tokens)
    }

    @Test("A remembered block is found by its tokens, what stands before it and its tenant, and by nothing else")
    func remembering() {
        var pool = BlockPool(capacity: 4)
        let blocks = pool.allocate(2) ?? []
        let first = pool.remember(blocks[0], as: Self.key([1, 2]))
        let second = pool.remember(blocks[1], as: Self.key([3, 4], after: .link(first.number)))
        #expect(pool.find(Self.key([1, 2]))?.block == blocks[0])
        #expect(pool.find(Self.key([3, 4], after: .link(first.number)))?.block == blocks[1])
        #expect(second.number != first.number)
        #expect(pool.find(Self.key([1, 3])) == nil)
        #expect(pool.find(Self.key([3, 4])) == nil)
        #expect(pool.find(Self.key([1, 2], after: .tenant("b"))) == nil)
        #expect(pool.find(Self.key([1, 2], after: .link(second.number))) == nil)
    }

    @Test("Of two blocks of the same content the first is found, and the chain goes on from it")
    func duplicates() {
        var pool = BlockPool(capacity: 4)
        let blocks = pool.allocate(2) ?? []
        let first = pool.remember(blocks[0], as: Self.key([1, 2]))
        #expect(pool.remember(blocks[1], as: Self.key([1, 2])).number == first.number)
        pool.release([blocks[1]])
        #expect(pool.idleCount == 0 && pool.freeCount == 3)
        #expect(pool.find(Self.key([1, 2]))?.block == blocks[0])
    }

    @Test(
        "Blank blocks are taken before remembered ones, of which the least recently used goes first, ends before beginnings"
    )
    func eviction() {
        var pool = BlockPool(capacity: 5)
        let blocks = pool.allocate(4) ?? []
        var parent = PrefixIndex.Parent.tenant("a")
        var keys: [PrefixIndex.Key] = []
        for block in blocks {
            keys.append(Self.key([block, 7], after: parent))
            parent = .link(pool.remember(block, as: keys[Int(block)]).number)
        }
        pool.release(blocks[..<2])
        pool.release(blocks[2...])
        #expect(pool.idleCount == 4 && pool.freeCount == 5)
        // In use again, and then the most recently used.
        pool.retain([blocks[0]])
        pool.release([blocks[0]])
        #expect(pool.allocate(1) == [4])
        for expected in [1, 3, 2, 0] {
            #expect(pool.find(keys[expected])?.block == Int32(expected))
            #expect(pool.allocate(1) == [Int32(expected)])
            #expect(pool.find(keys[expected]) == nil)
        }
    }

    @Test("A block is free when nobody holds it any more")
    func references() {
        var pool = BlockPool(capacity: 2)
        let blocks = pool.allocate(1) ?? []
        pool.retain(blocks)
        #expect(pool.isShared(blocks[0]))
        pool.release(blocks)
        #expect(!pool.isShared(blocks[0]) && pool.usedCount == 1)
        pool.release(blocks)
        #expect(pool.usedCount == 0)
    }

    @Test("All or nothing is allocated")
    func short() {
        var pool = BlockPool(capacity: 3)
        #expect(pool.allocate(4) == nil)
        #expect(pool.freeCount == 3)
        #expect(pool.allocate(2) == [0, 1])
        #expect(pool.allocate(2) == nil)
        #expect(pool.freeCount == 1 && pool.usedCount == 2)
        #expect(pool.allocate(0) == [])
        #expect(pool.allocate(1) == [2])
        #expect(pool.allocate(1) == nil)
    }

    @Test("Over long random use it behaves as a stack of free blocks")
    func model() {
        var generator = SeededGenerator(seed: 3)
        for capacity in [1, 2, 7, 64] {
            var pool = BlockPool(capacity: capacity)
            var free = (0..<Int32(capacity)).reversed().map { $0 }
            var held: [[Int32]] = []
            for _ in 0..<5_000 {
                if generator.below(2) == 0 {
                    let count = 1 + generator.below(capacity)
                    let expected = count <= free.count ? Array(free.suffix(count).reversed()) : nil
                    #expect(pool.allocate(count) == expected)
                    guard let expected else { continue }
                    free.removeLast(count)
                    held.append(expected)
                } else if !held.isEmpty {
                    let blocks = held.remove(at: generator.below(held.count))
                    pool.release(blocks)
                    free += blocks.reversed()
                }
                #expect(pool.freeCount == free.count && pool.usedCount == capacity - free.count)
            }
        }
    }
}
