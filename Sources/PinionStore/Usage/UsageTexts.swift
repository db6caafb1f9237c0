import Foundation
import GRDB

/// The numbers of texts that many rows share, within one transaction.
///
/// Nothing is remembered beyond it: a transaction that is rolled back takes its new numbers with it.
struct UsageTexts {
    private let table: String
    /// By bytes. Not by `String`, which takes different bytes for the same text and normalises them for it, nor by `Data`,
    /// which hashes its first 80 bytes only.
    private var numbers: [[UInt8]: Int] = [:]

    /// - Parameter table: Has the columns `id` and `text`.
    init(table: String) {
        self.table = table
    }

    mutating func number(of text: String, in db: Database) throws -> Int {
        let bytes = Array(text.utf8)
        if let known = numbers[bytes] { return known }
        let select = try db.cachedStatement(sql: "SELECT id FROM \(table) WHERE text = ?")
        if let stored = try Int.fetchOne(select, arguments: [Data(bytes)]) {
            numbers[bytes] = stored
            return stored
        }
        try db.cachedStatement(sql: "INSERT INTO \(table) (text) VALUES (?)").execute(arguments: [Data(bytes)])
        numbers[bytes] = Int(db.lastInsertedRowID)
        return Int(db.lastInsertedRowID)
    }
}
