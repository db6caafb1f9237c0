#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file's bytes, mapped read-only for as long as the object lives.
///
/// - Note: `@unchecked Sendable` is sound because the mapping never changes after `init` and is only read.
package final class MappedFile: @unchecked Sendable {
    package let path: String
    package let bytes: UnsafeRawBufferPointer

    /// - Throws: ``TensorError`` naming the file and the system's reason.
    package init(path: String) throws(TensorError) {
        // Not blocking: opening a pipe would otherwise wait for a writer before it can be refused.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw TensorError(.unreadableFile, "\(path): cannot be opened: \(Self.reason(errno))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw TensorError(.unreadableFile, "\(path): cannot be examined: \(Self.reason(errno))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw TensorError(.unreadableFile, "\(path): is not a regular file")
        }
        let size = Int(status.st_size)
        guard size > 0 else { throw TensorError(.malformedFile, "\(path): is empty") }
        guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw TensorError(.unreadableFile, "\(path): cannot be mapped: \(Self.reason(errno))")
        }
        self.path = path
        bytes = UnsafeRawBufferPointer(start: base, count: size)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }

    /// Tells the system that bytes were read that nobody is about to read again, so that they do not count as this
    /// process's memory. Whoever does read them again finds them.
    package func forget(_ part: UnsafeRawBufferPointer) {
        guard let first = part.baseAddress, let start = bytes.baseAddress else { return }
        let page = Int(getpagesize())
        // Whole pages only; the mapping itself begins with one.
        let from = (first - start + page - 1) / page * page
        let to = (first - start + part.count) / page * page
        guard from < to else { return }
        _ = madvise(UnsafeMutableRawPointer(mutating: start + from), to - from, MADV_DONTNEED)
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
