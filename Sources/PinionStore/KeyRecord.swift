package import Foundation

/// What is known about an API key; never the key itself.
package struct KeyRecord: Sendable, Equatable {
    /// Stable identifier, `key_` and random letters: what logs, tenants and `pinion keys revoke` use.
    package let id: String
    package let name: String
    /// The first characters of the secret, enough to recognise it by and useless to guess it from.
    package let prefix: String
    package let created: Date
    package let revoked: Date?
    /// When the key was last accepted, to within ``KeyStore/lastUsedGranularity``.
    package let lastUsed: Date?

    package init(id: String, name: String, prefix: String, created: Date, revoked: Date? = nil, lastUsed: Date? = nil) {
        self.id = id
        self.name = name
        self.prefix = prefix
        self.created = created
        self.revoked = revoked
        self.lastUsed = lastUsed
    }
}

/// A key at the one moment its secret is known.
package struct IssuedKey: Sendable {
    package let record: KeyRecord
    /// The Bearer token. It is stored nowhere: show it once.
    package let secret: String
}
