import PinionTensor

/// Hyperparameters of the Llama family, from a GGUF file's `llama.*` metadata.
struct LlamaConfiguration: Equatable {
    static let maximumLayers = 1024
    static let maximumWidth = 1 << 20
    static let maximumHeads = 4096
    static let maximumContext = 1 << 26
    static let maximumVocabulary = 1 << 24
    static let maximumHeadDimension = KVCache.maximumHeadDimension

    var layers: Int
    var width: Int
    var feedForward: Int
    var heads: Int
    /// Each serves `heads / cacheHeads` query heads.
    var cacheHeads: Int
    var headDimension: Int
    var rotaryDimensions: Int
    var rotaryBase: Double
    /// Positions are multiplied by it ("linear" scaling).
    var rotaryScale: Double
    var normEpsilon: Float
    var contextLength: Int
    var vocabulary: Int

    init(_ source: ModelSource) throws(ModelError) {
        layers = try source.int("block_count", in: 1...Self.maximumLayers)
        width = try source.int("embedding_length", in: 1...Self.maximumWidth)
        feedForward = try source.int("feed_forward_length", in: 1...Self.maximumWidth)
        heads = try source.int("attention.head_count", in: 1...Self.maximumHeads)
        cacheHeads = try source.int("attention.head_count_kv", in: 1...heads, default: heads)
        guard heads % cacheHeads == 0 else {
            throw ModelError(
                .invalidConfiguration,
                "\(source.path): \(heads) attention heads cannot share \(cacheHeads) key/value heads evenly")
        }
        let dimension = 1...Self.maximumHeadDimension
        headDimension = try source.int("attention.key_length", in: dimension, default: width / heads)
        let valueDimension = try source.int("attention.value_length", in: dimension, default: headDimension)
        rotaryDimensions = try source.int(
            "rope.dimension_count", in: 2...Self.maximumHeadDimension, default: headDimension)
        guard valueDimension == headDimension, headDimension % 2 == 0, rotaryDimensions % 2 == 0,
            dimension.contains(headDimension), rotaryDimensions <= headDimension
        else {
            throw ModelError(
                .unsupportedArchitecture,
                "\(source.path): heads of \(headDimension) keys, \(valueDimension) values and \(rotaryDimensions) rotary "
                    + "elements are not supported, expected equal even sizes up to \(Self.maximumHeadDimension)")
        }
        rotaryBase = try source.positive("rope.freq_base", default: 10_000)
        rotaryScale = try Self.rotaryScale(source)
        normEpsilon = Float(try source.positive("attention.layer_norm_rms_epsilon"))
        contextLength = try source.int("context_length", in: 1...Self.maximumContext)
        guard try source.int("expert_count", in: 0...Int(Int32.max), default: 0) == 0 else {
            throw ModelError(.unsupportedArchitecture, "\(source.path): mixtures of experts are not supported")
        }
        guard let embedding = source.file.tensor(named: "token_embd.weight"), embedding.shape.count == 2,
            (1...Self.maximumVocabulary).contains(embedding.shape[1])
        else { throw ModelError(.invalidTensor, "\(source.path): has no matrix 'token_embd.weight'") }
        vocabulary = embedding.shape[1]
    }

    var shape: ModelShape {
        ModelShape(
            vocabulary: vocabulary, contextLength: contextLength,
            cache: KVCache.Shape(layers: layers, heads: cacheHeads, headDimension: headDimension))
    }

    private static func rotaryScale(_ source: ModelSource) throws(ModelError) -> Double {
        switch source.value("rope.scaling.type") {
        case nil:
            // A factor alone means linear scaling; "scale_linear" is the key's older name.
            let older = try source.positive("rope.scale_linear", default: 1)
            return 1 / (try source.positive("rope.scaling.factor", default: older))
        case .string("none"): return 1
        case .string("linear"): return 1 / (try source.positive("rope.scaling.factor"))
        case let other?:
            throw ModelError(
                .unsupportedArchitecture,
                "\(source.path): rotary scaling \(other.summary) is not supported, expected none or linear")
        }
    }
}
