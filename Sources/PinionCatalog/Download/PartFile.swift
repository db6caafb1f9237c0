import Foundation
import NIOCore

/// A file that is being filled, from several connections at once; each writes at places of its own.
final class PartFile: Sendable {
    private let descriptor: Int32
    private let path: String

    /// Opens or makes the file and gives it its final length; what is not written yet takes no room on the disk.
    ///
    /// - Throws: `unwritable`.
    init(path: String, size: Int) throws(CatalogError) {
        // A link in the file's place must not lead the writing elsewhere.
        descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw CatalogError.unwritable("write", path, errno: errno) }
        guard ftruncate(descriptor, off_t(size)) == 0 else {
            throw CatalogError.unwritable("give its length to", path, errno: errno)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// - Throws: `noSpace` or `unwritable`.
    func write(_ bytes: ByteBufferView, at offset: Int) throws(CatalogError) {
        let failure = bytes.withUnsafeBytes { bytes -> Int32? in
            var done = 0
            while done < bytes.count {
                let count = pwrite(
                    descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return errno }
                done += count
            }
            return nil
        }
        switch failure {
        case nil: return
        case ENOSPC, EDQUOT:
            throw CatalogError(
                .noSpace,
                "the disk is full at \(path); make room (`pinion models prune` removes what no model needs), and pull "
                    + "again to go on")
        case .some(let number): throw CatalogError.unwritable("write", path, errno: number)
        }
    }
}
