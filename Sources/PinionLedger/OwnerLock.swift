#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The mark of the one process that owns a data directory's ledger. The kernel takes it away with the process, however
/// that ends.
package final class OwnerLock: Sendable {
    package static let fileName = "server.lock"
    private static let longestText = 32

    private let descriptor: Int32

    /// - Throws: `owned` with the owner's process id; `unavailable`.
    package init(directory: String) throws(LedgerError) {
        let path = "\(directory)/\(Self.fileName)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = Self.text(of: descriptor)
            close(descriptor)
            throw LedgerError(
                .owned,
                "\(directory) is served by another process already"
                    + (owner.isEmpty ? "" : " (process \(owner))") + "; stop it, or take another --data-dir")
        }
        self.descriptor = descriptor
        let text = Array("\(getpid())\n".utf8)
        // The number is for people; the lock holds without it.
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }

    deinit {
        close(descriptor)
    }

    private static func text(of descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: longestText)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(count, 0)).filter { (0x30...0x39).contains($0) }, as: UTF8.self)
    }
}
