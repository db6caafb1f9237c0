package import PinionModelFiles
import PinionTensor

/// What a token costs by the model's size alone, to hold the rates against the machine's limits.
///
/// Of experts only those that a token takes are counted.
package struct TokenWork: Encodable {
    /// Products with weights for one token of a prompt: without the output head, and of the last layer keys and values only.
    package private(set) var promptMultiplyAdds = 0
    /// Products of attention for one token of a prompt, the mean over its positions; again without the last layer's.
    package private(set) var promptAttentionMultiplyAdds = 0
    /// Products with weights for one generated token.
    package private(set) var multiplyAdds = 0
    /// Weights read for one generated token of a single stream, as they are in the file.
    package private(set) var weightBytes = 0
    /// The part of ``weightBytes`` that are experts': 16 streams read up to all of them.
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
        let beginning = package.spelling(TensorName(.attentionOutput, layer: last)).split(separator: "\(last)")[0]
        let lastLayer = beginning + "\(last)."
        let experts = Self.expertNames(package, numbers)
        for tensor in package.tensors where tensor.shape.count >= 2 && !package.isSpare(tensor.name) {
            guard tensor.name == head || tensor.name != embedding else { continue }
            let isExperts = experts.contains(FileWord(tensor.name))
            let (taken, of) = isExperts ? numbers.experts.map { ($0.chosen, $0.count) } ?? (1, 1) : (1, 1)
            let products = tensor.elementCount * taken / of
            let bytes = tensor.byteCount * taken / of
            multiplyAdds += products
            weightBytes += bytes
            if isExperts {
                expertBytes += bytes
                allExpertBytes += tensor.byteCount
            }
            let isKept = !tensor.name.hasPrefix(lastLayer) || kept.contains(tensor.name)
            if tensor.name != head, isKept { promptMultiplyAdds += products }
        }
        promptAttentionMultiplyAdds = Self.attention(numbers, prompt: prompt)
    }

    /// The files' names of the experts' matrices, whether one tensor holds one of them or all.
    private static func expertNames(_ package: ModelPackage, _ numbers: Hyperparameters) -> Set<FileWord> {
        guard let experts = numbers.experts else { return [] }
        let parts: [TensorName.Part] = [.expertGate, .expertUp, .expertDown, .expertGateUp]
        let layers = (0..<numbers.layers).filter(numbers.hasExperts)
        let stacks = layers.flatMap { layer in parts.map { TensorName($0, layer: layer) } }
        let single = stacks.flatMap { name in (0..<experts.count).map(name.of(expert:)) }
        return Set((stacks + single).map { FileWord(package.spelling($0)) })
    }

    /// Scores and sums over the tokens that each token of a prompt sees.
    private static func attention(_ numbers: Hyperparameters, prompt: Int) -> Int {
        func seen(_ length: Int) -> Int { (1...max(prompt, 1)).reduce(0) { $0 + min($1, length) } }
        let tokens = (0..<numbers.layers - 1).reduce(0) { sum, layer in
            sum + seen(numbers.isWindowed(layer) ? numbers.window?.length ?? prompt : prompt)
        }
        return 2 * numbers.heads * numbers.headDimension * tokens / max(prompt, 1)
    }
}
