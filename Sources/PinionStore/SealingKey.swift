import Crypto
import Foundation

/// A random key in a file of its own, with which texts are sealed that clients keep and must neither read nor change:
/// AES-GCM with 256 bits.
package struct SealingKey: Sendable {
    /// Bytes of the key, and of its file.
    private static let length = 32

    private let key: SymmetricKey

    /// Reads the key, or makes it where there is none. Only its owner may read the file.
    ///
    /// - Throws: ``StoreError`` for a file that cannot be read or written, or that holds something else.
    package init(path: String) throws(StoreError) {
        if let bytes = try Self.contents(of: path) {
            key = SymmetricKey(data: bytes)
            return
        }
        let made = SymmetricKey(size: .bits256)
        try Self.write(made.withUnsafeBytes { Array($0) }, to: path)
        // Of two servers that start at once, the one that came first has made the key.
        guard let bytes = try Self.contents(of: path) else {
            throw StoreError(.unavailable, "\(path): the key is gone right after it was made")
        }
        key = SymmetricKey(data: bytes)
    }

    /// A key that is forgotten with the process.
    package init() {
        key = SymmetricKey(size: .bits256)
    }

    /// - Parameter owner: Whose text it is, which ``open(_:for:)`` has to say again.
    package func seal(_ bytes: [UInt8], for owner: String) -> [UInt8] {
        // Fails only for a nonce of a wrong length, which is the library's own.
        guard let box = try? AES.GCM.seal(bytes, using: key, authenticating: Array(owner.utf8)),
            let combined = box.combined
        else {
            preconditionFailure("AES-GCM takes any text")
        }
        return Array(combined)
    }

    /// - Returns: nil for what this key did not seal for this owner, or what somebody changed.
    package func open(_ sealed: [UInt8], for owner: String) -> [UInt8]? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed),
            let bytes = try? AES.GCM.open(box, using: key, authenticating: Array(owner.utf8))
        else { return nil }
        return Array(bytes)
    }

    private static func contents(of path: String) throws(StoreError) -> Data? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw StoreError(.unavailable, "\(path): the key that seals reasoning cannot be read: \(error)")
        }
        guard data.count == length else {
            throw StoreError(
                .damaged,
                "\(path): a key of \(length) bytes is expected, but the file has \(data.count); delete it and "
                    + "a new one is made, which does not open what the old one sealed")
        }
        return data
    }

    /// Writes a new file whole or not at all; one that is there already stays.
    private static func write(_ bytes: [UInt8], to path: String) throws(StoreError) {
        let new = "\(path).\(UInt32.random(in: 0...UInt32.max))"
        guard FileManager.default.createFile(atPath: new, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
        else { throw StoreError(.unavailable, "\(path): the key that seals reasoning cannot be written") }
        // A link, unlike a move, takes no place that is taken.
        let isLinked = link(new, path) == 0 || errno == EEXIST
        unlink(new)
        guard isLinked else {
            throw StoreError(.unavailable, "\(path): the key that seals reasoning cannot be written")
        }
    }
}
