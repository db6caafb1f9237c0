import PinionModelFiles
import PinionTensor

extension DecoderStack {
    /// What a model's files say of it, without loading it.
    static func plan(
        _ package: ModelPackage, limits: StepLimits, quantisation: Quantisation?
    ) throws(ModelError) -> ModelPlan {
        let numbers = try package.hyperparameters()
        var bytes = 0
        func names(_ parts: TensorName.Part...) -> Set<FileWord> {
            let places = (0..<numbers.layers).flatMap { layer in parts.map { TensorName($0, layer: layer) } }
            return Set(places.map { FileWord(package.spelling($0)) })
        }
        let (routers, fused) = (names(.router, .sharedScale), names(.gateUp, .expertGateUp, .sharedGateUp))
        let stacks = try ExpertStacks(package, numbers)
        for stored in package.tensors where !package.isSpare(stored.name) {
            let tensor = stacks.matrices[FileWord(stored.name)] ?? stored
            if stacks.biases.contains(FileWord(stored.name)) {
                bytes += tensor.elementCount * MemoryLayout<Float>.size
                continue
            }
            guard [2, 3].contains(tensor.shape.count) else { continue }
            // What cannot be packed is refused when it is loaded, or not needed.
            let isStack = tensor.shape.count == 3
            let isTable = !isStack && tensor.shape[1] == numbers.vocabulary
            let matrix = isStack ? tensor.matrix(0) : tensor
            let name = FileWord(stored.name)
            let quantised = routers.contains(name) ? nil : quantisation?.type(isTable: isTable)
            // Gate and up in one matrix are packed as two.
            let parts = (fused.contains(name) || tensor.isInterleaved) && matrix.shape[1] % 2 == 0 ? 2 : 1
            let source = try? MatrixSource(matrix, rows: 0..<matrix.shape[1] / parts, quantised: quantised)
            let packed = source.map { PackedMatrix.byteCount(packing: $0) } ?? 0
            bytes += packed * parts * (isStack ? tensor.shape[2] : 1)
        }
        return ModelPlan(
            shape: numbers.shape, weightBytes: bytes, bufferBytes: DecoderState.byteCount(numbers, limits: limits))
    }
}
