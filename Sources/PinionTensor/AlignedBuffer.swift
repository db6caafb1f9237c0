#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Zeroed memory for plain numbers, aligned to a page and committed only as it is touched.
///
/// - Note: `@unchecked Sendable` is sound for handing the buffer over: whoever writes (the engine thread and its worker
///   team, each to its own part between two barriers) is its only user at that time.
package final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
    package let pointer: UnsafeMutablePointer<Element>
    package let count: Int
    private let byteCount: Int

    /// - Parameters:
    ///   - count: Elements; 0 is allowed.
    ///   - largePages: Spares the kernels most of their address translations; what is touched first is committed, and cleared, in
    ///     larger pieces.
    /// - Throws: ``TensorError`` when the system has no room for it.
    package init(count: Int, largePages: Bool = true) throws(TensorError) {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard count >= 0, !overflow,
            let base = mmap(nil, max(bytes, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            base != MAP_FAILED
        else { throw TensorError(.outOfMemory, "no memory for a buffer of \(count) x \(Element.self)") }
        byteCount = max(bytes, 1)
        #if os(Linux)
            // A refusal costs nothing.
            madvise(base, byteCount, largePages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE)
        #endif
        pointer = base.bindMemory(to: Element.self, capacity: max(count, 1))
        self.count = count
    }

    deinit {
        munmap(pointer, byteCount)
    }
}
