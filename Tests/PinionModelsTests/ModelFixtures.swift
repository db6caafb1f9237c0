import Foundation
import PinionModelFiles
import PinionModels
import PinionTensor

/// The tiny random models and their oracles, made by `Tests/Fixtures/scripts/make_tiny_llama.py`.
enum ModelFixtures {
    static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    struct Oracle: Decodable {
        var token_ids: [Int32]
        var shape: [Int]
        var logits_file: String
    }

    static func modelPath(_ name: String) -> String {
        directory.appending(path: "models/\(name).gguf").path(percentEncoded: false)
    }

    static func oracle(_ name: String) throws -> (tokens: [Int32], logits: [[Float]]) {
        let folder = directory.appending(path: "oracle")
        let oracle = try JSONDecoder().decode(
            Oracle.self, from: Data(contentsOf: folder.appending(path: "\(name).json")))
        let bytes = try Data(contentsOf: folder.appending(path: oracle.logits_file))
        let (rows, columns) = (oracle.shape[0], oracle.shape[1])
        let values = bytes.withUnsafeBytes { raw in
            (0..<rows * columns).map { raw.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
        }
        return (oracle.token_ids, (0..<rows).map { Array(values[$0 * columns..<($0 + 1) * columns]) })
    }

    /// The position whose logits differ most from the oracle's: root mean square of the difference over that of the oracle's
    /// logits at the position.
    static func worstPosition(_ found: [[Float]], _ expected: [[Float]]) -> (position: Int, error: Float) {
        guard found.count == expected.count else { return (min(found.count, expected.count), .infinity) }
        let errors = zip(found, expected).map { found, expected in
            let difference = zip(found, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            let error = (difference / expected.reduce(0) { $0 + $1 * $1 }).squareRoot()
            // A comparison with NaN would hide it.
            return error.isNaN ? .infinity : error
        }
        let position = errors.indices.max { errors[$0] < errors[$1] } ?? 0
        return (position, errors.isEmpty ? .infinity : errors[position])
    }

    static func load(
        _ path: String, kernels: Kernels, workers: Int = 1, limits: StepLimits = StepLimits(tokens: 64, outputs: 64),
        contextLength: Int? = nil, quantisation: Quantisation? = nil
    ) throws -> any LanguageModel {
        let context = LoadContext(
            kernels: kernels, team: WorkerTeam(workers: workers), limits: limits, contextLength: contextLength,
            quantisation: quantisation)
        return try ModelLoader.load(ModelPackage(path: path), context: context)
    }

    /// Logits after every token, the prompt computed in chunks of `chunk` tokens over shuffled cache blocks.
    static func logits(
        _ model: any LanguageModel, _ tokens: [Int32], chunk: Int, cacheBlocks: Int = 16,
        cacheType: KVCache.ElementType = .f16
    ) throws -> [[Float]] {
        let cache = try KVCache(shape: model.shape.cache, elementType: cacheType, blocks: cacheBlocks)
        // Blocks in descending order: nothing may rely on their being adjacent.
        let table = (0..<Int32(cacheBlocks)).reversed().map { $0 }
        var rows: [[Float]] = []
        for start in stride(from: 0, to: tokens.count, by: chunk) {
            let part = tokens[start..<min(start + chunk, tokens.count)]
            var batch = StepBatch()
            batch.append(part, start: start, table: table, wantsOutput: false)
            batch.outputs = part.indices.map { Int32($0 - start) }
            let result = try model.forward(batch, cache: cache)
            for row in 0..<part.count {
                let first = result + row * model.shape.vocabulary
                rows.append(Array(UnsafeBufferPointer(start: first, count: model.shape.vocabulary)))
            }
        }
        return rows
    }
}
