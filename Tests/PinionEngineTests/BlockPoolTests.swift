import PinionEngine
import Testing
import TestSupport

@Suite("Block pool")
struct BlockPoolTests {
    @Test("The block freed last is taken first, and blocks never used last")
    func order() throws {
        var pool = BlockPool(capacity: 6)
        #expect(pool.allocate(4) == [0, 1, 2, 3])
        pool.release([2])
        pool.release([0, 3])
        #expect(pool.allocate(5) == [3, 0, 2, 4, 5])
        pool.release([1, 5])
        #expect(pool.allocate(2) == [5, 1])
        #expect(pool.freeCount == 0)
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
                    free += blocks
                }
                #expect(pool.freeCount == free.count && pool.usedCount == capacity - free.count)
            }
        }
    }
}
