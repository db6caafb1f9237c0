import PinionModelFiles
import PinionTensor

/// Loads layers by a family's description.
struct DecoderLayerLoader {
    let family: DecoderFamily
    let numbers: Hyperparameters

    func layer(_ index: Int, _ loader: inout WeightLoader) throws(ModelError) -> DecoderLayer {
        let (attention, feedForward) = (family.attention, family.feedForward)
        // In the order of the layer, so that the first missing tensor is the one that is told.
        let attentionNorm = try norm(.attentionNorm, index, attention.norms.isBefore, &loader)
        let (query, key, value) = try projections(index, &loader)
        let block = try feedForwardBlock(index, &loader)
        let inner = innerNormCounts
        return DecoderLayer(
            attentionNorm: attentionNorm, query: query, key: key, value: value,
            sinks: attention.hasSinks
                ? try loader.vector(TensorName(.sinks, layer: index), count: numbers.heads) : nil,
            queryNorm: try inner.map { counts throws(ModelError) in
                try norm(TensorName(.queryNorm, layer: index), counts.query, &loader)
            },
            keyNorm: try inner.map { counts throws(ModelError) in
                try norm(TensorName(.keyNorm, layer: index), counts.key, &loader)
            },
            output: try projection(
                .attentionOutput, index, rows: numbers.width, columns: queryWidth,
                query.bias == nil ? .none : attention.hasOutputBias ? .required : .optional, &loader),
            attentionPostNorm: try norm(.attentionPostNorm, index, attention.norms.isAfter, &loader),
            feedForwardNorm: try norm(.feedForwardNorm, index, feedForward.norms.isBefore, &loader),
            feedForward: block,
            feedForwardPostNorm: try norm(.feedForwardPostNorm, index, feedForward.norms.isAfter, &loader),
            limits: AttentionLimits(
                window: numbers.isWindowed(index) ? numbers.window?.length ?? 0 : 0,
                softCap: numbers.attentionSoftCap ?? 0),
            rotation: rotation(index))
    }

    /// The second rotation is that of windows, where they have one of their own.
    private func rotation(_ index: Int) -> Int? {
        guard let rotary = numbers.rotary, numbers.isRotated(index) else { return nil }
        return numbers.isWindowed(index) && rotary.windowedFrequencies != nil ? 1 : 0
    }

    func finalNorm(_ loader: inout WeightLoader) throws(ModelError) -> Norm {
        try norm(TensorName(.finalNorm), numbers.width, &loader)
    }

    private var queryWidth: Int { numbers.heads * numbers.headDimension }
    private var cacheWidth: Int { numbers.cacheHeads * numbers.headDimension }

    private var innerNormCounts: (query: Int, key: Int)? {
        if let hasHeadNorms = numbers.hasHeadNorms {
            return hasHeadNorms ? (numbers.headDimension, numbers.headDimension) : nil
        }
        return switch family.attention.innerNorm {
        case .none: nil
        case .heads: (numbers.headDimension, numbers.headDimension)
        case .projection: (queryWidth, cacheWidth)
        }
    }

    private func norm(
        _ part: TensorName.Part, _ layer: Int, _ isThere: Bool, _ loader: inout WeightLoader
    ) throws(ModelError) -> Norm? {
        isThere ? try norm(TensorName(part, layer: layer), numbers.width, &loader) : nil
    }

    private func norm(_ name: TensorName, _ count: Int, _ loader: inout WeightLoader) throws(ModelError) -> Norm {
        Norm(
            weight: try loader.vector(name, count: count),
            bias: family.norm == .layer ? try loader.vector(name.bias, count: count) : nil,
            epsilon: numbers.normEpsilon)
    }

    /// Whether a projection has a bias.
    enum BiasRule {
        case none, required
        /// Only the tensors tell.
        case optional
    }

    func projection(
        _ part: TensorName.Part, _ layer: Int, rows: Int, columns: Int, _ rule: BiasRule, _ loader: inout WeightLoader
    ) throws(ModelError) -> Projection {
        let name = TensorName(part, layer: layer)
        let matrix = try loader.matrix(name, rows: rows, columns: columns)
        return switch rule {
        case .none: Projection(matrix: matrix, bias: nil)
        case .optional: Projection(matrix: matrix, bias: try loader.vectorIfAny(name.bias, count: rows))
        case .required: Projection(matrix: matrix, bias: try loader.vector(name.bias, count: rows))
        }
    }
}

// MARK: - Matrices that files may hold in one

extension DecoderLayerLoader {
    /// Whether queries, keys and values of a layer have biases: all three or none, so that one alone is left over and told.
    private func hasBiases(_ names: [TensorName], _ loader: WeightLoader) throws(ModelError) -> Bool {
        if family.attention.needsBiases || numbers.attentionBias == true { return true }
        if numbers.attentionBias == false { return false }
        for name in names where try !loader.has(name.bias) { return false }
        return true
    }

    private func projections(
        _ layer: Int, _ loader: inout WeightLoader
    ) throws(ModelError) -> (query: Projection, key: Projection, value: Projection) {
        let parts: [(part: TensorName.Part, rows: Int)] = [
            (.query, queryWidth), (.key, cacheWidth), (.value, cacheWidth),
        ]
        let fused = TensorName(.queryKeyValue, layer: layer)
        let isSplit = try loader.has(TensorName(.query, layer: layer))
        let isFused = try isSplit ? false : loader.has(fused)
        let names = isFused ? [fused] : parts.map { TensorName($0.part, layer: layer) }
        let biased = try hasBiases(names, loader)
        let all = queryWidth + 2 * cacheWidth
        var found: [Projection] = []
        var first = 0
        for (part, rows) in parts {
            let range = first..<first + rows
            let name = isFused ? fused : TensorName(part, layer: layer)
            found.append(
                Projection(
                    matrix: try loader.matrix(
                        name, rows: rows, columns: numbers.width, part: isFused ? (range, all) : nil),
                    bias: biased
                        ? try loader.vector(name.bias, count: rows, part: isFused ? (range, all) : nil) : nil))
            first += rows
        }
        return (found[0], found[1], found[2])
    }
}
