import Foundation
import GRDB
package import PinionLedger

/// What was used, summed up by some of its properties.
///
/// Days, keys, owners, models, routes and outcomes come from daily sums, which are kept for good. Hours and users are
/// known from the detailed rows alone, so that their reports begin where pruning ended.
package struct UsageReport: Sendable, Equatable {
    package enum Group: String, Sendable, CaseIterable {
        case day
        /// An hour of the admission in UTC.
        case hour
        case key
        case owner
        case model
        case route
        case outcome
        /// The request's `user`.
        case user

        /// Whether only the detailed rows know it.
        var needsRows: Bool { self == .hour || self == .user }
        var isTime: Bool { self == .day || self == .hour }
    }

    package struct Query: Sendable, Equatable {
        /// In the order of a line's labels; none sums up everything.
        package var groups: [Group]
        /// The first and the last day; nil for no bound.
        package var since: CalendarDate?
        package var until: CalendarDate?
        /// What a request's own must equal, byte for byte; nil for any. Empty texts stand for requests without one.
        package var key: String?
        package var owner: String?
        package var model: String?
        package var user: String?

        package init(
            groups: [Group] = [], since: CalendarDate? = nil, until: CalendarDate? = nil, key: String? = nil,
            owner: String? = nil, model: String? = nil, user: String? = nil
        ) {
            (self.groups, self.since, self.until) = (groups, since, until)
            (self.key, self.owner, self.model, self.user) = (key, owner, model, user)
        }

        var needsRows: Bool { user != nil || groups.contains(where: \.needsRows) }
    }

    package struct Line: Sendable, Equatable {
        /// One for each group: `2026-11-27`, `2026-11-27T10:00Z`, or the text itself, which may be empty.
        package let labels: [String]
        package var requests: Int
        package var tokens: TokenCounts
        /// Nano-units.
        package var cost: Int

        package init(labels: [String], requests: Int, tokens: TokenCounts, cost: Int) {
            (self.labels, self.requests, self.tokens, self.cost) = (labels, requests, tokens, cost)
        }
    }

    package let groups: [Group]
    /// With a time among the groups in its order, otherwise what cost most first, then what had most tokens.
    package let lines: [Line]
    package let total: Line
    /// What costs are in.
    package let currency: Currency
    /// Set where the report needs detailed rows of days before this one, whose rows were pruned.
    package let rowsSince: CalendarDate?

    init(_ query: Query, in db: Database) throws {
        groups = query.groups
        currency = try UsageCurrency.read(in: db)
        let selection = UsageSelection(query)
        let span = query.needsRows ? try UsageSelection.rowSpan(since: query.since, until: query.until, in: db) : nil
        let statement = try db.makeStatement(sql: selection.sql)
        var lines: [Line] = []
        let rows = try Row.fetchCursor(statement, arguments: selection.arguments(rows: span))
        while let row = try rows.next() { lines.append(Self.line(row, groups: query.groups)) }
        self.lines = Self.ordered(lines, by: query.groups)
        total = lines.reduce(into: Line(labels: [], requests: 0, tokens: TokenCounts(input: 0, output: 0), cost: 0)) {
            $0.requests = saturatingSum($0.requests, $1.requests)
            $0.tokens += $1.tokens
            $0.cost = saturatingSum($0.cost, $1.cost)
        }
        let wholeFrom = query.needsRows ? try UsageQueries.wholeFrom(in: db) : nil
        rowsSince = wholeFrom.flatMap { $0 > query.since?.day ?? .min ? CalendarDate($0) : nil }
    }

    private static func line(_ row: Row, groups: [Group]) -> Line {
        let labels = groups.enumerated().map { index, group in
            switch group {
            case .day: CalendarDate(row[index]).text
            case .hour: CalendarDate.text(hour: row[index])
            case .outcome: UsageRow.Outcome(code: row[index])?.rawValue ?? "unknown"
            case .key, .owner, .model, .route, .user:
                (row[index] as Data?).map { String(decoding: $0, as: UTF8.self) } ?? ""
            }
        }
        func sum(_ index: Int) -> Int { row[groups.count + index] ?? 0 }
        let (high, overflow) = sum(5).multipliedReportingOverflow(by: 1 << UsageSelection.lowBits)
        return Line(
            labels: labels, requests: sum(0),
            tokens: TokenCounts(input: sum(1), cached: sum(2), output: sum(3), reasoning: sum(4)),
            cost: overflow ? .max : saturatingSum(high, sum(6)))
    }

    private static func ordered(_ lines: [Line], by groups: [Group]) -> [Line] {
        func precedes(_ left: Line, _ right: Line) -> Bool {
            for (left, right) in zip(left.labels, right.labels) where !left.utf8.elementsEqual(right.utf8) {
                return left.utf8.lexicographicallyPrecedes(right.utf8)
            }
            return false
        }
        if groups.contains(where: \.isTime) { return lines.sorted(by: precedes) }
        return lines.sorted {
            if $0.cost != $1.cost { return $0.cost > $1.cost }
            if $0.tokens.total != $1.tokens.total { return $0.tokens.total > $1.tokens.total }
            return precedes($0, $1)
        }
    }
}
