import Foundation
import GRDB

/// Whether a data directory's store is whole: its databases, the ledger's sums, and who may read the files.
package struct StoreCheck: Sendable, Equatable {
    package struct Finding: Sendable, Equatable {
        /// A file of the store, or `.` for its directory.
        package let file: String
        package let text: String

        package init(file: String, text: String) {
            (self.file, self.text) = (file, text)
        }
    }

    /// Files that were looked at.
    package let files: [String]
    package let findings: [Finding]
    /// What the ledger's verification found; nil without a ledger that can be read.
    package let verification: UsageVerification?

    /// - Parameter thorough: Whether indexes are compared with their tables as well, which takes several times as long.
    /// - Throws: `notFound` for a directory without a store.
    package init(of directory: String, thorough: Bool = false) throws(StoreError) {
        let files = StoreFiles.all.filter { StoreFiles.exists("\(directory)/\($0)") }
        guard !files.isEmpty else { throw StoreError(.notFound, "there is no store in \(directory)") }
        self.files = files
        var findings: [Finding] = []
        for name in [""] + files + StoreFiles.sideFiles {
            if let mode = Self.openMode("\(directory)/\(name)") {
                findings.append(
                    Finding(file: name.isEmpty ? "." : name, text: "others may read it: its mode is \(mode)"))
            }
        }
        var damaged: Set<String> = []
        for name in files where StoreFiles.databases.contains(name) {
            guard let complaint = Self.complaint(inFile: "\(directory)/\(name)", thorough: thorough) else { continue }
            damaged.insert(name)
            findings.append(Finding(file: name, text: complaint))
        }
        var verification: UsageVerification?
        if files.contains(StoreFiles.usage), !damaged.contains(StoreFiles.usage) {
            do {
                let found = try UsageReader(path: "\(directory)/\(StoreFiles.usage)").verify()
                findings += found.shown.map { Finding(file: StoreFiles.usage, text: $0) }
                if found.differences > found.shown.count {
                    let more = found.differences - found.shown.count
                    findings.append(Finding(file: StoreFiles.usage, text: "and \(more) more differences"))
                }
                verification = found
            } catch {
                findings.append(Finding(file: StoreFiles.usage, text: error.message))
            }
        }
        if let size = Self.size("\(directory)/\(StoreFiles.seal)"), size != StoreFiles.sealLength {
            findings.append(
                Finding(file: StoreFiles.seal, text: "it has \(size) bytes, but a key has \(StoreFiles.sealLength)"))
        }
        (self.findings, self.verification) = (findings, verification)
    }

    /// Opens a database of the store for looking at it.
    ///
    /// Not read-only: what a killed process left of a write is undone by whoever reads the file next, which needs to write.
    static func openDatabase(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(StoreDatabase.busyTimeout)
        configuration.foreignKeysEnabled = false
        let isUsage = (path as NSString).lastPathComponent == StoreFiles.usage
        // The ledger's file is written by its server's connection only, which takes other writers for a replacement.
        configuration.readonly = isUsage
        configuration.prepareDatabase { db in
            if !isUsage { try db.execute(sql: "PRAGMA query_only = ON") }
            let owner = isUsage ? UsageDatabase.applicationID : StoreDatabase.applicationID
            guard try Int32.fetchOne(db, sql: "PRAGMA application_id") == owner else {
                throw StoreError(.damaged, "\(path) is a database of another program")
            }
        }
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// What SQLite says of a database's structure; nil when it is whole.
    static func complaint(in db: Database, thorough: Bool) throws -> String? {
        let said = try String.fetchAll(db, sql: "PRAGMA \(thorough ? "integrity_check" : "quick_check")(20)")
        return said == ["ok"] ? nil : said.flatMap { $0.split(whereSeparator: \.isNewline) }.joined(separator: "; ")
    }

    private static func complaint(inFile path: String, thorough: Bool) -> String? {
        do {
            let queue = try openDatabase(path)
            defer { try? queue.close() }
            return try queue.read { try complaint(in: $0, thorough: thorough) }
        } catch {
            return StoreError(error, path: path).message
        }
    }

    /// The mode of a file that not only its owner may use; nil for one that is fine, or missing.
    private static func openMode(_ path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return nil }
        return "0" + String(status.st_mode & 0o777, radix: 8)
    }

    private static func size(_ path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : nil
    }
}
