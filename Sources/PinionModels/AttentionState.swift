import PinionModelFiles
import PinionTensor

/// The buffers between the products of attention.
final class AttentionState {
    let queryStride: Int
    let cacheStride: Int
    /// [tokens, heads * headDimension]: what attention gathered.
    let attended: ActivationRows
    /// [tokens, queryStride]: heads after heads
    var queries: UnsafeMutablePointer<Float> { queryBuffer.pointer }
    /// [tokens, cacheStride]
    var keys: UnsafeMutablePointer<Float> { keyBuffer.pointer }
    /// [tokens, cacheStride]
    var values: UnsafeMutablePointer<Float> { valueBuffer.pointer }
    private let queryBuffer: AlignedBuffer<Float>
    private let keyBuffer: AlignedBuffer<Float>
    private let valueBuffer: AlignedBuffer<Float>

    init(_ numbers: Hyperparameters, tokens: Int) throws(TensorError) {
        let queryCount = numbers.heads * numbers.headDimension
        queryStride = DecoderState.padded(queryCount)
        cacheStride = DecoderState.padded(numbers.cacheHeads * numbers.headDimension)
        attended = try ActivationRows(capacity: tokens, columns: queryCount)
        queryBuffer = try AlignedBuffer(count: tokens * queryStride)
        keyBuffer = try AlignedBuffer(count: tokens * cacheStride)
        valueBuffer = try AlignedBuffer(count: tokens * cacheStride)
    }

    /// Bytes of a token's rows, within a percent.
    static func bytesPerRow(_ numbers: Hyperparameters) -> Int {
        let queries = DecoderState.padded(numbers.heads * numbers.headDimension)
        let cached = DecoderState.padded(numbers.cacheHeads * numbers.headDimension)
        return (queries + 2 * cached) * MemoryLayout<Float>.size + ActivationRows.bytesPerToken(columns: queries)
    }
}
