import Foundation
import GRDB
package import PinionLedger

/// Prices and limits of the models that a pattern stands for.
package struct ModelTermsRecord: Sendable, Equatable {
    package let pattern: ModelPattern
    package let terms: ModelTerms
    /// The price of a cached token that is set; nil where the price of other tokens of the prompt counts.
    package let cachedPrice: Int?

    fileprivate var auditedPrices: AuditNote.Value {
        .members([
            "input": .number(terms.prices.input), "cached_input": cachedPrice.map { .number($0) } ?? .none,
            "output": .number(terms.prices.output),
        ])
    }
}

/// A price for each kind of token; one that is absent stays as it is.
package struct PriceChanges: Sendable {
    package var input: Int?
    /// One that is taken away leaves cached tokens at the price of others.
    package var cachedInput: FieldChange<Int>
    package var output: Int?

    package init(input: Int? = nil, cachedInput: FieldChange<Int> = .keep, output: Int? = nil) {
        (self.input, self.cachedInput, self.output) = (input, cachedInput, output)
    }
}

/// What is set for models, in the database of a ``KeyStore``.
package struct ModelTermsStore: Sendable {
    let access: StoreAccess

    private static let columns = "pattern, input_price, cached_price, output_price, limits"

    /// Sets prices and limits of a model or of all that a pattern stands for; what is not given stays as it was.
    ///
    /// A model that had no terms is free but for the given prices. While no price of cached input is set, it is the price of
    /// input, whatever that becomes.
    ///
    /// - Parameter limits: Nil takes a limit away.
    /// - Throws: `invalidValue` for a price out of range, or a cached input that costs more than an input: a reservation
    ///   holds the price of the prompt uncached, and has to be the most that the request can cost.
    package func set(
        _ pattern: ModelPattern, prices: PriceChanges = PriceChanges(), limits: [Limit: Int?] = [:]
    ) throws(StoreError) -> ModelTermsRecord {
        let pattern = try StoredText.pattern(pattern)
        return try access.change { db, _ in
            let old = try Self.row(pattern.text, in: db).map(Self.record(of:))
            let cachedPrice = prices.cachedInput.applied(to: old?.cachedPrice) { $0 }
            let new = ModelTerms(
                prices: try Self.prices(
                    input: prices.input ?? old?.terms.prices.input ?? 0, cachedInput: cachedPrice,
                    output: prices.output ?? old?.terms.prices.output ?? 0),
                limits: try StoredText.limits(old?.terms.limits ?? Limits(), changedBy: limits))
            let record = ModelTermsRecord(pattern: pattern, terms: new, cachedPrice: cachedPrice)
            var note = AuditNote("model.set", pattern.text)
            note.add("prices", from: old?.auditedPrices ?? .none, to: record.auditedPrices)
            note.add("limits", from: old.map { .init($0.terms.limits) } ?? .none, to: .init(new.limits))
            guard note.tellsChanges else { return (record, nil) }
            try db.execute(
                sql: "INSERT OR REPLACE INTO model_terms (\(Self.columns)) VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    pattern.text, new.prices.input, cachedPrice, new.prices.output,
                    StoredValue.text(new.limits),
                ])
            return (record, note)
        }
    }

    /// What is set, by pattern.
    package func list() throws(StoreError) -> [ModelTermsRecord] {
        try access.read { db in
            try Row.fetchAll(db, sql: "SELECT \(Self.columns) FROM model_terms ORDER BY pattern")
                .map(Self.record(of:))
        }
    }

    /// - Throws: `notFound`.
    package func remove(_ pattern: ModelPattern) throws(StoreError) {
        let pattern = try StoredText.pattern(pattern)
        try access.change { db, _ in
            guard let row = try Self.row(pattern.text, in: db) else {
                throw StoreError(
                    .notFound,
                    "nothing is set for the model '\(ShownText.short(pattern.text))'; `pinion keys model list` shows "
                        + "what is")
            }
            let record = try Self.record(of: row)
            try db.execute(sql: "DELETE FROM model_terms WHERE pattern = ?", arguments: [pattern.text])
            let note = AuditNote(
                "model.remove", pattern.text,
                ["prices": record.auditedPrices, "limits": .init(record.terms.limits)])
            return ((), note)
        }
    }

    /// What is set for a model: for its id, else for the longest pattern that stands for it.
    static func terms(of id: String, in db: Database) throws -> ModelTerms {
        // SQLite ends a text at its first zero byte; no id has one.
        guard !id.utf8.contains(0) else { return ModelTerms() }
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(columns) FROM model_terms WHERE pattern = ?1 OR instr(pattern, '*') > 0
                ORDER BY pattern = ?1 DESC, length(CAST(pattern AS BLOB)) DESC, pattern
                """)
        let rows = try Row.fetchCursor(statement, arguments: [id])
        while let row = try rows.next() {
            let record = try record(of: row)
            if record.pattern.matches(id) { return record.terms }
        }
        return ModelTerms()
    }

    private static func row(_ pattern: String, in db: Database) throws -> Row? {
        try Row.fetchOne(db, sql: "SELECT \(columns) FROM model_terms WHERE pattern = ?", arguments: [pattern])
    }

    private static func record(of row: Row) throws -> ModelTermsRecord {
        let text: String = row[0]
        let cachedPrice: Int? = row[2]
        guard let pattern = ModelPattern(text),
            let prices = try? prices(input: row[1], cachedInput: cachedPrice, output: row[3])
        else { throw DamagedValue("the prices of", text, "\(row)", expected: "0 to \(Prices.maximum)") }
        return ModelTermsRecord(
            pattern: pattern, terms: ModelTerms(prices: prices, limits: try StoredValue.limits(row[4], of: text)),
            cachedPrice: cachedPrice)
    }

    private static func prices(input: Int, cachedInput: Int?, output: Int) throws(StoreError) -> Prices {
        let cachedInput = cachedInput ?? input
        for price in [input, cachedInput, output] where !(0...Prices.maximum).contains(price) {
            throw StoreError(
                .invalidValue, "a price is \(price) nano-units a token, expected 0 to \(Prices.maximum)")
        }
        guard cachedInput <= input else {
            throw StoreError(
                .invalidValue,
                "a cached token of the prompt would cost \(cachedInput) nano-units and another one \(input); the cached "
                    + "price cannot be the higher one")
        }
        return Prices(input: input, cachedInput: cachedInput, output: output)
    }
}
