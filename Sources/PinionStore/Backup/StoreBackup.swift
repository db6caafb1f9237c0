import Foundation
import GRDB

/// Copies of a data directory's store: both databases and the key that seals reasoning.
///
///     try StoreBackup.make(of: "/var/lib/pinion", at: "/backup/monday", version: "0.1.0")
///     try StoreBackup.restore("/backup/monday", to: "/var/lib/pinion")
package enum StoreBackup {
    /// Copies the store into a new directory, also while a server writes to it.
    ///
    /// Each database is copied as it is at one moment, by SQLite itself: a copy of its file alone would lack what is in the
    /// log. Rows that a server settled but did not fold yet, in its journal, are not among them. The manifest is written last,
    /// so that a backup without one is known to be incomplete.
    ///
    /// - Throws: `invalidValue` where something is at the path already, `notFound` for a directory without a store.
    @discardableResult
    package static func make(of directory: String, at path: String, version: String) throws(StoreError) -> StoreManifest
    {
        let present = StoreFiles.all.filter { StoreFiles.exists("\(directory)/\($0)") }
        guard !present.isEmpty else { throw StoreError(.notFound, "there is no store in \(directory)") }
        try StoreFiles.makeDirectory(path)
        do throws(StoreError) {
            let created = Date().formatted(.iso8601)
            var files: [StoreManifest.File] = []
            for name in present {
                let (source, target) = ("\(directory)/\(name)", "\(path)/\(name)")
                let (bytes, digest) =
                    if StoreFiles.databases.contains(name) {
                        try copyDatabase(source, to: target)
                    } else {
                        try StoreFiles.copy(source, to: target)
                    }
                files.append(StoreManifest.File(name: name, bytes: bytes, sha256: digest))
            }
            let manifest = StoreManifest(
                format: StoreManifest.currentFormat, created: created, version: version, files: files)
            try manifest.write(to: "\(path)/\(StoreFiles.manifest)")
            try StoreFiles.flush(path)
            return manifest
        } catch {
            try? FileManager.default.removeItem(atPath: path)
            throw error
        }
    }

    /// Puts a backup in the place of a data directory's store. What was there is moved aside, into a directory whose path is
    /// returned; nil when there was nothing.
    ///
    /// The caller holds the directory's ``OwnerLock``, so that no server has the files open. The journal of a server stays:
    /// its rows, which were admitted after the backup or are known to it, count once as ever.
    ///
    /// - Throws: `notFound` or `damaged` for what is no whole backup, before anything is changed.
    package static func restore(_ path: String, to directory: String) throws(StoreError) -> (
        manifest: StoreManifest, aside: String?
    ) {
        let manifest = try StoreManifest.verified(in: path)
        let mark = UInt32.random(in: .min ... .max)
        var copies: [(new: String, name: String)] = []
        defer { for copy in copies { unlink(copy.new) } }
        for file in manifest.files {
            let new = "\(directory)/\(file.name).new-\(mark)"
            copies.append((new, file.name))
            let copied = try StoreFiles.copy("\(path)/\(file.name)", to: new)
            guard copied == (file.bytes, file.sha256) else {
                throw StoreError(.damaged, "\(path)/\(file.name) changed while it was copied")
            }
        }
        // The old side files go with their databases: SQLite would take them for those of the new ones.
        let old = (StoreFiles.all + StoreFiles.sideFiles).filter { StoreFiles.exists("\(directory)/\($0)") }
        let aside = old.isEmpty ? nil : "\(directory)/replaced-\(timestamp())-\(mark)"
        if let aside {
            try StoreFiles.makeDirectory(aside)
            for name in old { try StoreFiles.move("\(directory)/\(name)", to: "\(aside)/\(name)") }
        }
        for copy in copies { try StoreFiles.move(copy.new, to: "\(directory)/\(copy.name)") }
        try StoreFiles.flush(directory)
        return (manifest, aside)
    }

    private static func timestamp() -> String {
        Date().formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
    }

    private static func copyDatabase(_ source: String, to target: String) throws(StoreError) -> (Int, String) {
        // Made here, so that nobody else can read it from its first byte on.
        let descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(.unavailable, "cannot create \(target): \(String(cString: strerror(errno)))")
        }
        close(descriptor)
        do {
            let original = try StoreCheck.openDatabase(source)
            var configuration = Configuration()
            configuration.foreignKeysEnabled = false
            let copy = try DatabaseQueue(path: target, configuration: configuration)
            try original.backup(to: copy)
            try copy.writeWithoutTransaction { db in
                // One file without a log, which can be moved and copied as it is.
                try db.execute(sql: "PRAGMA journal_mode = DELETE")
                // No log belongs to it; see ``UsageEpoch``.
                try db.execute(sql: "PRAGMA user_version = 0")
                if let complaint = try StoreCheck.complaint(in: db, thorough: false) {
                    throw StoreError(.damaged, "the database \(source) is damaged: \(complaint)")
                }
            }
            try copy.close()
            try original.close()
        } catch {
            throw StoreError(error, path: source)
        }
        try StoreFiles.flush(target)
        return try StoreFiles.digest(of: target)
    }
}
