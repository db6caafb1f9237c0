package import PinionModelFiles
import PinionTensor

/// What a token costs by the model's size alone, to hold the rates against the machine's limits.
///
/// A token's work includes the experts that it takes, and no others.
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
        let stacks = try ExpertStacks(package, numbers)
        let experts = Self.singleExperts(package, numbers).union(stacks.matrices.keys)
        let exponents = stacks.matrices.values.compactMap { $0.exponents.map { FileWord($0.name) } }
        let tables = [embedding, package.spelling(TensorName(.positions))].filter { $0 != head }.map { FileWord($0) }
        // What is multiplied by nothing.
        let others = stacks.biases.union(exponents).union(tables)
        for stored in package.tensors where !package.isSpare(stored.name) {
            let name = FileWord(stored.name)
            let tensor = stacks.matrices[name] ?? stored
            guard tensor.shape.count >= 2, !others.contains(name) else { continue }
            let isExperts = experts.contains(name)
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
                // Keys and values are a part of the matrix's rows.
                let keys = 2 * numbers.cacheHeads
                promptMultiplyAdds += products * keys / (numbers.heads + keys)
            }
        }
        promptAttentionMultiplyAdds = Self.attention(numbers, prompt: prompt)
    }

    /// The files' names of matrices that are one expert's.
    private static func singleExperts(_ package: ModelPackage, _ numbers: Hyperparameters) -> Set<FileWord> {
        guard let experts = numbers.experts else { return [] }
        let layers = (0..<numbers.layers).filter(numbers.hasExperts)
        let stacks = layers.flatMap { layer in TensorName.Part.expertMatrices.map { TensorName($0, layer: layer) } }
        let places = stacks.flatMap { stack in (0..<experts.count).map(stack.of(expert:)) }
        return Set(places.map { FileWord(package.spelling($0)) })
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
