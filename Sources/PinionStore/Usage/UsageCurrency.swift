import GRDB
import PinionLedger

/// The currency of a ledger, which its database names.
enum UsageCurrency {
    static func read(in db: Database) throws -> Currency {
        let code = try String.fetchOne(db, sql: "SELECT code FROM currency") ?? ""
        guard let currency = Currency(code) else {
            throw StoreError(.damaged, "the usage database names no currency that there is: '\(ShownText.short(code))'")
        }
        return currency
    }

    /// Names another currency, as long as nothing has cost anything: amounts that were counted would be of another one.
    ///
    /// - Throws: `inUse` where something has.
    static func set(_ currency: Currency, in db: Database, path: String) throws {
        let old = try read(in: db)
        guard currency != old else { return }
        if try Int.fetchOne(db, sql: "SELECT 1 FROM spent WHERE money <> 0 LIMIT 1") != nil {
            throw StoreError(
                .inUse,
                "the amounts in \(path) are in \(old.code) and cannot become \(currency.code); take \(old.code), or "
                    + "another --data-dir")
        }
        try db.execute(sql: "UPDATE currency SET code = ?", arguments: [currency.code])
    }
}
