package import PinionTensor

/// The tensors that hold something of all experts of a layer, by the files' names.
package struct ExpertStacks {
    /// Matrices as they are read: their shape may differ from the stored one.
    package private(set) var matrices: [FileWord: StoredTensor] = [:]
    package private(set) var biases: Set<FileWord> = []

    /// - Throws: ``ModelError`` for a tensor that the package cannot read as experts.
    package init(_ package: ModelPackage, _ numbers: Hyperparameters) throws(ModelError) {
        for layer in 0..<numbers.layers where numbers.hasExperts(layer) {
            for part in TensorName.Part.expertMatrices {
                let place = TensorName(part, layer: layer)
                if let tensor = try package.tensor(place) { matrices[FileWord(tensor.name)] = tensor }
                if let tensor = try package.tensor(place.bias) { biases.insert(FileWord(tensor.name)) }
            }
        }
    }
}
