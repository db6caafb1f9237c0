import PinionModelFiles
import PinionTensor

/// A matrix product, and what is added to it.
struct Projection {
    let matrix: PackedMatrix
    let bias: FloatVector?

    var readsQuantisedActivations: Bool { matrix.readsQuantisedActivations }
}

/// A norm's weights.
struct Norm {
    let weight: FloatVector
    /// Of layer norms only.
    let bias: FloatVector?
    let epsilon: Float

    /// `out` may be `x`.
    func apply(_ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, with kernels: Kernels) {
        if let bias {
            kernels.layerNorm(
                x, weight: weight.pointer, bias: bias.pointer, count: weight.count, epsilon: epsilon, out: out)
        } else {
            kernels.rmsNorm(x, weight: weight.pointer, count: weight.count, epsilon: epsilon, out: out)
        }
    }
}

/// The weights of one layer.
struct DecoderLayer {
    let attentionNorm: Norm?
    /// [heads * headDimension, width]
    let query: Projection
    /// [cacheHeads * headDimension, width]
    let key: Projection
    let value: Projection
    let queryNorm: Norm?
    let keyNorm: Norm?
    /// [width, heads * headDimension]
    let output: Projection
    let attentionPostNorm: Norm?
    let feedForwardNorm: Norm?
    /// [feedForward, width]; nil in plain blocks.
    let gate: Projection?
    /// [feedForward, width]
    let up: Projection
    /// [width, feedForward]
    let down: Projection
    let feedForwardPostNorm: Norm?
    let limits: AttentionLimits
    /// Index of the model's rotation; nil where queries and keys stay as they are.
    let rotation: Int?

    /// Whether any matrix that reads the attention's input wants it rounded; files may mix formats.
    var readsQuantisedInput: Bool { [query, key, value].contains { $0.readsQuantisedActivations } }
    var readsQuantisedHidden: Bool { up.readsQuantisedActivations || gate?.readsQuantisedActivations ?? false }
}

/// Loads layers by a family's description.
struct DecoderLayerLoader {
    let family: DecoderFamily
    let numbers: Hyperparameters

    func layer(_ index: Int, _ loader: inout WeightLoader) throws(ModelError) -> DecoderLayer {
        let (attention, feedForward) = (family.attention, family.feedForward)
        // In the order of the layer, so that the first missing tensor is the one that is told.
        let attentionNorm = try norm(.attentionNorm, index, attention.norms.isBefore, &loader)
        let (query, key, value) = try projections(index, &loader)
        let hidden = try feedForwardProjections(index, &loader)
        let inner = innerNormCounts
        return DecoderLayer(
            attentionNorm: attentionNorm, query: query, key: key, value: value,
            queryNorm: try inner.map { counts throws(ModelError) in
                try norm(TensorName(.queryNorm, layer: index), counts.query, &loader)
            },
            keyNorm: try inner.map { counts throws(ModelError) in
                try norm(TensorName(.keyNorm, layer: index), counts.key, &loader)
            },
            output: try projection(
                .attentionOutput, index, rows: numbers.width, columns: queryWidth,
                query.bias == nil ? .none : .optional, &loader),
            attentionPostNorm: try norm(.attentionPostNorm, index, attention.norms.isAfter, &loader),
            feedForwardNorm: try norm(.feedForwardNorm, index, feedForward.norms.isBefore, &loader),
            gate: hidden.gate, up: hidden.up, down: hidden.down,
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
        switch family.attention.innerNorm {
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
    private enum BiasRule {
        case none, required
        /// Only the tensors tell.
        case optional
    }

    private func projection(
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

    private func feedForwardProjections(
        _ layer: Int, _ loader: inout WeightLoader
    ) throws(ModelError) -> (gate: Projection?, up: Projection, down: Projection) {
        let (width, hidden) = (numbers.width, numbers.feedForward)
        let rule: BiasRule =
            switch numbers.feedForwardBias {
            case true?: .required
            case false?: .none
            case nil: family.feedForward.isGated ? .none : .required
            }
        let down = try projection(.down, layer, rows: width, columns: hidden, rule, &loader)
        guard family.feedForward.isGated else {
            let up = try projection(.up, layer, rows: hidden, columns: width, rule, &loader)
            return (nil, up, down)
        }
        let fused = TensorName(.gateUp, layer: layer)
        guard try !loader.has(TensorName(.gate, layer: layer)),
            try loader.package.tensor(fused)?.shape == [width, 2 * hidden]
        else {
            let gate = try projection(.gate, layer, rows: hidden, columns: width, rule, &loader)
            let up = try projection(.up, layer, rows: hidden, columns: width, rule, &loader)
            return (gate, up, down)
        }
        func part(_ rows: Range<Int>) throws(ModelError) -> Projection {
            Projection(
                matrix: try loader.matrix(fused, rows: hidden, columns: width, part: (rows, 2 * hidden)), bias: nil)
        }
        return (try part(0..<hidden), try part(hidden..<2 * hidden), down)
    }
}
