import Foundation

/// The file of a database, before SQLite opens it.
struct DatabaseFile {
    let path: String
    /// What messages call it: `database`, `usage database`.
    let name: String

    /// Makes the directory (0700) where it is missing.
    func createDirectory() throws(StoreError) {
        let directory = (path as NSString).deletingLastPathComponent
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StoreError(
                .unavailable, "cannot create the data directory \(directory): \(StoreError.reason(for: error))")
        }
    }

    /// Makes the file (0600) where it is missing; SQLite gives its side files the same mode.
    ///
    /// An existing file is never opened here: closing any descriptor of it would drop the locks that SQLite holds on
    /// it elsewhere in this process.
    func create() throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
        } else if errno != EEXIST {
            throw StoreError(.unavailable, "cannot create the \(name) \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Refuses what is no file that can be read and written, and takes other users' access to it away.
    ///
    /// - Parameter allowsEmpty: SQLite would make a database of an empty file. While one is being restored, that file is half
    ///   of a copy.
    func check(allowsEmpty: Bool) throws(StoreError) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw StoreError(.unavailable, "cannot open the \(name) \(path): it is not a regular file")
        }
        guard allowsEmpty || status.st_size > 0 else {
            throw StoreError(.unavailable, "cannot open the \(name) \(path): it is empty")
        }
        guard access(path, R_OK | W_OK) == 0 else {
            let reason = String(cString: strerror(errno))
            throw StoreError(.unavailable, "cannot open the \(name) \(path) for writing: \(reason)")
        }
        // It holds digests of keys, or who used what; a file whose mode cannot be changed is no reason to stop.
        if status.st_mode & 0o077 != 0 { chmod(path, 0o600) }
    }
}
