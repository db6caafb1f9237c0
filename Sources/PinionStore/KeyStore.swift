import Crypto
import Foundation
import GRDB
import Synchronization

/// The API keys of a data directory, in SQLite.
///
/// Several processes may use one file at once. Nothing is cached: each ``authenticate(_:)`` reads the last committed
/// state of the file that lies at ``path`` then, so a key revoked by another process is refused from the next request on,
/// also after the file was replaced by a copy of it. While there is no file, nobody is authenticated.
package final class KeyStore: Sendable {
    /// Time between two writes of one key's `lastUsed`, so that authenticating stays a read.
    package static let lastUsedGranularity = Duration.seconds(60)
    /// Unicode scalars of a key's name, so that it has 256 bytes at most; one letter may have any number of marks.
    package static let maximumNameLength = 64
    private static let identifierLetters = 16
    private static let columns = "id, name, prefix, created, revoked, last_used"

    package var path: String { connection.path }
    private let connection: StoreConnection
    /// When each key's `last_used` was last written by this process.
    private let noted = Mutex<[String: ContinuousClock.Instant]>([:])

    /// Opens the database at `path`, creating file and directory where they are missing.
    ///
    /// - Throws: `unavailable`, `damaged`, `newerSchema` or `busy`; the message names the file.
    package init(path: String) throws(StoreError) {
        connection = try StoreConnection(path: path)
    }

    /// Makes a key. Its secret exists only in the returned value.
    package func create(name: String) throws(StoreError) -> IssuedKey {
        let name = try Self.validated(name)
        let secret = KeySecret.make()
        let record = KeyRecord(
            id: KeyReference.identifierMarker + KeySecret.letters(Self.identifierLetters), name: name,
            prefix: KeySecret.prefix(of: secret),
            created: Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down)))
        let digest = Data(KeySecret.digest(of: secret))
        try write { db in
            try db.execute(
                sql: "INSERT INTO api_key (id, name, prefix, digest, created) VALUES (?, ?, ?, ?, ?)",
                arguments: [record.id, name, record.prefix, digest, Int64(record.created.timeIntervalSince1970)])
        }
        return IssuedKey(record: record, secret: secret)
    }

    /// All keys, revoked ones included, oldest first.
    package func list() throws(StoreError) -> [KeyRecord] {
        let queue: DatabaseQueue = try connection.queue()
        do {
            return try queue.read { db in
                try Row.fetchAll(db, sql: "SELECT \(Self.columns) FROM api_key ORDER BY created, id")
                    .map(KeyRecord.init(row:))
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Revokes the key with this identifier or beginning of it, prefix or secret; revoking twice keeps the first time.
    ///
    /// - Throws: `notFound`; `ambiguous` when the reference stands for several keys.
    package func revoke(_ reference: String) throws(StoreError) -> KeyRecord {
        let reference = KeyReference(reference)
        return try write { db in
            let found = try Row.fetchAll(
                db,
                sql: """
                    SELECT \(Self.columns) FROM api_key
                    WHERE id = ?1 OR prefix = ?1 OR digest = ?2 OR (?3 AND substr(id, 1, length(?1)) = ?1)
                    ORDER BY created, id
                    """,
                arguments: [reference.text, reference.digest, reference.mayBeginIdentifier]
            ).map(KeyRecord.init(row:))
            let match = try reference.choose(from: found, path: path)
            try db.execute(
                sql: "UPDATE api_key SET revoked = coalesce(revoked, ?) WHERE id = ?",
                arguments: [Int64(Date().timeIntervalSince1970), match.id])
            let row = try Row.fetchOne(
                db, sql: "SELECT \(Self.columns) FROM api_key WHERE id = ?", arguments: [match.id])
            return row.map(KeyRecord.init(row:)) ?? match
        }
    }

    /// The unrevoked key this secret is, or nil.
    ///
    /// - Throws: When the database cannot be read. The caller must then refuse: an unreadable store authenticates nobody.
    package func authenticate(_ secret: String) async throws(StoreError) -> KeyRecord? {
        guard secret.utf8.count <= KeySecret.maximumLength else { return nil }
        let digest = KeySecret.digest(of: secret)
        let queue = try await connection.queue()
        let record: KeyRecord?
        do {
            record = try await queue.read { db in
                let statement = try db.cachedStatement(sql: "SELECT * FROM api_key WHERE digest = ?")
                guard let row = try Row.fetchOne(statement, arguments: [Data(digest)]) else { return nil }
                // The index found it by its bytes; this comparison is the one that decides, and takes constant time.
                let stored: Data = row["digest"]
                guard digest == stored else { return nil }
                return KeyRecord(row: row)
            }
        } catch {
            throw StoreError(error, path: path)
        }
        guard let record, record.revoked == nil else { return nil }
        noteUse(of: record.id, in: queue)
        return record
    }

    /// Records that a key was used, without waiting; a failure to do so harms nobody.
    private func noteUse(of id: String, in queue: DatabaseQueue) {
        let now = ContinuousClock.now
        let due = noted.withLock { noted in
            if let last = noted[id], last.duration(to: now) < Self.lastUsedGranularity { return false }
            noted[id] = now
            return true
        }
        guard due else { return }
        let date = Int64(Date().timeIntervalSince1970)
        queue.asyncWriteWithoutTransaction { db in
            try? db.execute(
                sql: "UPDATE api_key SET last_used = ? WHERE id = ?",
                arguments: [date, id])
        }
    }

    private func write<T>(_ updates: (Database) throws -> T) throws(StoreError) -> T {
        let queue: DatabaseQueue = try connection.queue()
        do {
            return try queue.write(updates)
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private static func validated(_ name: String) throws(StoreError) -> String {
        let name = name.trimmingCharacters(in: .whitespaces)
        let isPrintable = name.unicodeScalars.allSatisfy { !CharacterSet.controlCharacters.contains($0) }
        guard !name.isEmpty, name.unicodeScalars.count <= maximumNameLength, isPrintable else {
            throw StoreError(
                .invalidValue, "a key's name must have 1 to \(maximumNameLength) printable characters")
        }
        return name
    }
}

extension KeyRecord {
    fileprivate init(row: Row) {
        func date(_ column: String) -> Date? {
            (row[column] as Int64?).map { Date(timeIntervalSince1970: TimeInterval($0)) }
        }
        self.init(
            id: row["id"], name: row["name"], prefix: row["prefix"],
            created: date("created") ?? Date(timeIntervalSince1970: 0), revoked: date("revoked"),
            lastUsed: date("last_used"))
    }
}
