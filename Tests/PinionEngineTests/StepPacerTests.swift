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
            let tokens = Self.settle(&pacer, machine, streams: streams, prompts: 1).suffix(100)
            let alone = machine.seconds(streams: streams, promptTokens: 0)
            for tokens in tokens {
                #expect(
                    machine.seconds(streams: streams, promptTokens: tokens)
                        <= max(2 * alone, alone + 4 * machine.perPromptToken))
            }
            // And yet the prompt gets on: a third of the time at least.
            let prompt = Double(tokens.reduce(0, +)) * machine.perPromptToken
            #expect(prompt > 0.5 * alone * 100 || tokens.filter { $0 > 0 }.allSatisfy { $0 >= 4 })
        }
    }

    @Test("It follows a machine that becomes slower, and prompt tokens that become dearer")
    func changes() {
        var pacer = StepPacer()
        _ = Self.settle(&pacer, Machine(), streams: 8, prompts: 1)
        let slow = Machine(fixed: 0.009, perStream: 0.0018, perPromptToken: 0.0015)
        let dear = Machine(perPromptToken: 0.002)
        for machine in [slow, dear] {
            let tokens = Self.settle(&pacer, machine, streams: 8, prompts: 1, steps: 400).suffix(60)
            let alone = machine.seconds(streams: 8, promptTokens: 0)
            let longest = tokens.map { machine.seconds(streams: 8, promptTokens: $0) }.max() ?? 0
            #expect(longest <= max(2.1 * alone, alone + 4 * machine.perPromptToken))
        }
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
