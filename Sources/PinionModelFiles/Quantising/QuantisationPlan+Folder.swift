import Foundation
import PinionTensor

extension QuantisationPlan {
    /// The plan for a folder: metadata are made of its files, and tensors are what llama.cpp's converter makes of them.
    ///
    /// - Throws: ``ModelError`` for what a GGUF file cannot say, with what to do instead.
    init(_ folder: ModelFolder, _ mix: QuantisationMix) throws(ModelError) {
        self.init(inputs: folder.digestedFiles)
        let family = try folder.family()
        let numbers = try folder.hyperparameters()
        let name = URL(filePath: folder.path).lastPathComponent
        header.add("general.architecture", .text(family.rawValue))
        header.add("general.type", .text("model"))
        header.add("general.name", .text(name))
        for entry in try NumbersInGGUF(numbers, family, path: folder.path).entries {
            header.add(entry.key, entry.value)
        }
        header.add(Self.fileTypeKey, .uint32(mix.fileType))
        header.add(Self.versionKey, .uint32(Self.version))
        for entry in try TextsInGGUF(folder, family, vocabulary: numbers.vocabulary).entries {
            header.add(entry.key, entry.value)
        }
        expected = try numbers.saidInGGUF(family, path: folder.path)
        try addTensors(FolderTensors(folder, numbers, family), mix)
    }

    private mutating func addTensors(_ tensors: FolderTensors, _ mix: QuantisationMix) throws(ModelError) {
        let found = try tensors.all()
        let numbers = tensors.numbers
        let outline = ModelOutline(
            architecture: tensors.family.rawValue, layers: numbers.layers, heads: numbers.heads,
            cacheHeads: numbers.cacheHeads, experts: numbers.experts?.count ?? 0, names: found.map(\.name))
        for divisors in try tensors.divisors() {
            add(divisors.name, shape: [divisors.values.count], type: .f32, .floats(divisors.values))
        }
        for tensor in found {
            guard tensor.shape.count > 1 else {
                let order = tensor.order.map { order in (0..<tensor.shape[0]).map(order) }
                add(tensor.name, shape: tensor.shape, type: .f32, .vector(tensor.parts[0].tensor, order: order))
                continue
            }
            let isRounded = Self.isRounded(tensor.name, shape: tensor.shape)
            let type = isRounded ? mix.type(of: tensor.name, in: outline).filled(by: tensor.shape[0]) : .f32
            var encoders: [TensorEncoder] = []
            do throws(TensorError) {
                for part in tensor.parts {
                    encoders.append(try TensorEncoder(part.matrix, as: type, rows: part.rows, order: tensor.order))
                }
            } catch { throw ModelError(error) }
            add(tensor.name, shape: tensor.shape, type: type, .matrices(encoders))
        }
    }
}
