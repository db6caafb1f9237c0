import Foundation
import PinionTensor

/// A folder's tensors under the names that GGUF files have for them.
struct FolderTensors {
    let folder: ModelFolder
    let numbers: Hyperparameters
    let family: ModelFamily

    init(_ folder: ModelFolder, _ numbers: Hyperparameters, _ family: ModelFamily) {
        self.folder = folder
        self.numbers = numbers
        self.family = family
    }

    /// Those that inference needs, in the order of the layers.
    ///
    /// - Throws: ``ModelError`` for a tensor that no place takes: left out, it would change what the model computes.
    func all() throws(ModelError) -> [FolderTensor] {
        var found = try self.found([.embedding, .positions, .finalNorm, .head].map { TensorName($0) })
        if family.needsHead, let embedding = found.first(where: { $0.place.part == .embedding }),
            !found.contains(where: { $0.place.part == .head })
        {
            found.append(FolderTensor(TensorName(.head), family, shape: embedding.shape, parts: embedding.parts))
        }
        for layer in 0..<numbers.layers {
            let dense = numbers.hasExperts(layer) ? [] : Self.denseParts
            found += try self.found((Self.layerParts + dense).map { TensorName($0, layer: layer) })
            guard let experts = numbers.experts, numbers.hasExperts(layer) else { continue }
            found += try FolderExpertTensors(folder: folder, family: family, experts: experts, width: numbers.width)
                .all(layer)
        }
        let used = Set(found.flatMap { $0.parts.map { FileWord($0.tensor.name) } })
        for tensor in folder.tensors where !used.contains(FileWord(tensor.name)) && !folder.isSpare(tensor.name) {
            throw ModelError(
                .invalidTensor,
                "\(tensor.file.path): tensor '\(FileWord(tensor.name).shown)' is none that the family "
                    + "\(family.rawValue) has, and leaving it out may change what the model computes")
        }
        try checkLayers(Set(found.map(\.place)))
        return found
    }

    /// What every layer may have.
    private static let layerParts: [TensorName.Part] = [
        .attentionNorm, .attentionPostNorm, .queryNorm, .keyNorm, .query, .key, .value, .queryKeyValue,
        .attentionOutput, .feedForwardNorm, .feedForwardPostNorm,
    ]
    /// What layers without experts have beside.
    private static let denseParts: [TensorName.Part] = [.gate, .up, .down, .gateUp]
    private static let partsWithoutBias: Set<TensorName.Part> = [.embedding, .positions, .head]

    /// The tensors that the folder has of some places and of their biases.
    private func found(_ places: [TensorName]) throws(ModelError) -> [FolderTensor] {
        var found: [FolderTensor] = []
        for place in places.flatMap({ Self.partsWithoutBias.contains($0.part) ? [$0] : [$0, $0.bias] }) {
            guard let tensor = try folder.tensor(place) else { continue }
            try check(tensor, place)
            found.append(FolderTensor(place, family, tensor, order: try order(place)))
        }
        return found
    }

    /// - Throws: ``ModelError`` for a shape other than the numbers say.
    private func check(_ tensor: StoredTensor, _ place: TensorName) throws(ModelError) {
        let (width, inner, head) = (numbers.width, numbers.feedForward, numbers.headDimension)
        let (queries, keys) = (numbers.heads * head, numbers.cacheHeads * head)
        /// Columns and rows; nil for a vector.
        let matrix: (columns: Int, rows: Int)? =
            switch place.part {
            case .embedding, .head: (width, numbers.vocabulary)
            case .positions: (width, numbers.contextLength)
            case .query: (width, queries)
            case .key, .value: (width, keys)
            case .queryKeyValue: (width, queries + 2 * keys)
            case .attentionOutput: (queries, width)
            case .gate, .up: (width, inner)
            case .gateUp: (width, 2 * inner)
            case .down: (inner, width)
            default: nil
            }
        let expected: [[Int]] =
            if let matrix {
                [place.isBias ? [matrix.rows] : [matrix.columns, matrix.rows]]
            } else if place.part == .queryNorm || place.part == .keyNorm {
                // Over each head, or over all of them together.
                [[head], [place.part == .queryNorm ? queries : keys]]
            } else {
                [[width]]
            }
        try tensor.check(expected)
    }

    /// - Throws: ``ModelError`` for a tensor that the model or one of its layers lacks.
    private func checkLayers(_ found: Set<TensorName>) throws(ModelError) {
        let dense = (0..<numbers.layers).filter { !numbers.hasExperts($0) }
        var needed = [TensorName(.embedding), TensorName(.finalNorm)]
        // What one layer has all have, and each has the two matrices that no family is without.
        for (parts, layers) in [(Self.layerParts, Array(0..<numbers.layers)), (Self.denseParts, dense)] {
            for name in parts.flatMap({ [TensorName($0), TensorName($0).bias] }) {
                let isCommon = !name.isBias && (name.part == .attentionOutput || name.part == .down)
                let places = layers.map { TensorName(name.part, layer: $0, isBias: name.isBias) }
                if isCommon || !found.isDisjoint(with: places) { needed += places }
            }
        }
        for name in needed where !found.contains(name) { throw folder.missing(name) }
    }

    /// Rows of queries and keys lie as the family's files have them: where pairs of elements are neighbours there and lie
    /// half a head apart in the folder, row 2 i + k of a head is row i of its half k.
    private func order(_ place: TensorName) throws(ModelError) -> (@Sendable (Int) -> Int)? {
        guard let rotary = numbers.rotary, rotary.pairing == .halves, family.pairing == .adjacent,
            [.query, .key].contains(place.part)
        else { return nil }
        let (dimension, half) = (numbers.headDimension, numbers.headDimension / 2)
        guard rotary.dimensions == dimension else {
            throw ModelError(
                .unsupportedArchitecture,
                "\(folder.path): heads of \(dimension) elements of which \(rotary.dimensions) are rotated cannot be said in a "
                    + "GGUF file of the family \(family.rawValue); serve the folder itself, with --quantize")
        }
        return { row in
            let (head, inner) = row.quotientAndRemainder(dividingBy: dimension)
            return head * dimension + inner % 2 * half + inner / 2
        }
    }

    /// Divisors of the rotary frequencies, where the format has them as tensors.
    func divisors() throws(ModelError) -> [(name: String, values: [Float])] {
        guard let rotary = numbers.rotary else { return [] }
        switch rotary.frequencies.scaling {
        case .llama3(let factor, let low, let high, let original):
            let values = (0..<rotary.dimensions / 2).map { pair in
                let frequency = pow(rotary.frequencies.base, -2 * Double(pair) / Double(rotary.dimensions))
                return Float(Self.divisor(frequency, factor, low, high, Double(original)))
            }
            return [(TensorName(.rotaryDivisors).inGGUF, values)]
        case .longRope(let long):
            return [
                (TensorName(.longDivisors).inGGUF, long.long ?? []),
                (TensorName(.shortDivisors).inGGUF, long.short ?? []),
            ]
        default: return []
        }
    }

    /// Source: the rotary scaling of Llama 3.1: long waves are divided by the factor, short ones left, with a slope between.
    private static func divisor(
        _ frequency: Double, _ factor: Double, _ low: Double, _ high: Double, _ original: Double
    ) -> Double {
        let wave = 2 * .pi / frequency
        if wave < original / high { return 1 }
        if wave > original / low { return factor }
        let slope = (original / wave - low) / (high - low)
        return 1 / ((1 - slope) / factor + slope)
    }
}

extension ModelFamily {
    /// Whether llama.cpp refuses files of the family whose output head is the embedding. The head is written there as a
    /// matrix of its own.
    fileprivate var needsHead: Bool { self == .qwen2moe }
}
