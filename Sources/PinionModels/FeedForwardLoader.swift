import PinionModelFiles
import PinionTensor

// MARK: - Dense blocks

extension DecoderLayerLoader {
    func feedForwardBlock(_ layer: Int, _ loader: inout WeightLoader) throws(ModelError) -> DecoderLayer.Block {
        if let experts = numbers.experts, numbers.hasExperts(layer) {
            return .experts(try self.experts(experts, layer, &loader))
        }
        let rule: BiasRule =
            switch numbers.feedForwardBias {
            case true?: .required
            case false?: .none
            case nil: family.feedForward.isGated ? .none : .required
            }
        let names = Names(gate: .gate, up: .up, gateUp: .gateUp, down: .down)
        return .dense(
            try feedForward(names, layer, inner: numbers.feedForward, family.feedForward.isGated, rule, &loader))
    }

    /// Where a block's matrices stand.
    private struct Names {
        let gate, up, gateUp, down: TensorName.Part
    }

    private func feedForward(
        _ names: Names, _ layer: Int, inner: Int, _ isGated: Bool, _ rule: BiasRule, _ loader: inout WeightLoader
    ) throws(ModelError) -> FeedForward {
        let width = numbers.width
        let down = try projection(names.down, layer, rows: width, columns: inner, rule, &loader)
        guard isGated else {
            let up = try projection(names.up, layer, rows: inner, columns: width, rule, &loader)
            return FeedForward(gate: nil, up: up, down: down)
        }
        let fused = TensorName(names.gateUp, layer: layer)
        guard try !loader.has(TensorName(names.gate, layer: layer)),
            try loader.package.tensor(fused)?.shape == [width, 2 * inner]
        else {
            let gate = try projection(names.gate, layer, rows: inner, columns: width, rule, &loader)
            let up = try projection(names.up, layer, rows: inner, columns: width, rule, &loader)
            return FeedForward(gate: gate, up: up, down: down)
        }
        func part(_ rows: Range<Int>) throws(ModelError) -> Projection {
            Projection(
                matrix: try loader.matrix(fused, rows: inner, columns: width, part: (rows, 2 * inner)), bias: nil)
        }
        return FeedForward(gate: try part(0..<inner), up: try part(inner..<2 * inner), down: down)
    }
}

// MARK: - Experts

extension DecoderLayerLoader {
    private func experts(
        _ experts: Hyperparameters.Experts, _ layer: Int, _ loader: inout WeightLoader
    ) throws(ModelError) -> ExpertBlock {
        let (width, inner) = (numbers.width, experts.feedForward)
        let router = try loader.matrix(
            TensorName(.router, layer: layer), rows: experts.count, columns: width, keepsFloats: true)
        let bias =
            experts.hasChoiceBias
            ? try loader.vector(TensorName(.choiceBias, layer: layer), count: experts.count).values : []
        let fused = TensorName(.expertGateUp, layer: layer)
        let isFused = try loader.has(fused)
        let gate: [PackedMatrix]
        let up: [PackedMatrix]
        if isFused {
            gate = try loader.matrices(fused, experts.count, rows: inner, columns: width, part: (0..<inner, 2 * inner))
            up = try loader.matrices(
                fused, experts.count, rows: inner, columns: width, part: (inner..<2 * inner, 2 * inner))
        } else {
            gate = try loader.matrices(
                TensorName(.expertGate, layer: layer), experts.count, rows: inner, columns: width)
            up = try loader.matrices(TensorName(.expertUp, layer: layer), experts.count, rows: inner, columns: width)
        }
        let down = try loader.matrices(
            TensorName(.expertDown, layer: layer), experts.count, rows: width, columns: inner)
        let names = Names(gate: .sharedGate, up: .sharedUp, gateUp: .sharedGateUp, down: .sharedDown)
        return ExpertBlock(
            router: router, choice: ExpertChoice(experts, bias: bias), gate: gate, up: up, down: down,
            biases: family.feedForward.hasExpertBiases ? try biases(experts, layer, isFused, &loader) : nil,
            shared: experts.sharedFeedForward > 0
                ? try feedForward(names, layer, inner: experts.sharedFeedForward, true, .none, &loader) : nil,
            sharedScale: experts.hasSharedGate
                ? try loader.rowMatrix(TensorName(.sharedScale, layer: layer), columns: width) : nil)
    }

    private func biases(
        _ experts: Hyperparameters.Experts, _ layer: Int, _ isFused: Bool, _ loader: inout WeightLoader
    ) throws(ModelError) -> ExpertBlock.Biases {
        let (count, inner) = (experts.count, experts.feedForward)
        func gateOrUp(_ part: TensorName.Part, half: Int) throws(ModelError) -> FloatVector {
            let name = TensorName(isFused ? .expertGateUp : part, layer: layer).bias
            return try loader.expertVectors(
                name, count, elements: inner,
                part: isFused ? (half * inner..<(half + 1) * inner, 2 * inner) : nil)
        }
        return ExpertBlock.Biases(
            router: try loader.vector(TensorName(.router, layer: layer).bias, count: count),
            gate: try gateOrUp(.expertGate, half: 0), up: try gateOrUp(.expertUp, half: 1),
            down: try loader.expertVectors(
                TensorName(.expertDown, layer: layer).bias, count, elements: numbers.width))
    }
}
