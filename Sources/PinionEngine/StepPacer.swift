/// Chooses how many tokens of prompts a step may take beside running streams.
///
/// A step takes as long as its tokens need, and every stream waits for its end. Prompts therefore get a part of the time
/// that the streams take of themselves: a fixed share while there are few, more as they outnumber the streams, for then most
/// who wait, wait for a first token. The times are learnt from the steps that were. A pure value: it is told all times.
package struct StepPacer: Sendable {
    /// Time of a prompt in a step, at most, as a part of what the step's streams take by themselves.
    private static let share = 0.85
    /// How many streams each further prompt counts for.
    private static let promptWeight = 2.0
    /// Tokens are given in this number: half of what the matrix kernels take at once, for deep in a long prompt it is
    /// attention that costs.
    private static let grain = 4
    /// For the first step with both.
    private static let firstGuess = 8 * grain
    /// Tokens that cost as much as reading the weights once, about: how the time of a step without prompts depends on its
    /// streams, until one of that many has been seen.
    private static let weightTokens = 5.0
    /// Steps with prompts after which one without shows again what streams take by themselves.
    private static let stepsBetweenLooks = 64
    /// A stream's token costs at most so many times a prompt's: where what is known of streams by themselves is out of date.
    private static let dearestStream = 8
    /// More than any step takes.
    private static let most = 1e6
    /// Part of a new time in the running mean.
    private static let gain = 0.25

    /// Seconds and streams of steps without prompts.
    private var alone: (seconds: Double, streams: Int)?
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
            stepsSinceLook = 0
            let mean = streamSeconds(streams).map { $0 + Self.gain * (seconds - $0) }
            alone = (mean ?? seconds, streams)
            return
        }
        stepsSinceLook += streams > 0 ? 1 : 0
        let prompts = seconds - (streamSeconds(streams) ?? 0)
        let perToken =
            max(prompts, seconds / Double(Self.dearestStream * (streams + promptTokens))) / Double(promptTokens)
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
        let tokens = seconds * max(Self.share, crowding) / secondsPerPromptToken
        return max(Int(min(tokens, Self.most)) / Self.grain, 1) * Self.grain
    }

    /// What a step of that many streams and nothing else takes; nil before any was seen.
    private func streamSeconds(_ streams: Int) -> Double? {
        guard streams > 0 else { return 0 }
        return alone.map {
            $0.seconds * (Self.weightTokens + Double(streams)) / (Self.weightTokens + Double($0.streams))
        }
    }
}
