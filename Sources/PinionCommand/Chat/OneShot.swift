import Foundation
import PinionJSON
import PinionTerminal
import TextGeneration

/// One question and its reply: on standard output nothing but the reply.
struct OneShot: Sendable {
    let source: any ChatSource
    let settings: ChatSettings
    let prompt: String
    let isJSON: Bool
    let isRaw: Bool

    /// - Throws: What made the reply fail; `CancellationError` after the task was cancelled.
    func run() async throws {
        let (signals, continuation) = AsyncStream<ReplyTask.Signal>.makeStream()
        let task = ReplyTask(source, settings.request([Message(.user, prompt)])) { signal in
            continuation.yield(signal)
            if case .ended = signal { continuation.finish() }
        }
        var output = Output(isJSON: isJSON, isRaw: isRaw, showsThinking: settings.showsThinking)
        var record = ReplyRecord()
        do {
            var failure: (any Error)?
            // Cancelled, the loop ends without the last signal.
            for await signal in signals {
                switch signal {
                case .event(let event):
                    record.note(event)
                    try output.show(event)
                case .ended(let error): failure = error
                }
            }
            try output.finish()
            if let failure { throw failure }
            try Task.checkCancellation()
        } catch {
            task.cancel()
            try? output.finish()
            throw error
        }
        try check(record)
    }

    private func check(_ record: ReplyRecord) throws {
        let cut: String? =
            switch record.finish {
            case .length: "the reply was cut at the token limit"
            case .contextEnd: "the reply was cut because the context is full"
            default: nil
            }
        guard isJSON else {
            if let cut { ChatNotices().show(cut) }
            return
        }
        do {
            let value = try JSONValue.parse(Array(record.text.utf8), limits: JSONLines.limits)
            if case .jsonObject = settings.format, value.typeName != "an object" {
                throw CommandFailure("the reply is \(value.typeName) and not a JSON object")
            }
        } catch let error as JSONError {
            throw CommandFailure(cut.map { "\($0), so that it is not JSON" } ?? "the reply is not JSON: \(error)")
        }
    }

    /// Where the parts of a reply go.
    private struct Output {
        private let isTerminal = isatty(STDOUT_FILENO) == 1
        private let showsRemarks = isatty(STDERR_FILENO) == 1
        private let isRaw: Bool
        private var view: ReplyView
        /// On standard error: thinking, calls and warnings.
        private var remarks: ReplyView
        private var sanitizer: TextSanitizer
        private var endsLine = true

        init(isJSON: Bool, isRaw: Bool, showsThinking: Bool) {
            self.isRaw = isRaw
            let traits = TerminalTraits()
            let columns = TerminalSize(of: STDOUT_FILENO).columns
            view = ReplyView(
                columns: columns, isStyled: traits.isStyled, showsThinking: false, isVerbatim: isJSON)
            remarks = ReplyView(
                columns: columns, isStyled: traits.isStyled, showsThinking: showsThinking, isVerbatim: false)
            sanitizer = TextSanitizer(spelling: isJSON ? .json : .visible)
        }

        mutating func show(_ event: ChatEvent) throws {
            guard case .text(let text) = event else {
                if showsRemarks { Console.errorText(remarks.show(event)) }
                return
            }
            if showsRemarks { Console.errorText(remarks.finish()) }
            try write(isTerminal ? view.show(event) : isRaw ? text : sanitizer.push(text))
        }

        mutating func finish() throws {
            if showsRemarks { Console.errorText(remarks.finish()) }
            try write(isTerminal ? view.finish() : isRaw ? "" : sanitizer.finish())
            // So that the next line of a terminal or file is one of its own.
            if !endsLine, !isRaw { try write("\n") }
        }

        private mutating func write(_ text: String) throws {
            guard let last = text.utf8.last else { return }
            try ReplyOutput.write(text)
            endsLine = last == 0x0A
        }
    }
}
