package import PinionTensor

/// Which rows of the experts' buffers a step's tokens stand in: grouped by expert, each group from a whole tile on.
///
/// Reused from step to step, so that grouping allocates nothing once it has grown.
package final class ExpertPlaces {
    /// [tokens, chosen]: what the router chose.
    package let experts: UnsafeMutablePointer<Int32>
    /// [tokens, chosen]: the row of each choice.
    package let rowOfChoice: UnsafeMutablePointer<Int32>
    /// For each row, its token.
    package let tokenOfRow: UnsafeMutablePointer<Int32>
    /// For each tile, how many of its rows are in use: the first ones.
    package let rowsOfTile: UnsafeMutablePointer<Int32>
    /// For each tile, the expert that all of its rows belong to.
    package let expertOfTile: UnsafeMutablePointer<Int32>
    /// The experts that some token takes, ascending, and their rows.
    package private(set) var chosenExperts: [(expert: Int, rows: Range<Int>)] = []
    package private(set) var tiles = 0

    private let chosen: Int
    private let expertBuffer: AlignedBuffer<Int32>
    private let rowBuffer: AlignedBuffer<Int32>
    private let tokenBuffer: AlignedBuffer<Int32>
    private let tileBuffer: AlignedBuffer<Int32>
    private let tileExpertBuffer: AlignedBuffer<Int32>
    /// For each expert, how many choices it has, then its next row.
    private var next: [Int]

    package init(tokens: Int, experts count: Int, chosen: Int) throws(TensorError) {
        let rows = Self.rows(tokens: tokens, experts: count, chosen: chosen)
        self.chosen = chosen
        expertBuffer = try AlignedBuffer(count: tokens * chosen)
        rowBuffer = try AlignedBuffer(count: tokens * chosen)
        tokenBuffer = try AlignedBuffer(count: rows)
        tileBuffer = try AlignedBuffer(count: rows / ActivationRows.tileTokens)
        tileExpertBuffer = try AlignedBuffer(count: rows / ActivationRows.tileTokens)
        (experts, rowOfChoice) = (expertBuffer.pointer, rowBuffer.pointer)
        (tokenOfRow, rowsOfTile, expertOfTile) = (tokenBuffer.pointer, tileBuffer.pointer, tileExpertBuffer.pointer)
        next = Array(repeating: 0, count: count)
        chosenExperts.reserveCapacity(count)
    }

    /// Rows that so many tokens may take, whatever they choose: whole tiles.
    package static func rows(tokens: Int, experts count: Int, chosen: Int) -> Int {
        let tile = ActivationRows.tileTokens
        // An expert wastes less than a tile.
        let rows = tokens * chosen + min(count, tokens * chosen) * (tile - 1)
        return (rows + tile - 1) / tile * tile
    }

    /// Bytes that ``init(tokens:experts:chosen:)`` reserves.
    static func byteCount(tokens: Int, experts count: Int, chosen: Int) -> Int {
        let rows = rows(tokens: tokens, experts: count, chosen: chosen)
        return (2 * tokens * chosen + rows + 2 * rows / ActivationRows.tileTokens) * MemoryLayout<Int32>.size
    }

    /// Gives each choice of the first `tokens` tokens its row, after the router has written ``experts``.
    package func group(tokens: Int) {
        let tile = ActivationRows.tileTokens
        let choices = tokens * chosen
        chosenExperts.removeAll(keepingCapacity: true)
        for expert in next.indices { next[expert] = 0 }
        for choice in 0..<choices { next[Int(experts[choice])] += 1 }
        tiles = 0
        for expert in next.indices where next[expert] > 0 {
            let (count, first) = (next[expert], tiles * tile)
            chosenExperts.append((expert, first..<first + count))
            for start in stride(from: 0, to: count, by: tile) {
                rowsOfTile[tiles] = Int32(min(tile, count - start))
                expertOfTile[tiles] = Int32(expert)
                tiles += 1
            }
            next[expert] = first
        }
        for choice in 0..<choices {
            let expert = Int(experts[choice])
            rowOfChoice[choice] = Int32(next[expert])
            tokenOfRow[next[expert]] = Int32(choice / chosen)
            next[expert] += 1
        }
    }
}
