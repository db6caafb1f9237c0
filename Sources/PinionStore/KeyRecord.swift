package import Foundation
import GRDB
package import PinionLedger

/// What is known about an API key; never the key itself.
package struct KeyRecord: Sendable, Equatable {
    /// Stable identifier, `key_` and random letters: what logs, tenants and `pinion keys revoke` use.
    package let id: String
    package let name: String
    /// The first characters of the newest secret, enough to recognise it by and useless to guess it from. In an answer of
    /// ``KeyStore/authenticate(_:)`` those of the secret that was given.
    package let prefix: String
    package let created: Date
    package let revoked: Date?
    /// When the key was last accepted, to within ``KeyStore/lastUsedGranularity``.
    package let lastUsed: Date?
    package let owner: String?
    /// The key's own policy; without one the default policy counts, if there is any.
    package let policy: String?
    /// The first moment at which the key is refused.
    package let expires: Date?

    package init(
        id: String, name: String, prefix: String, created: Date, revoked: Date? = nil, lastUsed: Date? = nil,
        owner: String? = nil, policy: String? = nil, expires: Date? = nil
    ) {
        (self.id, self.name, self.prefix, self.created) = (id, name, prefix, created)
        (self.revoked, self.lastUsed) = (revoked, lastUsed)
        (self.owner, self.policy, self.expires) = (owner, policy, expires)
    }

    /// Columns of a query over `api_key k` that gives the prefix from elsewhere.
    static let columns = "k.id, k.name, k.created, k.revoked, k.last_used, k.owner, k.policy, k.expires"

    init(row: Row) {
        func date(_ column: String) -> Date? { (row[column] as Int64?).map(StoreTime.date) }
        self.init(
            id: row["id"], name: row["name"], prefix: row["prefix"] ?? "", created: StoreTime.date(row["created"]),
            revoked: date("revoked"), lastUsed: date("last_used"), owner: row["owner"], policy: row["policy"],
            expires: date("expires"))
    }

    package func hasExpired(at now: Date) -> Bool { expires.map { $0 <= now } ?? false }
}

/// A key at the one moment its secret is known.
package struct IssuedKey: Sendable {
    package let record: KeyRecord
    /// The Bearer token. It is stored nowhere: show it once.
    package let secret: String
}

/// A key with all that is set for it, and what comes of it.
package struct KeyDetails: Sendable, Equatable {
    /// What is known of a secret that is still good, or was until lately.
    package struct Secret: Sendable, Equatable {
        package let prefix: String
        package let created: Date
        /// The first moment at which the secret is refused; nil for the newest.
        package let expires: Date?
    }

    package let record: KeyRecord
    /// The key's own limits, which go before those of its policy.
    package let limits: Limits
    /// The key's own models, which replace those of its policy; nil without any.
    package let models: [ModelPattern]?
    package let metadata: [String: String]
    /// The newest first.
    package let secrets: [Secret]
    package let increases: [Increase]
    /// The policy that counts: the key's own or the default one.
    package let policy: String?
    /// What the key may do now, unless it is revoked.
    package let account: Account
}
