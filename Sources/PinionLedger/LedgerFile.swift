#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// An open file of a fixed size whose blocks are all allocated: writes into it never fail for want of room.
final class LedgerFile: Sendable {
    let path: String
    let descriptor: Int32
    let size: Int

    /// Opens a file for this user alone, making it where it is missing.
    ///
    /// - Throws: `diskFull` or `unavailable`.
    init(path: String, size: Int) throws(LedgerError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open", path) }
        let failure = Self.allocate(descriptor, size)
        guard failure == 0 else {
            close(descriptor)
            throw .system("make room in", path, failure)
        }
        (self.path, self.descriptor, self.size) = (path, descriptor, size)
    }

    /// Returns once the names of a directory's files survive a power loss: a file that is synced and has no name is lost.
    static func syncDirectory(_ path: String) throws(LedgerError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", path) }
        defer { close(descriptor) }
        // Some file systems cannot sync a directory (EINVAL), and keep its names by themselves.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw .system("sync", path) }
    }

    deinit {
        close(descriptor)
    }

    /// - Returns: 0, or the number of the error.
    private static func allocate(_ descriptor: Int32, _ size: Int) -> Int32 {
        #if canImport(Darwin)
            return ftruncate(descriptor, off_t(size)) == 0 ? 0 : errno
        #else
            return posix_fallocate(descriptor, 0, off_t(size))
        #endif
    }

    /// - Throws: `unavailable`.
    func write(_ bytes: [UInt8], at offset: Int) throws(LedgerError) {
        precondition(offset >= 0 && offset + bytes.count <= size, "a write beyond a ledger's file")
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                pwrite(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("write", path) }
            done += count
        }
    }

    /// The first `count` bytes, or as many as there are.
    func read(_ count: Int) throws(LedgerError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let read = bytes.withUnsafeMutableBytes { buffer in
                pread(descriptor, buffer.baseAddress.map { $0 + done }, count - done, off_t(done))
            }
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { throw .system("read", path) }
            if read == 0 { break }
            done += read
        }
        return Array(bytes.prefix(done))
    }

    /// Returns once what was written survives a power loss.
    func sync() throws(LedgerError) {
        #if canImport(Darwin)
            let status = fcntl(descriptor, F_FULLFSYNC)
        #else
            let status = fdatasync(descriptor)
        #endif
        guard status == 0 else { throw .system("sync", path) }
    }
}
