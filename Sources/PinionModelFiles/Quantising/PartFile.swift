import Foundation

/// A file that has its name only when it is whole: it is written beside it as `NAME.part` and renamed.
///
/// What is not finished is removed; a process that was killed leaves the part behind, and the next one writes over it. A
/// lock keeps two processes from writing one part.
final class PartFile {
    static func partPath(of path: String) -> String { path + ".part" }
    private static let permissions: mode_t = 0o644

    let path: String
    /// Where it lies until it is whole.
    let partPath: String
    private let descriptor: Int32
    private var isFinished = false

    /// - Throws: ``ModelError`` naming the file and the system's reason.
    init(path: String) throws(ModelError) {
        self.path = path
        partPath = Self.partPath(of: path)
        // Not blocking: opening a pipe would otherwise wait for its reader.
        descriptor = open(partPath, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, Self.permissions)
        guard descriptor >= 0 else {
            // What lies there is not this one's to remove.
            let code = errno
            isFinished = true
            throw Self.failure(partPath, "cannot be created", code)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            // The other process's file is not this one's to remove.
            isFinished = true
            throw ModelError(.unwritableFile, "\(partPath): another process is writing it")
        }
        var (opened, named) = (stat(), stat())
        guard fstat(descriptor, &opened) == 0, opened.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            isFinished = true
            throw ModelError(.unwritableFile, "\(partPath): exists and is no regular file; remove it")
        }
        // Before the lock was taken another process may have finished the part and given it its name.
        guard lstat(partPath, &named) == 0, named.st_dev == opened.st_dev, named.st_ino == opened.st_ino else {
            close(descriptor)
            isFinished = true
            throw ModelError(.unwritableFile, "\(partPath): another process has just written it; try again")
        }
        guard ftruncate(descriptor, 0) == 0 else { throw Self.failure(partPath, "cannot be emptied", errno) }
    }

    deinit {
        guard !isFinished else { return }
        unlink(partPath)
        close(descriptor)
    }

    /// - Throws: ``ModelError`` with the system's reason, such as a full disk.
    func write(_ bytes: UnsafeRawBufferPointer) throws(ModelError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            let count = Foundation.write(descriptor, piece.baseAddress, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(partPath, "cannot be written", errno) }
            rest = rest.dropFirst(count)
        }
    }

    /// Makes the file as long as it is going to be, so that a reader of its header finds nothing missing. What is not
    /// written takes no room.
    func reserve(_ bytes: Int) throws(ModelError) {
        guard ftruncate(descriptor, off_t(bytes)) == 0 else { throw Self.failure(partPath, "cannot be written", errno) }
    }

    /// Gives the file its name; its bytes are on the disk before.
    ///
    /// - Parameter replacing: Whether a file of that name gives way.
    func finish(replacing: Bool) throws(ModelError) {
        guard fsync(descriptor) == 0 else { throw Self.failure(partPath, "cannot be written", errno) }
        guard replacing || access(path, F_OK) != 0 else {
            throw ModelError(.unwritableFile, "\(path): appeared while it was being made; it was left as it is")
        }
        guard rename(partPath, path) == 0 else { throw Self.failure(path, "cannot be named", errno) }
        isFinished = true
        close(descriptor)
        // The name is on the disk as soon as its folder is.
        let folder = open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private static func failure(_ path: String, _ what: String, _ code: Int32) -> ModelError {
        ModelError(.unwritableFile, "\(path): \(what): \(String(cString: strerror(code)))")
    }
}
