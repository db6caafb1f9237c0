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

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
