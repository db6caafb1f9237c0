package import PinionEngine
package import PinionTokenizer
import TextGeneration

/// Turns the tokens of one choice into text events, and ends the choice at a stop string in the step that completes it.
///
/// - Note: `@unchecked Sendable` is sound because the engine thread alone calls it; `completion` guards what choices share.
package final class TextSink: TokenSink, @unchecked Sendable {
    private let choice: Int
    private let tokenizer: Tokenizer
    private let completion: Completion
    private var detokenizer: StreamingDetokenizer
    private var stops: StopStringMatcher
    private var reports: ReportQueue
    /// Whether a stop string may yet take back what is only begun.
    private let hasStops: Bool
    private var isStopped = false
    /// What the choice is held to.
    private let constraint: GrammarConstraint?

    package init(
        choice: Int, tokenizer: Tokenizer, stop: [String], completion: Completion, constraint: GrammarConstraint? = nil
    ) {
        self.constraint = constraint
        self.choice = choice
        self.tokenizer = tokenizer
        self.completion = completion
        detokenizer = StreamingDetokenizer(tokenizer)
        stops = StopStringMatcher(stop)
        hasStops = !stop.isEmpty
        reports = ReportQueue()
    }

    package func accept(_ token: SampledToken) -> TokenDecision {
        let text = detokenizer.append(token.id)
        let (released, stopped) = stops.append(text)
        if let logprob = token.logprob {
            let report = TokenReport(
                token: candidate(token.id, logprob),
                alternatives: token.alternatives.map { candidate($0.id, $0.logprob) })
            reports.append(report, isWhole: !hasStops || !detokenizer.hasUnfinishedScalar, at: text)
        }
        isStopped = stopped
        // The constraint has heard of the token already.
        let isComplete = constraint?.isComplete ?? false
        return send(released, isLast: stopped) && !stopped && !isComplete ? .goOn : .stop
    }

    package func finish(_ outcome: SequenceOutcome) {
        if !isStopped {
            let text = detokenizer.finish()
            reports.finish(text)
            let (released, stopped) = stops.append(text)
            send(released + (stopped ? "" : stops.finish()), isLast: true)
            isStopped = stopped
        }
        switch outcome.reason {
        case .length where isStopped: completion.finish(choice, .stop, outcome)
        case .stop: completion.finish(choice, .stop, outcome)
        case .length: completion.finish(choice, .length, outcome)
        case .cancelled: fail("the request was cancelled", outcome)
        case .engineStopped: fail("the engine stopped before the reply was complete", outcome)
        case .engineFailed: fail("the engine failed before the reply was complete", outcome)
        case .nothingAllowed:
            completion.fail(
                GenerationError(
                    .nothingAllowed, "The format allows no token that the model can say next.", parameter: .format),
                outcome)
        case .notFinite: fail("the model made no finite number for this prompt", outcome)
        }
    }

    private func fail(_ reason: String, _ outcome: SequenceOutcome) {
        completion.fail(GenerationError(.interrupted, reason), outcome)
    }

    /// - Returns: false when nobody reads any more.
    @discardableResult
    private func send(_ text: String, isLast: Bool) -> Bool {
        let ready = reports.release(textBytes: text.utf8.count, isLast: isLast)
        if text.isEmpty, ready.isEmpty { return true }
        return completion.send(.text(choice: choice, text, ready))
    }

    private func candidate(_ id: Int32, _ logprob: Float) -> TokenReport.Candidate {
        .init(bytes: tokenizer.bytes(of: id), logprob: logprob)
    }
}

/// Reports of tokens whose text has not been released yet, because it may become part of a stop string.
private struct ReportQueue {
    private struct Waiting {
        var report: TokenReport
        /// Where the token's text begins in the choice's text, in bytes.
        var start: Int
        /// Where the token's text ends, in bytes; nil while its last bytes only begin a character. The report then waits for
        /// the whole character, because a stop string may still take it back.
        var end: Int?
    }

    private var waiting: [Waiting] = []
    private var received = 0
    private var released = 0

    /// - Parameters:
    ///   - isWhole: Whether the token's text is all there.
    ///   - text: What became certain with the token.
    mutating func append(_ report: TokenReport, isWhole: Bool, at text: String) {
        let start = received
        receive(text)
        waiting.append(Waiting(report: report, start: start, end: isWhole ? received : nil))
    }

    /// Takes the text that became certain after the last token.
    mutating func finish(_ text: String) { receive(text) }

    private mutating func receive(_ text: String) {
        if let first = text.unicodeScalars.first {
            // What earlier tokens began is the first character.
            for index in waiting.indices.reversed() {
                guard waiting[index].end == nil else { break }
                waiting[index].end = received + UTF8.width(first)
            }
        }
        received += text.utf8.count
    }

    /// Reports of tokens whose text is out; with the last text, also of a token that a stop string cut in two.
    mutating func release(textBytes: Int, isLast: Bool) -> [TokenReport] {
        released += textBytes
        let count = waiting.prefix { report in
            if let end = report.end, end <= released { return true }
            return isLast && report.start < released
        }.count
        defer { waiting.removeFirst(count) }
        return waiting.prefix(count).map(\.report)
    }
}
