package import CPinionKernels

/// The input of a matrix product for a step's tokens: floats, and the same rounded to bytes when a matrix wants that.
///
/// Owned by one model and used by its worker team only.
package final class ActivationRows {
    /// Tokens that are rounded together.
    package static let tileTokens = Int(PN_TILE_TOKENS)

    package let columns: Int
    package let capacity: Int
    /// [capacity, columns]
    package let floats: UnsafeMutablePointer<Float>
    private let floatBuffer: AlignedBuffer<Float>
    private let quants: AlignedBuffer<Int8>
    private let scales: AlignedBuffer<Float>
    private let scaledSums: AlignedBuffer<Float>
    private let minusSums: AlignedBuffer<Int32>
    private let outliers: AlignedBuffer<Int32>
    private let outlierColumns: AlignedBuffer<Int32>
    private let outlierValues: AlignedBuffer<Float>
    /// What the kernels read; constant, as the team's workers all hold it at once.
    package let quantised: pn_quantised

    /// - Parameters:
    ///   - capacity: Tokens.
    ///   - columns: Width; only a multiple of 32 can be rounded.
    package init(capacity: Int, columns: Int) throws(TensorError) {
        let blocks = (columns + PackedMatrix.blockColumns - 1) / PackedMatrix.blockColumns
        let tokens = (capacity + Self.tileTokens - 1) / Self.tileTokens * Self.tileTokens
        let perTile = pn_outlier_capacity(columns)
        self.columns = columns
        self.capacity = capacity
        floatBuffer = try AlignedBuffer(count: capacity * columns)
        quants = try AlignedBuffer(count: tokens * blocks * PackedMatrix.blockColumns)
        scales = try AlignedBuffer(count: tokens * blocks)
        scaledSums = try AlignedBuffer(count: tokens * blocks)
        minusSums = try AlignedBuffer(count: tokens * blocks * 2)
        outliers = try AlignedBuffer(count: tokens / Self.tileTokens)
        outlierColumns = try AlignedBuffer(count: tokens / Self.tileTokens * perTile)
        outlierValues = try AlignedBuffer(count: tokens * perTile)
        floats = floatBuffer.pointer
        quantised = pn_quantised(
            blocks: blocks, quants: quants.pointer, scales: scales.pointer, scaled_sums: scaledSums.pointer,
            minus_sums: minusSums.pointer, outliers: outliers.pointer, outlier_columns: outlierColumns.pointer,
            outlier_values: outlierValues.pointer)
    }

    /// Bytes that one token takes, within a few.
    package static func bytesPerToken(columns: Int) -> Int {
        // Floats, quants, four numbers a block, and the outliers, whose columns are shared by a tile.
        columns * 5 + columns / PackedMatrix.blockColumns * 16 + pn_outlier_capacity(columns) * 9 / 2
    }

    package func row(_ token: Int) -> UnsafeMutablePointer<Float> { floats + token * columns }

    /// What the kernels read of the tokens from a multiple of ``tileTokens`` on.
    func quantised(from token: Int) -> pn_quantised {
        precondition(token % Self.tileTokens == 0 && token <= capacity, "rows from \(token) on")
        let values = token * quantised.blocks
        let outlierPlaces = token / Self.tileTokens * pn_outlier_capacity(columns)
        return pn_quantised(
            blocks: quantised.blocks, quants: quantised.quants + values * PackedMatrix.blockColumns,
            scales: quantised.scales + values, scaled_sums: quantised.scaled_sums + values,
            minus_sums: quantised.minus_sums + 2 * values, outliers: quantised.outliers + token / Self.tileTokens,
            outlier_columns: quantised.outlier_columns + outlierPlaces,
            outlier_values: quantised.outlier_values + outlierPlaces * Self.tileTokens)
    }

    /// Rounds the floats of tokens to bytes, 32 columns to a scale.
    ///
    /// - Parameter tokens: From a multiple of ``tileTokens`` on.
    package func quantise(_ tokens: Range<Int>, with kernels: Kernels) {
        precondition(tokens.lowerBound % Self.tileTokens == 0 && tokens.upperBound <= capacity, "tokens \(tokens)")
        for first in stride(from: tokens.lowerBound, to: tokens.upperBound, by: Self.tileTokens) {
            let count = min(Self.tileTokens, tokens.upperBound - first)
            withUnsafePointer(to: quantised) { kernels.table.pointee.quantise(row(first), $0, first, count) }
        }
    }
}
