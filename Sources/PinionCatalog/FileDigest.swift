import Crypto
import Foundation

/// Digests of files, read in pieces.
package enum FileDigest {
    /// Bytes read at a time.
    static let chunkSize = 1 << 20

    /// The lowercase hexadecimal SHA-256 of the file at `path`.
    ///
    /// - Throws: `unwritable` when the file cannot be read, `cancelled` when the task was cancelled meanwhile.
    package static func sha256(ofFile path: String) throws(CatalogError) -> String {
        try digest(SHA256(), ofFile: path)
    }

    /// The lowercase hexadecimal name that Git gives to the file's contents.
    ///
    /// SHA-1 is no protection against someone who makes two files of one digest; it tells a damaged download, and the
    /// connection to the hub is what the rest rests on.
    static func gitBlob(ofFile path: String, size: Int) throws(CatalogError) -> String {
        var hash = Insecure.SHA1()
        hash.update(data: Data("blob \(size)\0".utf8))
        return try digest(hash, ofFile: path)
    }

    private static func digest(_ start: some HashFunction, ofFile path: String) throws(CatalogError) -> String {
        var hash = start
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CatalogError.unwritable("read", path, errno: errno) }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: chunkSize)
        while true {
            if Task.isCancelled { throw CatalogError(.cancelled, "interrupted while checking \(path)") }
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, chunkSize) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CatalogError.unwritable("read", path, errno: errno) }
            if count == 0 { break }
            hash.update(data: buffer[..<count])
        }
        return FileHash.hexadecimal(hash.finalize())
    }
}
