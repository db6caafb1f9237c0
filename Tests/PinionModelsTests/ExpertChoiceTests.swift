import PinionModelFiles
import PinionModels
import PinionTensor
import TestSupport
import Testing

@Suite("The choice of experts")
struct ExpertChoiceTests {
    private typealias Experts = Hyperparameters.Experts

    private static func experts(_ count: Int, _ chosen: Int) -> Experts {
        Experts(count: count, chosen: chosen, feedForward: 32, layers: [true])
    }

    private static func choose(
        _ experts: Experts, _ logits: [Float], bias: [Float] = [], with kernels: Kernels? = nil
    ) throws -> (experts: [Int32], weights: [Float]) {
        var scores = logits
        var chosen = [Int32](repeating: -1, count: experts.chosen)
        var weights = [Float](repeating: .nan, count: experts.chosen)
        let kernels = try kernels ?? Kernels.forThisMachine()
        ExpertChoice(experts, bias: bias).choose(&scores, experts: &chosen, weights: &weights, with: kernels)
        return (chosen, weights)
    }

    /// The largest difference.
    private static func differ(_ found: [Float], _ expected: [Float]) -> Float {
        zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
    }

    @Test("The likeliest come first, with shares of the whole or of what was chosen")
    func softmax() throws {
        var experts = Self.experts(4, 2)
        // exp gives 1 : 2 : 4 : 8 for logarithms of these numbers.
        let logits: [Float] = [0, 1, 2, 3].map { $0 * 0.693_147_2 }
        let normalised = try Self.choose(experts, logits)
        #expect(normalised.experts == [3, 2])
        #expect(Self.differ(normalised.weights, [8 / 12, 4 / 12]) < 1e-6)
        experts.isNormalised = false
        experts.factor = 3
        let shares = try Self.choose(experts, logits)
        #expect(shares.experts == [3, 2])
        #expect(Self.differ(shares.weights, [24 / 15, 12 / 15]) < 1e-6)
    }

    @Test("Of chosen shares scores choose that no exponential tells apart")
    func softmaxOfChosen() throws {
        var experts = Self.experts(4, 2)
        experts.scoring = .softmaxOfChosen
        let found = try Self.choose(experts, [0, 1, 2, 3].map { $0 * 0.693_147_2 })
        #expect(found.experts == [3, 2])
        #expect(Self.differ(found.weights, [8 / 12, 4 / 12]) < 1e-6)
        // Each of the last three is below the smallest exponential beside the first.
        #expect(try Self.choose(experts, [0, -300, -200, -100]).experts == [0, 3])
        experts.chosen = 3
        let steep = try Self.choose(experts, [500, 200, -900, 300])
        #expect(steep.experts == [0, 3, 1])
        #expect(steep.weights == [1, 0, 0])
    }

    @Test("Of equal experts the lower index comes first, on every instruction set")
    func ties() throws {
        for kernels in Kernels.available {
            #expect(try Self.choose(Self.experts(6, 3), [1, 2, 2, 0, 2, 2], with: kernels).experts == [1, 2, 4])
            #expect(try Self.choose(Self.experts(3, 3), [5, 5, 5], with: kernels).experts == [0, 1, 2])
        }
    }

    @Test("A bias changes the choice but not the weights")
    func bias() throws {
        var experts = Self.experts(4, 2)
        experts.scoring = .sigmoid
        let logits: [Float] = [0, 0, 0, 10]
        let found = try Self.choose(experts, logits, bias: [0, 0, 2, 0])
        #expect(found.experts == [2, 3])
        // Logistic functions of 0 and 10, over their sum.
        let (first, second): (Float, Float) = (0.5, 0.999_954_6)
        let sum = first + second
        #expect(Self.differ(found.weights, [first / sum, second / sum]) < 1e-6)
    }

    @Test("Only experts of the best groups are chosen; a group is as good as its two best together")
    func groups() throws {
        var experts = Self.experts(8, 2)
        experts.scoring = .sigmoid
        experts.groups = 4
        experts.chosenGroups = 1
        // The best single expert stands in the first group, the best pair in the third.
        let logits: [Float] = [4, -8, 0, 0, 2, 2.5, 0.5, 1]
        #expect(try Self.choose(experts, logits).experts == [5, 4])
        experts.chosenGroups = 2
        #expect(try Self.choose(experts, logits).experts == [5, 4])
        experts.chosen = 4
        #expect(Set(try Self.choose(experts, logits).experts) == [4, 5, 6, 7])
        // Of equal groups the first stay.
        #expect(try Self.choose(experts, Array(repeating: 1, count: 8)).experts == [0, 1, 2, 3])
    }

    @Test("A bias is added to shares of a whole, not to what they are divided by")
    func softmaxBias() throws {
        // Shares of 0.1, 0.2 and 0.7: a bias of 0.55 lifts the second above the third.
        let logits: [Float] = [0, 0.693_147_2, 1.945_910_1]
        #expect(try Self.choose(Self.experts(3, 1), logits, bias: [0, 0.55, 0]).experts == [1])
        #expect(try Self.choose(Self.experts(3, 1), logits, bias: [0, 0.45, 0]).experts == [2])
    }

    @Test("One logit that is no number gives a token no finite weight", arguments: [true, false])
    func oneNotNumber(_ isSigmoid: Bool) throws {
        var experts = Self.experts(4, 2)
        if isSigmoid { experts.scoring = .sigmoid }
        for isNormalised in [true, false] {
            experts.isNormalised = isNormalised
            let found = try Self.choose(experts, [1, .nan, 2, 0])
            #expect(found.experts == [2, 0])
            #expect(found.weights.allSatisfy { $0.isNaN })
        }
        experts.scoring = .softmaxOfChosen
        let found = try Self.choose(experts, [1, .nan, 2, 0])
        #expect(found.experts == [2, 0])
        #expect(found.weights.allSatisfy { $0.isNaN })
    }

    @Test("Logits that are no numbers choose experts all the same, once each, and give no finite weight")
    func notNumbers() throws {
        let random = Self.experts(5, 3)
        let found = try Self.choose(random, Array(repeating: .nan, count: 5))
        #expect(found.experts == [0, 1, 2])
        #expect(found.weights.allSatisfy { $0.isNaN })
    }

    @Test("A choice equals that of sorting, for random scores")
    func sorting() throws {
        var random = SeededGenerator(seed: 90)
        for _ in 0..<200 {
            let count = Int.random(in: 1...128, using: &random)
            let experts = Self.experts(count, Int.random(in: 1...min(count, 8), using: &random))
            // Few different values, so that many are equal.
            let logits = (0..<count).map { _ in Float(Int.random(in: -9...9, using: &random)) / 2 }
            let expected = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }.prefix(experts.chosen)
            let found = try Self.choose(experts, logits)
            #expect(found.experts.map(Int.init) == Array(expected))
            #expect(abs(found.weights.reduce(0, +) - 1) < 1e-5)
        }
    }
}
