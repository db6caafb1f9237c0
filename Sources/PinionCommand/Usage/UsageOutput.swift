import ArgumentParser
import PinionJSON
import PinionLedger
import PinionStore
import PinionTerminal

/// How a report is printed.
enum UsageFormat: String, CaseIterable, ExpressibleByArgument {
    case table
    case csv
    case json
}

/// Prints a report of the ledger.
struct UsageOutput {
    private static let fields = [
        "requests", "input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cost",
    ]

    let report: UsageReport

    func print(_ format: UsageFormat) {
        switch format {
        case .table: printTable()
        case .csv: printCSV()
        case .json: Console.text(String(decoding: json(), as: UTF8.self))
        }
    }

    private func printTable() {
        let header = ["REQUESTS", "INPUT", "CACHED", "OUTPUT", "REASONING", report.currency.code]
        var rows = report.lines.map { $0.labels.map(TerminalText.line) + Self.cells($0) }
        if !report.groups.isEmpty, rows.count != 1 {
            let blanks = [String](repeating: "", count: report.groups.count - 1)
            rows.append(["total"] + blanks + Self.cells(report.total))
        }
        Table(header: report.groups.map { $0.rawValue.uppercased() } + header, rows: rows).print()
    }

    private func printCSV() {
        var text = CSVText.line(report.groups.map(\.rawValue) + Self.fields + ["currency"], texts: 0)
        for line in report.lines {
            text += CSVText.line(line.labels + Self.cells(line) + [report.currency.code], texts: line.labels.count)
        }
        Console.text(text)
    }

    /// The report as `--format json` and the admin routes have it.
    func json() -> [UInt8] {
        var writer = JSONWriter(capacity: 1 << 16)
        writer.raw("{\"by\":[")
        writer.list(report.groups) { $0.string($1.rawValue) }
        writer.raw("],\"rows_since\":")
        writer.stringOrNull(report.rowsSince?.text)
        writer.raw(",\"currency\":")
        writer.string(report.currency.code)
        writer.raw(",\"lines\":[")
        writer.list(report.lines) { Self.write($1, groups: report.groups, to: &$0) }
        writer.raw("],\"total\":")
        Self.write(report.total, groups: [], to: &writer)
        writer.raw("}\n")
        return writer.take()
    }

    private static func write(_ line: UsageReport.Line, groups: [UsageReport.Group], to writer: inout JSONWriter) {
        writer.raw("{")
        for (group, label) in zip(groups, line.labels) {
            writer.string(group.rawValue)
            writer.raw(":")
            writer.string(label)
            writer.raw(",")
        }
        for (index, (field, cell)) in zip(fields, cells(line)).enumerated() {
            if index > 0 { writer.raw(",") }
            writer.string(field)
            writer.raw(":")
            // Digits of a number already: money stays exact, which a `Double` would not keep.
            writer.raw(Array(cell.utf8))
        }
        writer.raw("}")
    }

    private static func cells(_ line: UsageReport.Line) -> [String] {
        let tokens = line.tokens
        return [line.requests, tokens.input, tokens.cached, tokens.output, tokens.reasoning].map(String.init)
            + [Money.text(line.cost)]
    }
}
