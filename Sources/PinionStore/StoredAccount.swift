import Foundation
import GRDB
import PinionLedger

/// A key with its policy and its owner, as one statement finds them.
struct StoredAccount {
    let account: Account
    /// The policy that counts: the key's own or the default one; nil without either.
    let policy: String?
    let revoked: Bool
    let increases: [Increase]

    private static let sql = """
        SELECT k.owner, k.policy, k.limits, k.models, k.expires, k.revoked IS NOT NULL,
            o.name, o.limits, p.name, p.limits, p.models,
            (\(Increase.texts(of: "key", named: "k.id"))),
            (\(Increase.texts(of: "owner", named: "k.owner")))
        FROM api_key k
        LEFT JOIN owner o ON o.name = k.owner
        LEFT JOIN policy p ON p.name = coalesce(k.policy, (SELECT name FROM policy WHERE is_default = 1))
        WHERE k.id = ?1
        """

    /// - Returns: nil when there is no key of this identifier.
    /// - Throws: ``DamagedValue`` also for an owner or policy that is named but not there: the key must not be without
    ///   limits then.
    init?(key id: String, at now: Date, in db: Database) throws {
        let statement = try db.cachedStatement(sql: Self.sql)
        guard let row = try Row.fetchOne(statement, arguments: [id, StoreTime.seconds(now)]) else { return nil }
        let (owner, ownPolicy): (String?, String?) = (row[0], row[1])
        let policy: String? = row[8]
        guard owner == nil || row[6] as String? != nil else {
            throw DamagedValue("the owner of the key \(id) is missing")
        }
        guard ownPolicy == nil || policy != nil else {
            throw DamagedValue("the policy of the key \(id) is missing")
        }
        let own = try StoredValue.limits(row[2], of: id)
        let policyLimits = try (row[9] as String?).map { try StoredValue.limits($0, of: policy ?? "") }
        increases = try Increase.all(row[11], of: id)
        let ownerLimits = try owner.map { owner in
            try StoredValue.limits(row[7], of: owner).raised(by: Increase.all(row[12], of: owner))
        }
        account = Account(
            key: id, owner: owner ?? "",
            limits: (policyLimits ?? Limits()).overridden(by: own).raised(by: increases),
            ownerLimits: ownerLimits ?? Limits(),
            models: try StoredValue.models(row[3], of: id) ?? StoredValue.models(row[10], of: policy ?? ""),
            expires: (row[4] as Int64?).map(StoreTime.date))
        (self.policy, revoked) = (policy, row[5])
    }
}
