import PinionTensor

/// How gpt-oss's folders store experts.
extension ModelFolder {
    /// The experts' matrices as [columns, rows, experts], or their biases as [rows, experts]; nil where there are none.
    ///
    /// Float matrices are transposed. MXFP4 has `..._blocks`, [experts, rows, blocks, 16] bytes, and `..._scales`,
    /// [experts, rows, blocks]. In either the rows of gate and up are interleaved.
    ///
    /// Source: the model of gpt-oss in transformers, and its MXFP4 integration.
    func transposedExperts(_ name: TensorName) throws(ModelError) -> StoredTensor? {
        let spelled = spelling(name)
        let whole = weights.tensor(named: spelled)
        guard var tensor = try whole == nil ? splitExperts(spelled) : whole else { return nil }
        guard tensor.type != .f8E4M3 else {
            throw ModelError(
                .invalidTensor,
                "\(tensor.file.path): tensor '\(tensor.name)' has type F8_E4M3, expected F32, F16, BF16, or MXFP4 as "
                    + "'\(spelled)_blocks' and '\(spelled)_scales'")
        }
        if !name.isBias, tensor.exponents == nil {
            guard tensor.shape.count == 3 else {
                throw ModelError(
                    .invalidTensor,
                    "\(tensor.file.path): tensor '\(tensor.name)' has shape \(tensor.shape), expected three dimensions")
            }
            tensor = tensor.transposed()
        }
        let rows = tensor.shape.count == (name.isBias ? 2 : 3) ? tensor.shape[name.isBias ? 0 : 1] : 0
        tensor.isInterleaved = name.part == .expertGateUp && rows % 2 == 0
        return tensor
    }

    private func splitExperts(_ stem: String) throws(ModelError) -> StoredTensor? {
        guard let blocks = weights.tensor(named: stem + "_blocks") else { return nil }
        func wrong(_ tensor: StoredTensor, _ what: String) -> ModelError {
            ModelError(.invalidTensor, "\(tensor.file.path): tensor '\(tensor.name)' of MXFP4 \(what)")
        }
        guard let scales = weights.tensor(named: stem + "_scales") else {
            throw wrong(blocks, "has no '\(stem)_scales'")
        }
        for tensor in [blocks, scales] where tensor.type != .other("U8") {
            throw wrong(tensor, "has type \(tensor.type.name), expected U8")
        }
        let type = StorageType.splitMXFP4
        guard blocks.shape.count == 4, blocks.shape[0] == type.blockBytes else {
            throw wrong(
                blocks, "has shape \(blocks.shape), expected four dimensions, blocks of \(type.blockBytes) bytes")
        }
        guard scales.shape == Array(blocks.shape.dropFirst()) else {
            throw wrong(scales, "has shape \(scales.shape), expected \(blocks.shape.dropFirst())")
        }
        var tensor = StoredTensor(
            name: blocks.name, type: type,
            shape: [blocks.shape[1] * type.blockElements] + blocks.shape.dropFirst(2), file: blocks.file,
            range: blocks.fileRange)
        tensor.exponents = StoredTensor.Exponents(scales)
        return tensor
    }
}
