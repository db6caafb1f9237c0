import PinionLedger
import Synchronization

/// A storage in memory, which can be told to fail.
final class MemoryStorage: UsageStorage {
    struct Failure: Error {}

    private struct State {
        var rows: [String: UsageRow] = [:]
        var folds = 0
        var fails = false
    }

    private let state = Mutex(State())

    var rows: [UsageRow] { state.withLock { Array($0.rows.values) } }
    func row(_ id: String) -> UsageRow? { state.withLock { $0.rows[id] } }
    var folds: Int { state.withLock { $0.folds } }

    func fail(_ fails: Bool) { state.withLock { $0.fails = fails } }

    func fold(_ rows: [UsageRow]) throws {
        try state.withLock { state in
            if state.fails { throw Failure() }
            state.folds += 1
            for row in rows where state.rows[row.requestID] == nil { state.rows[row.requestID] = row }
        }
    }

    func spent(by scope: Scope, on day: LedgerCalendar.Day) throws -> Spent {
        rows.filter { row in
            switch scope {
            case .key(let name): row.key == name
            case .owner(let name): row.owner == name
            case .model(let name): row.model == name
            }
        }.reduce(into: Spent()) { spent, row in
            let amount = Spent.Amount(tokens: row.tokens.total, money: row.cost)
            func add(_ to: inout Spent.Amount) {
                to.tokens += amount.tokens
                to.money += amount.money
            }
            add(&spent.total)
            if row.day.month == day.month { add(&spent.month) }
            if row.day.day == day.day { add(&spent.day) }
        }
    }

    func latestDay() -> LedgerCalendar.Day? { rows.map(\.day).max() }
}
