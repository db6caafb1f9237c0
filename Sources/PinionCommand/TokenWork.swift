package import PinionModelFiles
import PinionTensor

/// What a token costs by the model's size alone, to hold the rates against the machine's limits.
///
/// Of experts only those that a token takes are counted.
package struct TokenWork: Encodable {
    /// Products with weights for one token of a prompt: without the output head, and of the last layer keys and values
    /// only.
    package private(set) var promptMultiplyAdds = 0
    /// Products of attention for one token of a prompt, the mean over its positions; again without the last layer's.
    package private(set) var promptAttentionMultiplyAdds = 0
    /// Products with weights for one generated token.
    package private(set) var multiplyAdds = 0
    /// Weights read for one generated token of a single stream, as they are in the file.
    package private(set) var weightBytes = 0
    /// Bytes of ``weightBytes`` that belong to experts; 16 streams together read up to ``allExpertBytes``.
    package private(set) var expertBytes = 0
    /// Bytes of all experts.
    package private(set) var allExpertBytes = 0

    /// - Parameter prompt: Tokens of the prompt.
    package init(_ package: ModelPackage, prompt: Int) throws {
        let numbers = try package.hyperparameters()
        let embedding = package.spelling(TensorName(.embedding))
        let head = try package.tensor(TensorName(.head))?.name ?? embedding
        let last = numbers.layers - 1
        let kept = try [TensorName.Part.key, .value].compactMap {
            try package.tensor(TensorName($0, layer: last))?.name
        }
        let fused = try package.tensor(TensorName(.queryKeyValue, layer: last))?.name
        let beginning = package.spelling(TensorName(.attentionOutput, layer: last)).split(separator: "\(last)")[0]
        let lastLayer = beginning + "\(last)."
        let experts = try ExpertTensors(package, numbers)
        let tables = [embedding, package.spelling(TensorName(.positions))].filter { $0 != head }
        for stored in package.tensors where !package.isSpare(stored.name) {
            let name = FileWord(stored.name)
            let tensor = experts.matrices[name] ?? stored
            guard tensor.shape.count >= 2, !experts.others.contains(name), !tables.contains(stored.name) else {
                continue
            }
            let isExperts = experts.matrices[name] != nil
            let (taken, of) = isExperts ? numbers.experts.map { ($0.chosen, $0.count) } ?? (1, 1) : (1, 1)
            let products = tensor.elementCount * taken / of
            let whole = tensor.byteCount + (tensor.exponents?.byteCount ?? 0)
            let bytes = whole * taken / of
            multiplyAdds += products
            weightBytes += bytes
            if isExperts {
                expertBytes += bytes
                allExpertBytes += whole
            }
            guard tensor.name != head else { continue }
            if !tensor.name.hasPrefix(lastLayer) || kept.contains(tensor.name) {
                promptMultiplyAdds += products
            } else if tensor.name == fused {
                // Of the rows only those of keys and values.
                let keys = 2 * numbers.cacheHeads
                promptMultiplyAdds += products * keys / (numbers.heads + keys)
            }
        }
        promptAttentionMultiplyAdds = Self.attention(numbers, prompt: prompt)
    }

    /// The experts' tensors by the files' names.
    private struct ExpertTensors {
        /// As they are read, which may differ from how they are stored, whether one holds one expert's matrix or all.
        private(set) var matrices: [FileWord: StoredTensor] = [:]
        /// Of no matrix: biases, and the exponents of blocks that are another tensor's.
        private(set) var others: Set<FileWord> = []

        init(_ package: ModelPackage, _ numbers: Hyperparameters) throws {
            guard let experts = numbers.experts else { return }
            for layer in 0..<numbers.layers where numbers.hasExperts(layer) {
                for part in [TensorName.Part.expertGate, .expertUp, .expertDown, .expertGateUp] {
                    let stack = TensorName(part, layer: layer)
                    if let bias = try package.tensor(stack.bias) { others.insert(FileWord(bias.name)) }
                    for place in [stack] + (0..<experts.count).map(stack.of(expert:)) {
                        guard let tensor = try package.tensor(place) else { continue }
                        matrices[FileWord(tensor.name)] = tensor
                        if let exponents = tensor.exponents { others.insert(FileWord(exponents.name)) }
                    }
                }
            }
        }
    }

    /// Multiply-adds of attention for one token of a prompt, the mean over its positions: as many for the scores as for
    /// the sums.
    private static func attention(_ numbers: Hyperparameters, prompt: Int) -> Int {
        func seen(_ length: Int) -> Int { (1...max(prompt, 1)).reduce(0) { $0 + min($1, length) } }
        let tokens = (0..<numbers.layers - 1).reduce(0) { sum, layer in
            sum + seen(numbers.isWindowed(layer) ? numbers.window?.length ?? prompt : prompt)
        }
        return 2 * numbers.heads * numbers.headDimension * tokens / max(prompt, 1)
    }
}
