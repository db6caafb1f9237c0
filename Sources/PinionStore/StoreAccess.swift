import Foundation
import GRDB

/// A store's database, with the clock that its times are read from and the name that its changes are noted under.
struct StoreAccess: Sendable {
    let connection: StoreConnection
    /// The wall clock: ends are dates, which have to hold over restarts.
    let clock: @Sendable () -> Date
    let actor: String

    var path: String { connection.path }

    func read<T>(_ value: (Database) throws -> T) throws(StoreError) -> T {
        let queue: DatabaseQueue = try connection.queue()
        do {
            return try queue.read(value)
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Reads with one statement, without blocking the calling thread.
    ///
    /// There is no transaction around it, because one statement sees one state of the database anyway. To begin and end one,
    /// GRDB compiles statements, whereupon SQLite compiles every cached one anew: that took two thirds of the time.
    func readOnce<T: Sendable>(_ value: @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        let queue = try await connection.queue()
        do {
            return try await queue.unsafeRead(value)
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Makes a change and notes it, both or neither.
    ///
    /// - Parameter updates: Given the database and the time; returns its result with what is to be noted, which is nil only
    ///   when nothing was changed.
    func change<T>(_ updates: (Database, Date) throws -> (result: T, note: AuditNote?)) throws(StoreError) -> T {
        let queue: DatabaseQueue = try connection.queue()
        let now = clock()
        do {
            return try queue.write { db in
                let (result, note) = try updates(db, now)
                try note?.write(db, at: now, by: actor)
                return result
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }
}
