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
    private var reply: ReplyWriter
    private var reports = ReportQueue()
    private var isStopped = false
    /// Tokens that the model spent on thinking.
    private var reasoningTokens = 0
    /// Whether the end of the context limits the choice, and not the request.
    private let isContextBound: Bool
    /// Tokens that the choice may have by its own limit; the engine ends it there.
    private let limit: Int
    private var tokens = 0
    /// Whether the allowance ended it.
    private var isCut = false
    /// What the choice is held to.
    private let constraint: GrammarConstraint?
    private let observer: (any GrammarObserver)?

    package init(
        choice: Int, tokenizer: Tokenizer, reply: ReplyWriter, completion: Completion,
        isContextBound: Bool = false, limit: Int = .max, constraint: GrammarConstraint? = nil,
        observer: (any GrammarObserver)? = nil
    ) {
        self.isContextBound = isContextBound
        self.limit = limit
        self.constraint = constraint
        self.observer = observer
        self.choice = choice
        self.tokenizer = tokenizer
        self.completion = completion
        self.reply = reply
        detokenizer = StreamingDetokenizer(tokenizer)
    }

    package func accept(_ token: SampledToken) -> TokenDecision {
        tokens += 1
        let isReasoning = reply.isThinking
        if isReasoning { reasoningTokens += 1 }
        let text = detokenizer.append(token.id) + (reply.mark(token.id) ?? "")
        if let logprob = token.logprob {
            let report = TokenReport(
                token: candidate(token.id, logprob),
                alternatives: token.alternatives.map { candidate($0.id, $0.logprob) })
            reports.append(report, isWhole: !reply.hasStops || !detokenizer.hasUnfinishedScalar, at: text)
        }
        let pieces = reply.append(text)
        isStopped = reply.isStopped
        // The constraint has heard of the token already.
        let isComplete = constraint?.isComplete ?? false
        let goesOn = !isStopped && !isComplete
        // Before the token is told, so that no client has seen one that is not counted.
        let wantsMore = goesOn && tokens < limit
        isCut = !completion.count(isReasoning: isReasoning, goesOn: wantsMore) && wantsMore
        return send(pieces, isLast: isStopped) && goesOn && !isCut ? .goOn : .stop
    }

    package func finish(_ outcome: SequenceOutcome) {
        if !isStopped {
            let text = detokenizer.finish()
            reports.finish(text)
            var pieces = reply.append(text)
            isStopped = reply.isStopped
            if !isStopped { pieces += reply.finish(isCut: outcome.reason != .stop || isCut) }
            send(pieces, isLast: true)
        }
        let isCall = reply.calls > 0
        if isCall || reply.isDegraded {
            observer?.called(reply.calls, isDegraded: reply.isDegraded, format: reply.formatName)
        }
        if reply.isDegraded {
            completion.send(.warned(choice: choice, Self.degraded))
        }
        switch outcome.reason {
        case .length where !isStopped: finish(isContextBound ? .contextEnd : .length, outcome)
        case .stop where isCut: finish(.length, outcome)
        case .stop, .length:
            // A call that a stop string cuts has no arguments that could be used.
            let isWhole = isCall && !reply.isCallCut
            finish(isWhole ? .toolCalls : reply.stopString.map { .stopString($0) } ?? .stop, outcome)
        case .cancelled: fail("the request was cancelled", outcome)
        case .engineStopped: fail("the engine stopped before the reply was complete", outcome)
        case .engineFailed: fail("the engine failed before the reply was complete", outcome)
        case .nothingAllowed:
            completion.fail(
                GenerationError(
                    .nothingAllowed, "The format allows no token that the model can say next.", parameter: .format),
                outcome, reasoningTokens: reasoningTokens)
        case .notFinite: fail("the model made no finite number for this prompt", outcome)
        }
    }

    private static let degraded = GenerationWarning(
        keyword: "tools", pointer: "", message: "what began as a call of a tool was none, and is told as text")

    private func finish(_ reason: FinishReason, _ outcome: SequenceOutcome) {
        completion.finish(choice, reason, outcome, reasoningTokens: reasoningTokens)
    }

    private func fail(_ reason: String, _ outcome: SequenceOutcome) {
        completion.fail(GenerationError(.interrupted, reason), outcome, reasoningTokens: reasoningTokens)
    }

    /// - Returns: false when nobody reads any more.
    @discardableResult
    private func send(_ pieces: [ReplyReader.Piece], isLast: Bool) -> Bool {
        var isRead = true
        for (index, piece) in pieces.enumerated() {
            let isEnd = isLast && index == pieces.count - 1
            switch piece {
            case .text(let bytes):
                let ready = reports.release(textBytes: bytes.count, isLast: isEnd)
                isRead = completion.send(.text(choice: choice, String(decoding: bytes, as: UTF8.self), ready))
            case .reasoning(let bytes):
                let ready = reports.release(textBytes: bytes.count, isLast: isEnd)
                isRead = completion.send(.reasoning(choice: choice, String(decoding: bytes, as: UTF8.self), ready))
            case .call(let delta): isRead = completion.send(.toolCall(choice: choice, delta))
            case .hidden(let count): _ = reports.release(textBytes: count, isLast: false)
            }
            guard isRead else { return false }
        }
        guard pieces.isEmpty || isLast else { return true }
        // Tokens that show nothing have reports, too.
        let ready = reports.release(textBytes: 0, isLast: isLast)
        return ready.isEmpty ? true : completion.send(.text(choice: choice, "", ready))
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
