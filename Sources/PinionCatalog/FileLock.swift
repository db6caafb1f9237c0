import Foundation

/// An exclusive lock between processes, held from acquiring until ``release()``.
///
/// `flock` rather than a lock file's mere existence: the kernel lets go of it however the holder dies.
struct FileLock {
    private static let pollInterval = Duration.milliseconds(100)

    private let descriptor: Int32

    /// Waits for the lock; `onWait` is told once if somebody else holds it.
    static func acquire(_ path: String, onWait: () -> Void) async throws(CatalogError) -> FileLock {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CatalogError.unwritable("create the lock", path, errno: errno) }
        var hasWaited = false
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                let number = errno
                close(descriptor)
                throw CatalogError.unwritable("lock", path, errno: number)
            }
            if !hasWaited { onWait() }
            hasWaited = true
            do {
                try await Task.sleep(for: pollInterval)
            } catch {
                close(descriptor)
                throw CatalogError(.cancelled, "interrupted while waiting for \(path)")
            }
        }
        return FileLock(descriptor: descriptor)
    }

    func release() {
        close(descriptor)
    }
}
