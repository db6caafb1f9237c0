import Foundation

/// Which file lies at a path, and which of its states.
struct FileIdentity: Sendable, Equatable {
    /// The file itself, whatever its contents.
    struct Inode: Sendable, Equatable {
        let device: UInt64
        let number: UInt64
    }

    let inode: Inode
    private let size: Int64
    private let seconds: Int
    private let nanoseconds: Int

    /// Nil when there is no file; `errno` says why.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        inode = Inode(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
        size = Int64(status.st_size)
        #if canImport(Darwin)
            let modified = status.st_mtimespec
        #else
            let modified = status.st_mtim
        #endif
        seconds = Int(modified.tv_sec)
        nanoseconds = Int(modified.tv_nsec)
    }
}
