import PinionModelFiles
import PinionTensor

/// The buffers of a step's mixtures of experts, reserved at load for the largest step.
final class ExpertState {
    let chosen: Int
    let places: ExpertPlaces
    /// [rows, width]: the tokens' inputs, grouped by expert.
    let input: ActivationRows
    let inner: FeedForwardState
    /// The shared expert's buffers, with a row for each token.
    let shared: FeedForwardState?
    let scoreStride: Int
    let resultStride: Int
    /// [tokens, scoreStride]: what the router says of each expert.
    var scores: UnsafeMutablePointer<Float> { scoreBuffer.pointer }
    /// [tokens, chosen]
    var weights: UnsafeMutablePointer<Float> { weightBuffer.pointer }
    /// [rows, resultStride]: what the experts computed.
    var results: UnsafeMutablePointer<Float> { resultBuffer.pointer }
    /// [tokens, a row group]: a logit, padded as every product is.
    var sharedScales: UnsafeMutablePointer<Float> { sharedScaleBuffer.pointer }

    private let scoreBuffer: AlignedBuffer<Float>
    private let weightBuffer: AlignedBuffer<Float>
    private let resultBuffer: AlignedBuffer<Float>
    private let sharedScaleBuffer: AlignedBuffer<Float>

    init(_ experts: Hyperparameters.Experts, width: Int, tokens: Int) throws(TensorError) {
        let rows = ExpertPlaces.rows(tokens: tokens, experts: experts.count, chosen: experts.chosen)
        chosen = experts.chosen
        scoreStride = DecoderState.padded(experts.count)
        resultStride = DecoderState.padded(width)
        places = try ExpertPlaces(tokens: tokens, experts: experts.count, chosen: experts.chosen)
        input = try ActivationRows(capacity: rows, columns: width)
        inner = try FeedForwardState(rows: rows, inner: experts.feedForward)
        shared =
            experts.sharedFeedForward > 0
            ? try FeedForwardState(rows: tokens, inner: experts.sharedFeedForward) : nil
        scoreBuffer = try AlignedBuffer(count: tokens * scoreStride)
        weightBuffer = try AlignedBuffer(count: tokens * chosen)
        resultBuffer = try AlignedBuffer(count: rows * resultStride)
        sharedScaleBuffer = try AlignedBuffer(count: tokens * DecoderState.padded(1))
    }

    /// Bytes that ``init(_:width:tokens:)`` reserves, within a percent.
    static func byteCount(_ experts: Hyperparameters.Experts, width: Int, tokens: Int) -> Int {
        let float = MemoryLayout<Float>.size
        let rows = ExpertPlaces.rows(tokens: tokens, experts: experts.count, chosen: experts.chosen)
        let perRow =
            ActivationRows.bytesPerToken(columns: width) + FeedForwardState.bytesPerRow(inner: experts.feedForward)
            + DecoderState.padded(width) * float
        let shared =
            experts.sharedFeedForward > 0 ? FeedForwardState.bytesPerRow(inner: experts.sharedFeedForward) : 0
        let perToken =
            (DecoderState.padded(experts.count) + DecoderState.padded(1) + experts.chosen) * float + shared
        let places = ExpertPlaces.byteCount(tokens: tokens, experts: experts.count, chosen: experts.chosen)
        return rows * perRow + tokens * perToken + places
    }
}
