import PinionLedger
import PinionStore

/// What a ledger should say of rows, computed the plain way.
enum Expected {
    static func total(_ rows: [UsageRow]) -> UsageReport.Line { line(rows, labels: []) }

    static func line(_ rows: [UsageRow], labels: [String]) -> UsageReport.Line {
        rows.reduce(
            into: UsageReport.Line(labels: labels, requests: 0, tokens: TokenCounts(input: 0, output: 0), cost: 0)
        ) { line, row in
            line.requests += 1
            line.tokens.input += row.tokens.input
            line.tokens.cached += row.tokens.cached
            line.tokens.output += row.tokens.output
            line.tokens.reasoning += row.tokens.reasoning
            line.cost += row.cost
        }
    }

    static func spent(_ rows: [UsageRow], by scope: Scope, on day: LedgerCalendar.Day) -> Spent {
        let own = rows.filter { row in
            guard !scope.name.isEmpty else { return false }
            return switch scope {
            case .key(let key): row.key == key
            case .owner(let owner): row.owner == owner
            case .model(let model): row.model == model
            }
        }
        func amount(_ rows: [UsageRow]) -> Spent.Amount {
            rows.reduce(into: Spent.Amount()) {
                $0.tokens += $1.tokens.total
                $0.money += $1.cost
            }
        }
        return Spent(
            day: amount(own.filter { $0.day.day == day.day }), month: amount(own.filter { $0.day.month == day.month }),
            total: amount(own))
    }
}
