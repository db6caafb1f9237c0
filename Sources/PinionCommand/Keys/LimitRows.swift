import PinionLedger
import PinionStore

/// Limits as rows of a table.
enum LimitRows {
    /// `daily-tokens 1000, credit 1.50`; `-` for no limits.
    static func line(_ limits: Limits) -> String {
        let texts = Limit.allCases.compactMap { limit in limits[limit].map { "\(limit.word) \(limit.text(of: $0))" } }
        return texts.isEmpty ? "-" : texts.joined(separator: ", ")
    }

    /// A row for each limit of a key: its name, its value now, and where that comes from.
    static func rows(of key: KeyDetails) -> [[String]] {
        Limit.allCases.flatMap { limit -> [[String]] in
            var rows: [[String]] = []
            if let value = key.account.limits[limit] {
                let origin = key.limits[limit] != nil ? "key" : "policy \(key.policy ?? "")"
                rows.append([limit.word, limit.text(of: value), origin + raises(key.increases, limit)])
            }
            if let value = key.account.ownerLimits[limit] {
                rows.append([limit.word, limit.text(of: value), "owner \(key.account.owner)"])
            }
            return rows
        }
    }

    /// `, +5000 until 2026-11-27T12:00:00Z` for each increase of a limit.
    static func raises(_ increases: [Increase], _ limit: Limit) -> String {
        increases.filter { $0.limit == limit }
            .map { ", +\(limit.text(of: $0.amount)) until \(TimeArgument.text($0.until))" }.joined()
    }
}

extension PrintedJSON {
    init(_ increases: [Increase]) {
        self = .list(
            increases.map {
                .members([
                    "limit": .text($0.limit.rawValue), "amount": .number($0.amount), "until": PrintedJSON($0.until),
                ])
            })
    }
}
