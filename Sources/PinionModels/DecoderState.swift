import PinionModelFiles
import PinionTensor

/// The buffers of one step of a decoder, reserved at load for the largest step.
final class DecoderState {
    let limits: StepLimits
    let projectedStride: Int

    /// [outputs, width]: the rows whose logits are wanted, normalised.
    let outputs: ActivationRows
    /// [tokens, width]: a block's normalised input.
    let input: ActivationRows
    /// Of dense blocks; nil where no layer has one.
    let feedForward: FeedForwardState?
    /// Of blocks of experts; nil where no layer has any.
    let experts: ExpertState?

    /// [tokens, projectedStride]: a block's result, not yet added to the residual stream.
    var projected: UnsafeMutablePointer<Float> { projectedBuffer.pointer }
    /// [outputs, vocabulary rounded up to whole row groups]
    var paddedLogits: UnsafeMutablePointer<Float> { logitBuffer.pointer }

    private let width: Int
    /// [tokens, width]
    private let residual: AlignedBuffer<Float>
    private let projectedBuffer: AlignedBuffer<Float>
    private let logitBuffer: AlignedBuffer<Float>

    init(_ c: Hyperparameters, limits: StepLimits) throws(TensorError) {
        let tokens = limits.tokens
        self.limits = limits
        width = c.width
        projectedStride = Self.padded(c.width)
        residual = try AlignedBuffer(count: tokens * c.width)
        input = try ActivationRows(capacity: tokens, columns: c.width)
        feedForward = Self.hasDenseBlock(c) ? try FeedForwardState(rows: tokens, inner: c.feedForward) : nil
        experts = try c.experts.map { experts throws(TensorError) in
            try ExpertState(experts, width: c.width, tokens: tokens)
        }
        outputs = try ActivationRows(capacity: limits.outputs, columns: c.width)
        projectedBuffer = try AlignedBuffer(count: tokens * projectedStride)
        logitBuffer = try AlignedBuffer(count: limits.outputs * Self.padded(c.vocabulary))
    }

    /// Bytes that ``init(_:limits:)`` and ``AttentionState`` reserve, within a percent.
    static func byteCount(_ c: Hyperparameters, limits: StepLimits) -> Int {
        let float = MemoryLayout<Float>.size
        let stream = 2 * padded(c.width) * float + ActivationRows.bytesPerToken(columns: c.width)
        let attention = AttentionState.bytesPerRow(c)
        let dense = hasDenseBlock(c) ? limits.tokens * FeedForwardState.bytesPerRow(inner: c.feedForward) : 0
        let experts = c.experts.map { ExpertState.byteCount($0, width: c.width, tokens: limits.tokens) } ?? 0
        let perOutput = padded(c.vocabulary) * float + ActivationRows.bytesPerToken(columns: c.width)
        return limits.tokens * (stream + attention) + dense + experts + limits.outputs * perOutput
    }

    private static func hasDenseBlock(_ c: Hyperparameters) -> Bool { c.experts?.layers.contains(false) ?? true }

    /// Rows rounded up to whole groups, as products write them.
    static func padded(_ rows: Int) -> Int {
        (rows + PackedMatrix.groupRows - 1) / PackedMatrix.groupRows * PackedMatrix.groupRows
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
