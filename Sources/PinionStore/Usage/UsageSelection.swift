import Foundation
import GRDB

/// The SQL of a report.
struct UsageSelection {
    /// Bits of a cost that are summed up apart from those above them: SQLite gives up at a sum beyond 64 bits.
    static let lowBits = 32

    private let query: UsageReport.Query

    init(_ query: UsageReport.Query) {
        self.query = query
    }

    /// Selects a column for each group, then requests, input, cached, output, reasoning, and the cost's two parts.
    ///
    /// Names are looked up once for a line of the report, not for each row under it.
    var sql: String {
        let groups = query.groups.enumerated().map { (column: "g\($0.offset)", group: $0.element) }
        let labels = groups.map { column, group in
            switch group {
            case .day, .hour, .outcome: "\(column)"
            case .key, .owner, .model, .route: "(SELECT text FROM name WHERE id = \(column))"
            case .user: "(SELECT text FROM client WHERE id = \(column))"
            }
        }
        let sums = ["requests", "input", "cached", "output", "reasoning", "high", "low"]
        let grouping = groups.isEmpty ? "" : "GROUP BY " + groups.map(\.column).joined(separator: ", ")
        return """
            SELECT \((labels + sums).joined(separator: ", ")) FROM (
                SELECT \((groups.map { "\(Self.expression($0.group)) AS \($0.column)" } + Self.sums(rows: query.needsRows))
                    .joined(separator: ", "))
                FROM \(query.needsRows ? "usage" : "daily")
                WHERE \(conditions.joined(separator: " AND "))
                \(grouping)
            )
            WHERE requests > 0
            """
    }

    /// - Parameter rows: See ``rowSpan(since:until:in:)``; nil where the report needs no rows.
    func arguments(rows: (first: Int, last: Int)?) -> StatementArguments {
        var arguments: StatementArguments = [
            "since": query.since?.day ?? Int.min, "until": query.until?.day ?? Int.max,
        ]
        if let rows { arguments += ["first": rows.first, "last": rows.last] }
        for (name, text) in texts { arguments += [name: Data(text.utf8)] }
        return arguments
    }

    /// The numbers between which the rows of some days lie; in no order for days that have none.
    static func rowSpan(since: CalendarDate?, until: CalendarDate?, in db: Database) throws -> (first: Int, last: Int) {
        let row = try Row.fetchOne(
            db, sql: "SELECT min(first_row), max(last_row) FROM day WHERE day BETWEEN ? AND ?",
            arguments: [since?.day ?? Int.min, until?.day ?? Int.max])
        return (row?[0] ?? 0, row?[1] ?? -1)
    }

    private var texts: [(name: String, text: String)] {
        [("key", query.key), ("owner", query.owner), ("model", query.model), ("client", query.user)].compactMap {
            name, text in text.map { (name, $0) }
        }
    }

    private var conditions: [String] {
        var conditions = ["day BETWEEN :since AND :until"]
        if query.needsRows { conditions.append("id BETWEEN :first AND :last") }
        return conditions
            + texts.map { name, _ in
                "\(name) = (SELECT id FROM \(name == "client" ? "client" : "name") WHERE text = :\(name))"
            }
    }

    private static func expression(_ group: UsageReport.Group) -> String {
        switch group {
        // Towards the past also before 1970, as days are counted.
        case .hour: "(time - ((time % \(hour)) + \(hour)) % \(hour)) / \(hour)"
        case .user: "client"
        case .day, .key, .owner, .model, .route, .outcome: group.rawValue
        }
    }

    /// In milliseconds.
    private static let hour = 3_600_000

    private static func sums(rows: Bool) -> [String] {
        [rows ? "count(*) AS requests" : "sum(requests) AS requests"]
            + ["input", "cached", "output", "reasoning"].map { "sum(\($0)) AS \($0)" }
            + ["sum(cost >> \(lowBits)) AS high", "sum(cost & \((1 << lowBits) - 1)) AS low"]
    }
}
