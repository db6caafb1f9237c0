import Foundation

/// The directory in which the program keeps its database and models.
package struct DataDirectory: Sendable, Equatable {
    package let path: String

    /// Resolves `given` (a flag or setting), else `PINION_DATA_DIR`, else `XDG_DATA_HOME/pinion`, else
    /// `~/.local/share/pinion`. Nothing is created yet.
    package init(_ given: String?, environment: [String: String] = ProcessInfo.processInfo.environment) {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        let chosen: String
        if let given = given ?? value("PINION_DATA_DIR") {
            chosen = given
        } else if let data = value("XDG_DATA_HOME"), data.hasPrefix("/") {
            // The XDG specification has relative paths ignored.
            chosen = data + "/pinion"
        } else {
            chosen = (value("HOME") ?? NSHomeDirectory()) + "/.local/share/pinion"
        }
        path = URL(fileURLWithPath: chosen).standardizedFileURL.path
    }

    package var databasePath: String { path + "/pinion.db" }

    /// Of the ledger's rows.
    package var usagePath: String { path + "/usage.db" }

    /// Of the key that seals reasoning.
    package var sealingKeyPath: String { path + "/seal.key" }

    package var modelsPath: String { path + "/models" }

    /// Where a catalog model is kept once it has been verified.
    package func path(of model: CatalogModel) throws(CatalogError) -> String {
        let name = try CatalogName(model.id)
        let file = model.fileName
        guard !file.hasPrefix("."), !file.contains("\0") else {
            throw CatalogError(.invalidName, "'\(file)' is no file name for the model \(model.id)")
        }
        return ([modelsPath] + name.components + [file]).joined(separator: "/")
    }

    /// Creates the directory, readable by its owner only, and makes sure that it can be written.
    package func create() throws(CatalogError) {
        try Self.makeDirectory(path)
        guard access(path, W_OK | X_OK) == 0 else {
            throw CatalogError.unwritable("write to the data directory", path, errno: errno)
        }
    }

    static func makeDirectory(_ path: String) throws(CatalogError) {
        var missing: [String] = []
        var current = path
        var status = stat()
        while stat(current, &status) != 0, current != "/", !current.isEmpty {
            missing.append(current)
            current = (current as NSString).deletingLastPathComponent
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw CatalogError(.unwritable, "cannot create the directory \(path): \(current) is not a directory")
        }
        for directory in missing.reversed() where mkdir(directory, 0o700) != 0 && errno != EEXIST {
            throw CatalogError.unwritable("create the directory", path, errno: errno)
        }
    }

    /// Has the system write a file or folder to the disk, so that a power cut cannot undo a renaming before it.
    static func flush(_ path: String) throws(CatalogError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CatalogError.unwritable("open", path, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw CatalogError.unwritable("flush", path, errno: errno) }
    }
}
