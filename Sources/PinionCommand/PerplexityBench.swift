import Foundation
import PinionEngine
import PinionGeneration
import PinionModelFiles
import PinionTensor
import PinionTokenizer

/// Scores a text with a model of its own, outside any engine.
enum PerplexityBench {
    static func score(
        path: String, text: String, limit: Int, workers: Int
    ) throws -> (perplexity: Double, tokens: Int) {
        let package = try ModelPackage(path: path)
        let tokens = Array(try TextModel.tokenizer(of: package).encode(text).prefix(max(limit, 0)))
        guard tokens.count >= 2 else { throw CommandFailure("a text of at least two tokens is needed") }
        let scores = try TokenScoring.score(tokens, package, kernels: .forThisMachine(), workers: workers)
        let logprobs = scores.compactMap(\.logprob).map(Double.init)
        return (exp(-logprobs.reduce(0, +) / Double(logprobs.count)), tokens.count)
    }
}
