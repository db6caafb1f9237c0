import PinionEngine
import Testing

@Suite("Step pacer")
struct StepPacerTests {
    /// A machine on which a step takes a fixed time, and more for each stream and each token of a prompt.
    struct Machine {
        var fixed = 0.003
        var perStream = 0.0006
        var perPromptToken = 0.0005

        func seconds(streams: Int, promptTokens: Int) -> Double {
            fixed + Double(streams) * perStream + Double(promptTokens) * perPromptToken
        }
    }

    /// Runs steps until the pacer has settled; the prompt tokens of the last ones.
    static func settle(
        _ pacer: inout StepPacer, _ machine: Machine, streams: Int, prompts: Int, steps: Int = 200
    ) -> [Int] {
        (0..<steps).map { _ in
            let tokens = min(pacer.promptTokens(streams: streams, prompts: prompts), 512)
            pacer.observe(
                seconds: machine.seconds(streams: streams, promptTokens: tokens), streams: streams, promptTokens: tokens
            )
            return tokens
        }
    }

    @Test("One long prompt beside streams makes their steps at most twice as long", arguments: [1, 8, 16])
    func oneLongPrompt(_ streams: Int) {
        for machine in [Machine(), Machine(fixed: 0.03, perStream: 0.002, perPromptToken: 0.006)] {
            var pacer = StepPacer()
            let tokens = Self.settle(&pacer, machine, streams: streams, prompts: 1).suffix(130)
            let alone = machine.seconds(streams: streams, promptTokens: 0)
            for tokens in tokens {
                #expect(
                    machine.seconds(streams: streams, promptTokens: tokens)
                        <= max(2 * alone, alone + 4 * machine.perPromptToken))
            }
            // And yet the prompt gets on: the tokens that its share of the time pays, down to a whole 4, but for two looks.
            let share = 0.85 * alone / machine.perPromptToken
            let expected = max(Int(share) / 4 * 4, 4)
            #expect(tokens.reduce(0, +) >= 128 * expected, "\(expected) tokens")
            #expect(tokens.count { $0 == 0 } <= 2)
        }
    }

    /// A look comes within 64 steps, a second one confirms it, and the cost of a prompt's token is learnt in a few more.
    static let stepsToFollow = 80

    @Test(
        "A machine that becomes faster or slower is followed within 80 steps, and no step on the way keeps streams waiting",
        arguments: [1, 8, 16], [0.1, 1.0 / 3, 3, 10])
    func changeOfSpeed(_ streams: Int, _ factor: Double) {
        let before = Machine()
        let machine = Machine(
            fixed: before.fixed * factor, perStream: before.perStream * factor,
            perPromptToken: before.perPromptToken * factor)
        var pacer = StepPacer()
        _ = Self.settle(&pacer, before, streams: streams, prompts: 1, steps: 300)
        let tokens = Self.settle(&pacer, machine, streams: streams, prompts: 1, steps: 400)
        let alone = machine.seconds(streams: streams, promptTokens: 0)
        let longest = tokens.map { machine.seconds(streams: streams, promptTokens: $0) }.max() ?? 0
        #expect(longest <= max(2 * alone, alone + 4 * machine.perPromptToken), "\(longest / alone) times as long")
        let share = 0.85 * alone / machine.perPromptToken
        for tokens in tokens[Self.stepsToFollow...] where tokens > 0 {
            #expect(abs(Double(tokens) - share) <= max(0.3 * share, 4), "\(tokens) tokens for a share of \(share)")
        }
    }

    @Test("It follows prompt tokens that become dearer")
    func dearerPrompts() {
        var pacer = StepPacer()
        _ = Self.settle(&pacer, Machine(), streams: 8, prompts: 1)
        let dear = Machine(perPromptToken: 0.002)
        let tokens = Self.settle(&pacer, dear, streams: 8, prompts: 1).suffix(60)
        let alone = dear.seconds(streams: 8, promptTokens: 0)
        let longest = tokens.map { dear.seconds(streams: 8, promptTokens: $0) }.max() ?? 0
        #expect(longest <= alone + 4 * dear.perPromptToken)
    }

    @Test("A single step that the system delayed changes the budget by a quarter of the delay at most, for some steps")
    func hiccup() {
        let machine = Machine()
        var pacer = StepPacer()
        let settled = Self.settle(&pacer, machine, streams: 8, prompts: 1, steps: 100).last ?? 0
        // The next look takes ten times as long as it should.
        var steps = 0
        while pacer.promptTokens(streams: 8, prompts: 1) > 0 {
            pacer.observe(
                seconds: machine.seconds(streams: 8, promptTokens: settled), streams: 8, promptTokens: settled)
            steps += 1
        }
        #expect(steps < 100)
        let alone = machine.seconds(streams: 8, promptTokens: 0)
        pacer.observe(seconds: 10 * alone, streams: 8, promptTokens: 0)
        #expect(pacer.promptTokens(streams: 8, prompts: 1) == 0, "a second look follows")
        pacer.observe(seconds: alone, streams: 8, promptTokens: 0)
        let after = Self.settle(&pacer, machine, streams: 8, prompts: 1, steps: 200)
        #expect((after.max() ?? 0) <= 3 * settled)
        #expect(after.suffix(60).filter { $0 > 0 }.allSatisfy { $0 <= 2 * settled })
    }

    @Test("Prompts that outnumber the streams get more")
    func crowding() {
        var pacer = StepPacer()
        let few = Self.settle(&pacer, Machine(), streams: 8, prompts: 1).suffix(100).max() ?? 0
        let many = Self.settle(&pacer, Machine(), streams: 8, prompts: 8).suffix(100).max() ?? 0
        let most = Self.settle(&pacer, Machine(), streams: 1, prompts: 15).suffix(100).max() ?? 0
        #expect(many >= 2 * few)
        #expect(most >= many / 2 && most > few)
    }

    @Test("Without streams prompts take all, and without prompts nobody asks")
    func alone() {
        var pacer = StepPacer()
        #expect(pacer.promptTokens(streams: 0, prompts: 3) == .max)
        #expect(pacer.promptTokens(streams: 3, prompts: 0) == .max)
        pacer.observe(seconds: 0, streams: 1, promptTokens: 1)
        pacer.observe(seconds: 1e9, streams: 0, promptTokens: 1)
        pacer.observe(seconds: 1e-9, streams: 1, promptTokens: 0)
        let tokens = pacer.promptTokens(streams: 1, prompts: 1)
        #expect(tokens >= 4)
    }

    @Test("What streams take by themselves is looked at again from time to time")
    func looks() {
        var pacer = StepPacer()
        let tokens = Self.settle(&pacer, Machine(), streams: 8, prompts: 1, steps: 1000)
        let looks = tokens.count { $0 == 0 }
        #expect(looks >= 1000 / 100 && looks <= 1000 / 20)
    }
}
