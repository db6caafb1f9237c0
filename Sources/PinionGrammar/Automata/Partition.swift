/// Members `0..<count` divided into blocks; the marked members of a block can be split from the others.
///
/// Marking is nearly all the work of a refinement, and each mark is some accesses in no order. The memory is therefore one
/// allocation for members and one for blocks, which this value alone owns and no other code sees: every index is a member, a
/// place or a block that the methods themselves made, and there are never more blocks than members.
struct Partition: ~Copyable {
    private struct Member {
        /// Where the member stands in the order.
        var place: Int32
        var block: Int32
    }

    private struct Block {
        /// The block's places in the order; the marked members come first.
        var start: Int32
        var end: Int32
        var markedCount: Int32
    }

    private let count: Int
    private let order: UnsafeMutablePointer<Int32>
    private let members: UnsafeMutablePointer<Member>
    private let blocks: UnsafeMutablePointer<Block>
    private(set) var blockCount: Int
    /// The blocks with marked members.
    private var touched: [Int32] = []

    /// - Parameter blockStarts: where the blocks of the first division begin; the first of them is 0.
    init(count: Int, blockStarts: [Int32] = [0]) {
        self.count = count
        order = .allocate(capacity: count)
        members = .allocate(capacity: count)
        blocks = .allocate(capacity: count)
        blockCount = count == 0 ? 0 : blockStarts.count
        for block in 0..<blockCount {
            let end = block + 1 < blockCount ? blockStarts[block + 1] : Int32(count)
            precondition(end > blockStarts[block], "a block without members")
            (blocks + block).initialize(to: Block(start: blockStarts[block], end: end, markedCount: 0))
            for member in blockStarts[block]..<end {
                (order + Int(member)).initialize(to: member)
                (members + Int(member)).initialize(to: Member(place: member, block: Int32(block)))
            }
        }
    }

    deinit {
        order.deallocate()
        members.deallocate()
        blocks.deallocate()
    }

    func range(of block: Int) -> Range<Int> {
        precondition(block < blockCount)
        return Int(blocks[block].start)..<Int(blocks[block].end)
    }

    func member(at place: Int) -> Int {
        precondition(place < count)
        return Int(order[place])
    }

    func block(of member: Int) -> Int {
        precondition(member < count)
        return Int(members[member].block)
    }

    /// Marks a member that is not marked yet.
    mutating func mark(_ member: Int) {
        precondition(member < count)
        let place = Int(members[member].place)
        let block = Int(members[member].block)
        let target = Int(blocks[block].start + blocks[block].markedCount)
        let other = order[target]
        order[place] = other
        members[Int(other)].place = Int32(place)
        order[target] = Int32(member)
        members[member].place = Int32(target)
        if blocks[block].markedCount == 0 { touched.append(Int32(block)) }
        blocks[block].markedCount += 1
    }

    /// Splits each block with marked and other members; the smaller part becomes the new block.
    mutating func split() {
        while let block = touched.popLast().map(Int.init) {
            let border = blocks[block].start + blocks[block].markedCount
            let marked = blocks[block].markedCount
            blocks[block].markedCount = 0
            if border == blocks[block].end { continue }
            let new: Block
            if marked <= blocks[block].end - border {
                new = Block(start: blocks[block].start, end: border, markedCount: 0)
                blocks[block].start = border
            } else {
                new = Block(start: border, end: blocks[block].end, markedCount: 0)
                blocks[block].end = border
            }
            (blocks + blockCount).initialize(to: new)
            for place in Int(new.start)..<Int(new.end) { members[Int(order[place])].block = Int32(blockCount) }
            blockCount += 1
        }
    }
}
