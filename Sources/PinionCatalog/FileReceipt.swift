import Foundation

/// A file's length, inode and time of modification: while they stay, the file counts as the one that was verified.
///
/// Reading gigabytes at each start to hash them again would cost minutes. An attacker who can set a file's times can
/// change what this program runs anyway.
struct FileReceipt: Equatable {
    let text: String

    /// Nil when there is no such file.
    init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        #if canImport(Darwin)
            let modified = status.st_mtimespec
        #else
            let modified = status.st_mtim
        #endif
        text = "\(status.st_size) \(status.st_ino) \(modified.tv_sec).\(modified.tv_nsec)"
    }
}
