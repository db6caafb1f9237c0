import PinionTensor

/// The tensors of a folder's layers with experts, as GGUF files have them: a stack of all experts' matrices for each of
/// gate, up and down.
///
/// Folders have a tensor for each expert's matrix, or two stacks, of which one has each expert's gate before its up.
struct FolderExpertTensors {
    let folder: ModelFolder
    let family: ModelFamily
    let experts: Hyperparameters.Experts
    let width: Int

    /// - Throws: ``ModelError`` for a tensor that is missing or of another shape than the numbers say, and for more
    ///   experts than they say.
    func all(_ layer: Int) throws(ModelError) -> [FolderTensor] {
        let router = TensorName(.router, layer: layer)
        var found = [FolderTensor(router, family, try folder.needed(router, shapes: [width, experts.count]))]
        if experts.hasChoiceBias {
            let bias = TensorName(.choiceBias, layer: layer)
            found.append(FolderTensor(bias, family, try folder.needed(bias, shapes: [experts.count])))
        }
        found += try isSeparate(layer) ? separate(layer) : stacked(layer)
        if experts.sharedFeedForward > 0 { found += try shared(layer) }
        if experts.hasSharedGate {
            let scale = TensorName(.sharedScale, layer: layer)
            found.append(FolderTensor(scale, family, try folder.needed(scale, shapes: [width, 1], [width])))
        }
        return found
    }

    // MARK: - Chosen experts

    private static let matrices: [TensorName.Part] = [.expertGate, .expertUp, .expertDown]

    /// Columns and rows of an expert's matrix.
    private func shape(_ part: TensorName.Part) -> [Int] {
        part == .expertDown ? [experts.feedForward, width] : [width, experts.feedForward]
    }

    /// Whether each expert has tensors of its own.
    private func isSeparate(_ layer: Int) throws(ModelError) -> Bool {
        for part in Self.matrices {
            for expert in 0..<experts.count
            where try folder.tensor(TensorName(part, layer: layer, expert: expert)) != nil { return true }
        }
        return false
    }

    private func separate(_ layer: Int) throws(ModelError) -> [FolderTensor] {
        var found: [FolderTensor] = []
        for part in Self.matrices {
            var parts: [FolderTensor.Part] = []
            for expert in 0..<experts.count {
                let place = TensorName(part, layer: layer, expert: expert)
                parts.append(FolderTensor.Part(tensor: try folder.needed(place, shapes: shape(part))))
            }
            if let more = try folder.tensor(TensorName(part, layer: layer, expert: experts.count)) {
                throw ModelError(
                    .invalidTensor,
                    "\(more.file.path): tensor '\(FileWord(more.name).shown)' is of an expert beyond the \(experts.count) "
                        + "that \(FolderConfiguration.fileName) says")
            }
            found.append(stack(part, layer, parts))
        }
        return found
    }

    private func stacked(_ layer: Int) throws(ModelError) -> [FolderTensor] {
        let inner = experts.feedForward
        let (gateUp, down) = (TensorName(.expertGateUp, layer: layer), TensorName(.expertDown, layer: layer))
        let fused = try folder.needed(gateUp, shapes: [width, 2 * inner, experts.count])
        let last = try folder.needed(down, shapes: [inner, width, experts.count])
        func parts(_ tensor: StoredTensor, _ rows: Range<Int>?) -> [FolderTensor.Part] {
            (0..<experts.count).map { FolderTensor.Part(tensor: tensor, index: $0, rows: rows) }
        }
        return [
            stack(.expertGate, layer, parts(fused, 0..<inner)),
            stack(.expertUp, layer, parts(fused, inner..<2 * inner)),
            stack(.expertDown, layer, parts(last, nil)),
        ]
    }

    private func stack(_ part: TensorName.Part, _ layer: Int, _ parts: [FolderTensor.Part]) -> FolderTensor {
        FolderTensor(
            TensorName(part, layer: layer), family, shape: shape(part) + [experts.count], parts: parts)
    }

    // MARK: - Shared expert

    private func shared(_ layer: Int) throws(ModelError) -> [FolderTensor] {
        let inner = experts.sharedFeedForward
        let (gate, up) = (TensorName(.sharedGate, layer: layer), TensorName(.sharedUp, layer: layer))
        let (fused, down) = (TensorName(.sharedGateUp, layer: layer), TensorName(.sharedDown, layer: layer))
        let last = FolderTensor(down, family, try folder.needed(down, shapes: [inner, width]))
        guard folder.mayHave(fused) else {
            return [
                FolderTensor(gate, family, try folder.needed(gate, shapes: [width, inner])),
                FolderTensor(up, family, try folder.needed(up, shapes: [width, inner])), last,
            ]
        }
        let both = try folder.needed(fused, shapes: [width, 2 * inner])
        func half(_ place: TensorName, _ rows: Range<Int>) -> FolderTensor {
            FolderTensor(
                place, family, shape: [width, inner], parts: [FolderTensor.Part(tensor: both, rows: rows)])
        }
        return [half(gate, 0..<inner), half(up, inner..<2 * inner), last]
    }
}
