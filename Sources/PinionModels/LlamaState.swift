import PinionTensor

/// The buffers of one step of a Llama model, reserved at load for the largest step.
final class LlamaState {
    let limits: StepLimits
    let queryStride: Int
    let cacheStride: Int
    let hiddenStride: Int
    let projectedStride: Int

    /// [outputs, width]: the rows whose logits are wanted, normalised.
    let outputs: ActivationRows
    /// [tokens, width]: a block's normalised input.
    let input: ActivationRows
    /// [tokens, heads * headDimension]: what attention gathered.
    let attended: ActivationRows
    /// [tokens, feedForward]
    let hidden: ActivationRows

    var queries: UnsafeMutablePointer<Float> { queryBuffer.pointer }
    var keys: UnsafeMutablePointer<Float> { keyBuffer.pointer }
    var values: UnsafeMutablePointer<Float> { valueBuffer.pointer }
    var gate: UnsafeMutablePointer<Float> { gateBuffer.pointer }
    var up: UnsafeMutablePointer<Float> { upBuffer.pointer }
    /// [tokens, projectedStride]: a block's result, not yet added to the residual stream.
    var projected: UnsafeMutablePointer<Float> { projectedBuffer.pointer }
    /// [outputs, vocabulary rounded up to whole row groups]
    var paddedLogits: UnsafeMutablePointer<Float> { logitBuffer.pointer }

    private let width: Int
    /// [tokens, width]
    private let residual: AlignedBuffer<Float>
    private let queryBuffer: AlignedBuffer<Float>
    private let keyBuffer: AlignedBuffer<Float>
    private let valueBuffer: AlignedBuffer<Float>
    private let gateBuffer: AlignedBuffer<Float>
    private let upBuffer: AlignedBuffer<Float>
    private let projectedBuffer: AlignedBuffer<Float>
    private let logitBuffer: AlignedBuffer<Float>

    init(_ c: LlamaConfiguration, limits: StepLimits) throws(TensorError) {
        func padded(_ rows: Int) -> Int { (rows + 15) / 16 * 16 }
        let tokens = limits.tokens
        self.limits = limits
        width = c.width
        queryStride = padded(c.heads * c.headDimension)
        cacheStride = padded(c.cacheHeads * c.headDimension)
        hiddenStride = padded(c.feedForward)
        projectedStride = padded(c.width)
        residual = try AlignedBuffer(count: tokens * c.width)
        input = try ActivationRows(capacity: tokens, columns: c.width)
        attended = try ActivationRows(capacity: tokens, columns: c.heads * c.headDimension)
        hidden = try ActivationRows(capacity: tokens, columns: c.feedForward)
        outputs = try ActivationRows(capacity: limits.outputs, columns: c.width)
        queryBuffer = try AlignedBuffer(count: tokens * queryStride)
        keyBuffer = try AlignedBuffer(count: tokens * cacheStride)
        valueBuffer = try AlignedBuffer(count: tokens * cacheStride)
        gateBuffer = try AlignedBuffer(count: tokens * hiddenStride)
        upBuffer = try AlignedBuffer(count: tokens * hiddenStride)
        projectedBuffer = try AlignedBuffer(count: tokens * projectedStride)
        logitBuffer = try AlignedBuffer(count: limits.outputs * padded(c.vocabulary))
    }

    func residualRow(_ token: Int) -> UnsafeMutablePointer<Float> { residual.pointer + token * width }

    /// Closes the gaps that padding left between rows, where the vocabulary is not a whole number of row groups.
    func compactLogits(_ rows: Int, vocabulary: Int, stride: Int) -> UnsafeMutablePointer<Float> {
        if stride != vocabulary {
            for row in 1..<max(rows, 1) {
                (paddedLogits + row * vocabulary).update(from: paddedLogits + row * stride, count: vocabulary)
            }
        }
        return paddedLogits
    }
}
