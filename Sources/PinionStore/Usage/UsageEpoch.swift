import Foundation
import GRDB

/// Tells whether a log that lies beside the ledger's file belongs to that file.
///
/// SQLite finds a log by its name alone: a copy that is put in the file's place by hand after a server was killed would come
/// under the log of the file before it, and be damaged by it. So each opening for writing gives the file a number of its
/// own, in its header, and notes that number beside the log. A log whose note does not name the file's number is moved
/// aside unread. Copies that `pinion store backup` makes have the number 0.
enum UsageEpoch {
    /// What is added to the database's path for the note.
    static let noteSuffix = "-epoch"
    /// Where SQLite's header has `user_version`, big-endian.
    private static let headerOffset = 60
    private static let longestNote = 64

    /// Moves a log aside that belongs to another file. Before any connection of this process is open: closing a descriptor
    /// of the file would drop their locks.
    static func setForeignLogAside(path: String) throws(StoreError) {
        var status = stat()
        guard stat(path + "-wal", &status) == 0, status.st_size > 0, let noted = note(path: path),
            let number = number(inFile: path), !noted.contains(number)
        else { return }
        let aside = "\(path)-wal.of-another-file-\(UInt32.random(in: .min ... .max))"
        guard rename(path + "-wal", aside) == 0 else {
            throw StoreError(
                .unavailable,
                "\(path)-wal is the log of another file than \(path), and cannot be moved aside: "
                    + String(cString: strerror(errno)))
        }
        unlink(path + "-shm")
    }

    /// Gives the file a new number. On a full disk the file keeps its old one, and every log is taken for its own as
    /// SQLite does it.
    static func begin(_ db: Database, path: String) {
        do {
            let old = try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            let new = Int32.random(in: 1...Int32.max)
            // Until the header is known to have the new number it may have either.
            try write([old, new], path: path)
            try db.execute(sql: "PRAGMA user_version = \(new)")
            let (frames, moved) = try db.checkpoint(.passive)
            // A reader may hold the log; the header then gets its number with a later checkpoint.
            if frames == moved { try write([new], path: path) }
        } catch {
            unlink(path + noteSuffix)
        }
    }

    private static func write(_ numbers: [Int32], path: String) throws {
        let note = Data((numbers.map { String($0) }.joined(separator: " ") + "\n").utf8)
        let new = path + noteSuffix + ".new"
        unlink(new)
        guard FileManager.default.createFile(atPath: new, contents: note, attributes: [.posixPermissions: 0o600]) else {
            throw StoreError(.unavailable, "cannot write \(new)")
        }
        try StoreFiles.flush(new)
        try StoreFiles.move(new, to: path + noteSuffix)
    }

    private static func note(path: String) -> [Int32]? {
        guard let data = FileManager.default.contents(atPath: path + noteSuffix), data.count <= longestNote else {
            return nil
        }
        let numbers = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace).map { Int32($0) }
        return numbers.isEmpty || numbers.contains(nil) ? nil : numbers.compactMap(\.self)
    }

    private static func number(inFile path: String) -> Int32? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4)
        guard pread(descriptor, &bytes, bytes.count, off_t(headerOffset)) == bytes.count else { return nil }
        return Int32(bitPattern: bytes.reduce(0) { $0 << 8 | UInt32($1) })
    }
}
