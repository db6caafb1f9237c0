import Foundation
import PinionEngine

/// The sampler's rules, written down the plain way: everything sorted, in double precision.
enum ReferenceSampling {
    struct Distribution {
        /// Of every token; 0 for those that are cut.
        var probabilities: [Double]
        /// How far, relatively, the nearest decision about a token is from going the other way. Below some 1e-6 single
        /// precision may rightly decide otherwise.
        var margin: Double
    }

    static func distribution(
        _ logits: [Float], _ parameters: SamplingParameters, prompt: [Int32] = [], generated: [Int32] = []
    ) -> Distribution {
        let adjusted = adjusted(logits, parameters, prompt: prompt, generated: generated)
        let highest = adjusted.max() ?? 0
        let weights = adjusted.map { exp(($0 - highest) / Double(parameters.temperature)) }
        return cut(weights, minP: parameters.minP, topK: parameters.topK, topP: parameters.topP)
    }

    private static func adjusted(
        _ logits: [Float], _ parameters: SamplingParameters, prompt: [Int32], generated: [Int32]
    ) -> [Double] {
        var values = logits.map(Double.init)
        for (id, bias) in parameters.logitBias { values[Int(id)] += Double(bias) }
        let repetition = Double(parameters.repetitionPenalty)
        for id in Set(prompt + generated) {
            values[Int(id)] = values[Int(id)] > 0 ? values[Int(id)] / repetition : values[Int(id)] * repetition
        }
        for id in values.indices {
            let count = generated.count { Int($0) == id }
            values[id] -= Double(count) * Double(parameters.frequencyPenalty)
            values[id] -= count > 0 ? Double(parameters.presencePenalty) : 0
        }
        return values
    }

    private static func cut(_ weights: [Double], minP: Float, topK: Int?, topP: Float) -> Distribution {
        var margin = Double.infinity
        for weight in weights where minP > 0 { margin = min(margin, abs(weight - Double(minP)) / Double(minP)) }
        var ids = weights.indices.filter { weights[$0] >= Double(minP) }
        ids.sort { (weights[$0], $1) > (weights[$1], $0) }
        if let topK, topK < ids.count {
            let (last, next) = (weights[ids[topK - 1]], weights[ids[topK]])
            if last != next { margin = min(margin, (last - next) / last) }
            ids.removeLast(ids.count - topK)
        }
        if topP < 1 {
            let total = ids.reduce(0.0) { $0 + weights[$1] }
            var sum = 0.0
            var count = 0
            while count < ids.count, sum < Double(topP) * total {
                sum += weights[ids[count]]
                count += 1
                margin = min(margin, abs(sum / total - Double(topP)))
            }
            ids.removeLast(ids.count - count)
        }
        let total = ids.reduce(0.0) { $0 + weights[$1] }
        var probabilities = [Double](repeating: 0, count: weights.count)
        for id in ids { probabilities[id] = weights[id] / total }
        return Distribution(probabilities: probabilities, margin: margin)
    }

    /// What `CandidateCut` must keep, in its order, of weights it takes as they are.
    static func kept(_ weights: [Float], minP: Float, topK: Int?, topP: Float) -> [Int] {
        var ids = weights.indices.filter { weights[$0] > 0 && weights[$0] >= minP }
        ids.sort { (weights[$0], $1) > (weights[$1], $0) }
        ids = Array(ids.prefix(topK ?? ids.count))
        guard topP < 1 else { return ids }
        let share = Double(topP) * ids.reduce(0.0) { $0 + Double(weights[$1]) }
        var sum = 0.0
        let end = ids.firstIndex { id in
            sum += Double(weights[id])
            return sum >= share
        }
        return Array(ids.prefix((end ?? ids.count - 1) + 1))
    }
}
