import Crypto
import Foundation

/// SHA-256 of a file, read in pieces.
package enum FileDigest {
    /// Bytes read at a time.
    static let chunkSize = 1 << 20

    /// The lowercase hexadecimal digest of the file at `path`.
    ///
    /// - Throws: `unwritable` when the file cannot be read, `cancelled` when the task was cancelled meanwhile.
    package static func sha256(ofFile path: String) throws(CatalogError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CatalogError.unwritable("read", path, errno: errno) }
        defer { close(descriptor) }
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: chunkSize)
        while true {
            if Task.isCancelled { throw CatalogError(.cancelled, "interrupted while checking \(path)") }
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, chunkSize) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CatalogError.unwritable("read", path, errno: errno) }
            if count == 0 { break }
            hash.update(data: buffer[..<count])
        }
        return hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
