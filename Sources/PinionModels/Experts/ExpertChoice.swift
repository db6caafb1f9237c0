package import PinionModelFiles
package import PinionTensor

/// Chooses the experts of a token by the router's scores.
package struct ExpertChoice {
    /// Added to the sum of weights that it divides, where scores do not add up to 1.
    private static let leastSum: Float = 1e-20

    let numbers: Hyperparameters.Experts
    /// [experts]; added to the scores that choose, though not to the weights. Empty where there is none.
    let bias: [Float]

    package init(_ numbers: Hyperparameters.Experts, bias: [Float] = []) {
        self.numbers = numbers
        self.bias = bias
    }

    /// Chooses by the highest scores, of equal ones by the lower index.
    ///
    /// - Parameters:
    ///   - logits: `[experts]`; overwritten.
    ///   - experts: `[chosen]`: receives the experts, the likeliest first.
    ///   - weights: `[chosen]`: receives their weights.
    package func choose(
        _ logits: UnsafeMutablePointer<Float>, experts: UnsafeMutablePointer<Int32>,
        weights: UnsafeMutablePointer<Float>, with kernels: Kernels
    ) {
        var areNumbers = true
        for expert in 0..<numbers.count where !logits[expert].isFinite { areNumbers = false }
        // A router's output that is no number makes all weights of the token none, so that the sampler can tell.
        let total = areNumbers ? score(logits, with: kernels) : .nan
        withUnsafeTemporaryAllocation(of: Float.self, capacity: numbers.count) { chances in
            for expert in chances.indices {
                let chance = logits[expert] + (bias.isEmpty ? 0 : bias[expert] * total)
                // Only numbers can be compared.
                chances[expert] = chance.isFinite ? chance : -.greatestFiniteMagnitude
            }
            if numbers.groups > 1 { keepBestGroups(chances) }
            for rank in 0..<numbers.chosen {
                let best = Self.best(chances)
                // Below every expert that is left, so that it is not chosen again.
                chances[best] = -.infinity
                experts[rank] = Int32(best)
                weights[rank] = logits[best]
            }
        }
        let divisor: Float
        if total.isNaN {
            divisor = total
        } else if numbers.scoring == .softmaxOfChosen {
            divisor = kernels.expSum(weights, count: numbers.chosen, shift: weights[0], out: weights)
        } else {
            divisor = numbers.isNormalised ? sum(weights) : total
        }
        for rank in 0..<numbers.chosen { weights[rank] = weights[rank] / divisor * numbers.factor }
    }

    /// Turns logits into scores.
    ///
    /// - Returns: The divisor that makes scores shares of a whole; 1 where they are none.
    private func score(_ logits: UnsafeMutablePointer<Float>, with kernels: Kernels) -> Float {
        let count = numbers.count
        switch numbers.scoring {
        case .softmax:
            return kernels.expSum(logits, count: count, shift: kernels.maximum(logits, count: count), out: logits)
        // Raw scores choose: their exponentials could be equal where the scores are not.
        case .softmaxOfChosen: return 1
        case .sigmoid:
            _ = kernels.expSum(logits, count: count, shift: 0, factor: -1, out: logits)
            for expert in 0..<count { logits[expert] = 1 / (1 + logits[expert]) }
            return 1
        }
    }

    private func sum(_ weights: UnsafeMutablePointer<Float>) -> Float {
        var sum: Float = 0
        for rank in 0..<numbers.chosen { sum += weights[rank] }
        return numbers.scoring == .sigmoid ? sum + Self.leastSum : sum
    }

    /// Takes the experts of all but the best groups out of the choice; a group is as good as its two best together.
    private func keepBestGroups(_ chances: UnsafeMutableBufferPointer<Float>) {
        let size = numbers.count / numbers.groups
        withUnsafeTemporaryAllocation(of: Float.self, capacity: numbers.groups) { scores in
            for group in scores.indices {
                var (first, second) = (-Float.infinity, -Float.infinity)
                for expert in group * size..<(group + 1) * size {
                    let chance = chances[expert]
                    if chance > first { (first, second) = (chance, first) } else { second = max(second, chance) }
                }
                scores[group] = first + second
            }
            for _ in 0..<numbers.groups - numbers.chosenGroups {
                // Of equal groups the later one goes.
                var worst = 0
                for group in scores.indices where scores[group] <= scores[worst] { worst = group }
                scores[worst] = .infinity
                for expert in worst * size..<(worst + 1) * size { chances[expert] = -.infinity }
            }
        }
    }

    /// The first of the highest numbers.
    private static func best(_ chances: UnsafeMutableBufferPointer<Float>) -> Int {
        var best = 0
        for expert in chances.indices where chances[expert] > chances[best] { best = expert }
        return best
    }
}
