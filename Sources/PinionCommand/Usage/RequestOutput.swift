import Foundation
import PinionJSON
import PinionLedger
import PinionStore
import PinionTerminal

/// Prints a row of the ledger.
struct RequestOutput {
    private enum Value {
        case text(String)
        /// JSON that is a number already.
        case number(String)
        /// A text that is JSON, or is empty.
        case json(String)
        case milliseconds(Int)
    }

    private static let limits = JSONLimits(depth: 64, values: UsageRow.maximumMetadataBytes)

    let row: UsageRow
    let currency: Currency

    func print(json: Bool) {
        guard json else {
            for (name, value) in fields {
                Console.line(name.padding(toLength: 18, withPad: " ", startingAt: 0) + Self.shown(value))
            }
            return
        }
        var writer = JSONWriter()
        writer.raw("{")
        for (index, (name, value)) in fields.enumerated() {
            if index > 0 { writer.raw(",") }
            writer.string(name)
            writer.raw(":")
            Self.write(value, to: &writer)
        }
        writer.raw("}\n")
        Console.text(String(decoding: writer.take(), as: UTF8.self))
    }

    private var fields: [(String, Value)] {
        let time = Date(timeIntervalSince1970: Double(row.time) / 1_000)
        return [
            ("id", .text(row.requestID)),
            ("time", .text(time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))),
            ("day", .text(CalendarDate(row.day.day).text)), ("key", .text(row.key)), ("owner", .text(row.owner)),
            ("model", .text(row.model)), ("route", .text(row.route)), ("user", .text(row.user)),
            ("metadata", .json(row.metadata)), ("retry_count", .number("\(row.retryCount)")),
            ("outcome", .text(row.outcome.rawValue)), ("status", .number("\(row.status)")),
            ("input_tokens", .number("\(row.tokens.input)")), ("cached_tokens", .number("\(row.tokens.cached)")),
            ("output_tokens", .number("\(row.tokens.output)")),
            ("reasoning_tokens", .number("\(row.tokens.reasoning)")),
            ("input_price", .number(Money.text(row.prices.input))),
            ("cached_price", .number(Money.text(row.prices.cachedInput))),
            ("output_price", .number(Money.text(row.prices.output))), ("cost", .number(Money.text(row.cost))),
            ("currency", .text(currency.code)), ("queued_ms", .milliseconds(row.queuedTime)),
            ("first_token_ms", .milliseconds(row.firstTokenTime)),
            ("run_ms", .milliseconds(row.runTime)),
        ]
    }

    private static func shown(_ value: Value) -> String {
        switch value {
        case .text(let text), .json(let text): TerminalText.line(text)
        case .number(let number): number
        case .milliseconds(let time): time < 0 ? "-" : "\(time)"
        }
    }

    private static func write(_ value: Value, to writer: inout JSONWriter) {
        switch value {
        case .text(let text): writer.string(text)
        case .number(let number): writer.raw(Array(number.utf8))
        case .milliseconds(let time): if time < 0 { writer.raw("null") } else { writer.integer(time) }
        case .json(let text):
            if text.isEmpty {
                writer.raw("null")
            } else if let parsed = try? JSONValue.parse(Array(text.utf8), limits: Self.limits) {
                writer.value(parsed)
            } else {
                writer.string(text)
            }
        }
    }
}
