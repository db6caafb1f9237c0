import PinionLedger
import Synchronization

/// A storage in memory, which can be told to fail.
final class MemoryStorage: UsageStorage {
    struct Failure: Error {}

    private struct State {
        var rows: [String: UsageRow] = [:]
        /// The same by their keys.
        var byKey: [String: [UsageRow]] = [:]
        var folds = 0
        var fails = false
    }

    let currency = Currency.initial
    private let state = Mutex(State())

    var rows: [UsageRow] { state.withLock { Array($0.rows.values) } }
    func row(_ id: String) -> UsageRow? { state.withLock { $0.rows[id] } }
    var folds: Int { state.withLock { $0.folds } }

    func fail(_ fails: Bool) { state.withLock { $0.fails = fails } }

    func fold(_ rows: [UsageRow]) throws {
        try state.withLock { state in
            if state.fails { throw Failure() }
            state.folds += 1
            for row in rows where state.rows[row.requestID] == nil {
                state.rows[row.requestID] = row
                state.byKey[row.key, default: []].append(row)
            }
        }
    }

    func spent(by scope: Scope, on day: LedgerCalendar.Day) throws -> Spent {
        let own =
            switch scope {
            case .key(let name): state.withLock { $0.byKey[name] ?? [] }
            case .owner(let name): rows.filter { $0.owner == name }
            case .model(let name): rows.filter { $0.model == name }
            }
        return own.reduce(into: Spent()) { spent, row in
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
