import Foundation

/// Keeps SQLite's side files, `-wal` and `-shm`, with the database that they belong to.
///
/// SQLite finds them by name alone. When `mv backup.db pinion.db` replaces a database while a server has it open, the side
/// files of the old one stay behind, and SQLite would lay their pages over those of the new one: revoked keys come back and
/// the file is damaged in the end ("How To Corrupt An SQLite Database File", section 1.4). So a note beside the database
/// says which log belongs to which database file. A log is stale when it is the one of the note and the database is not;
/// one that was copied together with its database is another file than the note's, and is kept.
struct SideFiles {
    private let database: String

    private var log: String { database + "-wal" }
    private var index: String { database + "-shm" }
    private var note: String { database + "-pair" }

    init(database: String) {
        self.database = database
    }

    /// Removes what belongs to a database that is not there any more. Call before SQLite opens the file, in one's turn.
    ///
    /// A process that still has the old database open goes on with the removed files, which nobody else can find.
    func removeStale() throws(StoreError) {
        guard let noted = try? String(contentsOfFile: note, encoding: .utf8) else { return }
        let pair = noted.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard pair.count >= 2, let database = Self.text(of: database), database != pair[0] else { return }
        if let log = Self.text(of: log), log == pair[1] {
            try remove(log: self.log)
            try remove(log: index)
        }
        // Before the new log exists: it may get the inode number of the old one, and would look stale by this note.
        try remove(log: note)
    }

    /// Notes which log belongs to the database. Without the note nothing is ever stale, so a failure is no error.
    func writeNote() {
        guard let database = Self.text(of: database), let log = Self.text(of: log) else { return }
        let text = "\(database)\n\(log)\n"
        if (try? String(contentsOfFile: note, encoding: .utf8)) == text { return }
        let descriptor = open(note, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        _ = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
    }

    private func remove(log path: String) throws(StoreError) {
        guard unlink(path) == 0 || errno == ENOENT else {
            let reason = String(cString: strerror(errno))
            throw StoreError(
                .unavailable, "cannot remove \(path), which belongs to the database that was here before: \(reason)")
        }
    }

    private static func text(of path: String) -> String? {
        FileIdentity(path: path).map { "\($0.inode.device) \($0.inode.number)" }
    }
}
