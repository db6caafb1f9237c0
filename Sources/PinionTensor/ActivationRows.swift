import CPinionKernels

/// The input of a matrix product for a step's tokens: floats, and the same rounded to bytes when a matrix wants that.
///
/// Owned by one model and used by its worker team only.
package final class ActivationRows {
    package let columns: Int
    package let capacity: Int
    /// [capacity, columns]
    package let floats: UnsafeMutablePointer<Float>
    private let floatBuffer: AlignedBuffer<Float>
    private let quants: AlignedBuffer<Int8>
    private let fineQuants: AlignedBuffer<Int8>
    private let scales: AlignedBuffer<Float>
    private let sums: AlignedBuffer<Int32>
    private let fineSums: AlignedBuffer<Int32>
    private let scaledSums: AlignedBuffer<Float>
    private let isFine: AlignedBuffer<UInt8>
    let quantised: pn_quantised

    /// - Parameters:
    ///   - capacity: Tokens.
    ///   - columns: Width; only a multiple of 32 can be rounded.
    package init(capacity: Int, columns: Int) throws(TensorError) {
        let blocks = (columns + PackedMatrix.blockColumns - 1) / PackedMatrix.blockColumns
        self.columns = columns
        self.capacity = capacity
        floatBuffer = try AlignedBuffer(count: capacity * columns)
        quants = try AlignedBuffer(count: capacity * columns)
        fineQuants = try AlignedBuffer(count: capacity * columns)
        scales = try AlignedBuffer(count: capacity * blocks)
        sums = try AlignedBuffer(count: capacity * blocks)
        fineSums = try AlignedBuffer(count: capacity * blocks)
        scaledSums = try AlignedBuffer(count: capacity * blocks)
        isFine = try AlignedBuffer(count: capacity * blocks)
        floats = floatBuffer.pointer
        quantised = pn_quantised(
            quants: quants.pointer, fine_quants: fineQuants.pointer, scales: scales.pointer, sums: sums.pointer,
            fine_sums: fineSums.pointer, scaled_sums: scaledSums.pointer, is_fine: isFine.pointer)
    }

    package func row(_ token: Int) -> UnsafeMutablePointer<Float> { floats + token * columns }

    /// Rounds one token's floats to bytes, 32 columns to a scale.
    package func quantise(_ token: Int, with kernels: Kernels) {
        let blocks = columns / PackedMatrix.blockColumns
        let row = pn_quantised(
            quants: quantised.quants + token * columns, fine_quants: quantised.fine_quants + token * columns,
            scales: quantised.scales + token * blocks, sums: quantised.sums + token * blocks,
            fine_sums: quantised.fine_sums + token * blocks, scaled_sums: quantised.scaled_sums + token * blocks,
            is_fine: quantised.is_fine + token * blocks)
        kernels.table.pointee.quantise(self.row(token), columns, row)
    }
}
