import Foundation
package import PinionModelFiles
import PinionModels
package import PinionTensor

/// How well a model predicts a given text, token by token: perplexity and agreement with other implementations.
package struct TokenScore: Sendable, Equatable {
    /// The most likely next token.
    package var best: Int32
    /// Natural logarithm of the probability of the token that does follow; nil after the last.
    package var logprob: Float?
}

package enum TokenScoring {
    private static let chunk = 64

    /// Scores every position of one sequence in a single context.
    ///
    /// Blocks its thread for as long as the model needs.
    /// - Parameters:
    ///   - tokens: At least one, and at most the model's context.
    ///   - cacheType: What keys and values are kept as.
    package static func score(
        _ tokens: [Int32], _ package: ModelPackage, kernels: Kernels, workers: Int,
        cacheType: KVCache.ElementType = EngineConfiguration.defaultCacheType
    ) throws -> [TokenScore] {
        let team = WorkerTeam(workers: workers)
        let context = LoadContext(
            kernels: kernels, team: team, limits: StepLimits(tokens: chunk, outputs: chunk))
        let model = try ModelLoader.load(package, context: context)
        guard tokens.count <= model.shape.contextLength, !tokens.isEmpty,
            tokens.allSatisfy({ $0 >= 0 && $0 < model.shape.vocabulary })
        else {
            throw EngineError(
                .invalidRequest,
                "\(tokens.count) tokens to score, expected 1 to \(model.shape.contextLength) ids of the vocabulary",
                parameter: .prompt)
        }
        let blocks = (tokens.count + KVCache.blockTokens - 1) / KVCache.blockTokens
        let cache = try KVCache(shape: model.shape.cache, elementType: cacheType, blocks: blocks)
        let table = (0..<Int32(blocks)).map { $0 }
        var scores: [TokenScore] = []
        for start in stride(from: 0, to: tokens.count, by: chunk) {
            let part = tokens[start..<min(start + chunk, tokens.count)]
            var batch = StepBatch()
            batch.append(part, start: start, table: table, wantsOutput: false)
            batch.outputs = (0..<Int32(part.count)).map { $0 }
            let logits = try team.lease { try model.forward(batch, cache: cache) }
            for row in 0..<part.count {
                let vocabulary = model.shape.vocabulary
                let values = UnsafeMutableBufferPointer(start: logits + row * vocabulary, count: vocabulary)
                let report = LogProbabilities(values, kernels: kernels, top: 1)
                let next = start + row + 1
                let logprob = next < tokens.count ? report.logprob(of: values[Int(tokens[next])]) : nil
                scores.append(TokenScore(best: report.alternatives.first?.id ?? 0, logprob: logprob))
            }
        }
        return scores
    }
}
