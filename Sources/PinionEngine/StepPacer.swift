/// Chooses how many tokens of prompts a step may take beside running streams.
///
/// A step takes as long as its tokens need, and every stream waits for its end. Prompts therefore get a part of the time
/// that the streams take of themselves: a fixed share while prompts are few, and more as they outnumber the streams,
/// because most clients then await a first token. Two times are learnt from past steps: what streams take by themselves,
/// and what a prompt's token adds. A pure value: it is told all times.
///
/// A machine whose speed changes at once by more than ``farRatio`` is followed within ``stepsBetweenLooks`` steps and a
/// few more; a smaller change within some looks.
package struct StepPacer: Sendable {
    /// The least time that prompts get, as a part of what the step's streams take by themselves; crowding raises it.
    private static let minimumShare = 0.85
    /// Streams whose share of the time each further prompt earns.
    private static let promptWeight = 2.0
    /// Tokens are given in this number: half of what the matrix kernels take at once, for deep in a long prompt it is
    /// attention that costs.
    private static let grain = 4
    /// For the first step with both.
    private static let firstGuess = 8 * grain
    /// Tokens of prompts that take about as long as reading the weights once: a step with n streams and nothing else is
    /// taken to grow as this number + n, so that the last measurement serves for other numbers of streams.
    private static let weightTokens = 5.0
    /// Steps with prompts after which a step without shows again what streams take by themselves (a look).
    private static let stepsBetweenLooks = 64
    /// A step of streams alone takes at most this many times what as many tokens of prompts would, the weights' reading
    /// included: a stream at the end of a context of 8,192 tokens costs 7 times a prompt's first token. It bounds a prompt
    /// token's cost from below where the known time of the streams is out of date and leaves prompts nothing.
    private static let maximumStreamCost = 8.0
    /// A look is far from what was expected when one is more than so many times the other. Noise seldom goes so far twice
    /// running, so that two such looks which agree are a change of the machine.
    private static let farRatio = 1.5
    /// More tokens than any step takes.
    private static let most = 1e6
    /// Part of a new time in the running mean.
    private static let gain = 0.25

    /// Seconds and streams of steps without prompts.
    private var alone: (seconds: Double, streams: Int)?
    /// The last look, in seconds for a weight of 1 (``weight(_:)``), if it was far from what was expected.
    private var farLook: Double?
    private var secondsPerPromptToken: Double?
    private var stepsSinceLook = 0

    package init() {}

    /// Tells what a step took.
    ///
    /// - Parameters:
    ///   - streams: Sequences of which it computed the next token.
    ///   - promptTokens: Its other tokens, but for drafts.
    package mutating func observe(seconds: Double, streams: Int, promptTokens: Int) {
        guard seconds > 0 else { return }
        if promptTokens == 0 {
            look(seconds: seconds, streams: streams)
        } else {
            learnPromptCost(seconds: seconds, streams: streams, promptTokens: promptTokens)
        }
    }

    /// Learns from a step without prompts.
    private mutating func look(seconds: Double, streams: Int) {
        let expected = streamSeconds(streams) ?? seconds
        let perWeight = seconds / Self.weight(streams)
        if !Self.isFar(seconds, expected) {
            alone = (expected + Self.gain * (seconds - expected), streams)
            (farLook, stepsSinceLook) = (nil, 0)
        } else if let farLook, !Self.isFar(perWeight, farLook) {
            alone = (seconds, streams)
            (self.farLook, stepsSinceLook) = (nil, 0)
        } else {
            alone = (expected + Self.gain * (seconds - expected), streams)
            // Another look at the next step tells noise from a machine that has changed.
            (farLook, stepsSinceLook) = (perWeight, Self.stepsBetweenLooks)
        }
    }

    /// Learns from a step with prompts.
    private mutating func learnPromptCost(seconds: Double, streams: Int, promptTokens: Int) {
        let streamSeconds = streamSeconds(streams) ?? 0
        stepsSinceLook += streams > 0 ? 1 : 0
        // With prompts the step took less than the streams are said to take without: the machine has become faster.
        if seconds < streamSeconds { stepsSinceLook = Self.stepsBetweenLooks }
        // seconds = streams' time + promptTokens * cost, and the streams' time <= maximumStreamCost * weight * cost.
        let floor = seconds / (Double(promptTokens) + Self.maximumStreamCost * Self.weight(streams))
        let perToken = max((seconds - streamSeconds) / Double(promptTokens), floor)
        secondsPerPromptToken = secondsPerPromptToken.map { $0 + Self.gain * (perToken - $0) } ?? perToken
    }

    /// Tokens that prompts may take of the next step; 0 now and then, to see what streams take by themselves.
    ///
    /// - Parameters:
    ///   - streams: Sequences that will have their next token; with none, prompts may take all.
    ///   - prompts: Sequences that have no token yet.
    package mutating func promptTokens(streams: Int, prompts: Int) -> Int {
        guard streams > 0, prompts > 0 else { return .max }
        guard let seconds = streamSeconds(streams), stepsSinceLook < Self.stepsBetweenLooks else { return 0 }
        guard let secondsPerPromptToken else { return Self.firstGuess }
        let crowding = Self.promptWeight * Double(prompts - 1) / Double(streams)
        let tokens = seconds * max(Self.minimumShare, crowding) / secondsPerPromptToken
        return max(Int(min(tokens, Self.most)) / Self.grain, 1) * Self.grain
    }

    /// What a step of that many streams and nothing else takes; nil before any was seen.
    private func streamSeconds(_ streams: Int) -> Double? {
        guard streams > 0 else { return 0 }
        return alone.map { $0.seconds * Self.weight(streams) / Self.weight($0.streams) }
    }

    /// What a step of that many streams costs in tokens of prompts, about.
    private static func weight(_ streams: Int) -> Double { weightTokens + Double(streams) }

    private static func isFar(_ a: Double, _ b: Double) -> Bool { max(a, b) > farRatio * min(a, b) }
}
