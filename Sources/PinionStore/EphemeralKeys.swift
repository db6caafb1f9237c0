import Crypto
import Foundation

/// Keys given on the command line or in the environment: held as digests in memory, stored nowhere.
package struct EphemeralKeys: Sendable {
    /// Bytes of a name that is made of a secret: enough to tell keys apart.
    private static let identifierBytes = 8
    /// Rounds of hashing for a name, some 50 ms: people choose such secrets, and names are in logs, where a guess could be
    /// checked against them.
    private static let identifierRounds = 100_000

    private let entries: [(digest: SHA256Digest, record: KeyRecord)]

    /// - Throws: ``StoreError`` with `invalidValue` for a secret that no `Authorization` header could carry.
    package init(_ secrets: [String]) throws(StoreError) {
        var entries: [(digest: SHA256Digest, record: KeyRecord)] = []
        for (index, secret) in secrets.enumerated() {
            guard (1...KeySecret.maximumLength).contains(secret.utf8.count),
                secret.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else {
                throw StoreError(
                    .invalidValue,
                    "API key \(index + 1) cannot be used: expected 1 to \(KeySecret.maximumLength) "
                        + "printable ASCII characters without spaces")
            }
            // The prefix stays empty: a short secret has no part that is safe to show.
            let number = index + 1
            // By the secret, not by its place: the ledger outlives the process, and another key would inherit the use.
            let digest = KeySecret.digest(of: secret)
            let id = "ephemeral_" + Self.identifier(of: digest)
            let record = KeyRecord(id: id, name: "api-key \(number)", prefix: "", created: Date())
            entries.append((digest, record))
        }
        self.entries = entries
    }

    private static func identifier(of digest: SHA256Digest) -> String {
        let name = (0..<identifierRounds).reduce(digest) { digest, _ in SHA256.hash(data: Array(digest)) }
        return name.prefix(identifierBytes).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// Whether a key has this identifier.
    package func holds(_ id: String) -> Bool { entries.contains { $0.record.id.utf8.elementsEqual(id.utf8) } }

    /// What a key with this identifier is called.
    package func name(of id: String) -> String? {
        entries.first { $0.record.id.utf8.elementsEqual(id.utf8) }?.record.name
    }

    package var count: Int { entries.count }

    /// The key this secret is, or nil. Every entry is compared, each in constant time.
    package func authenticate(_ secret: String) -> KeyRecord? {
        guard secret.utf8.count <= KeySecret.maximumLength else { return nil }
        let digest = KeySecret.digest(of: secret)
        var found: KeyRecord?
        for entry in entries where entry.digest == digest {
            found = entry.record
        }
        return found
    }
}
