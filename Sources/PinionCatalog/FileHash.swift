import Crypto
import Foundation

/// The digest by which a file is known, as hubs state it.
package enum FileHash: Sendable, Equatable {
    /// Of large files, which lie outside of Git (LFS).
    case sha256(String)
    /// SHA-1 over `blob SIZE\0` and the contents: how Git itself names small files.
    case gitBlob(String)

    static let sha256Length = 64
    static let gitLength = 40

    /// What a message calls the kind.
    package var kind: String {
        switch self {
        case .sha256: "SHA-256"
        case .gitBlob: "Git blob"
        }
    }

    /// Lowercase hexadecimal.
    package var digits: String {
        switch self {
        case .sha256(let digits), .gitBlob(let digits): digits
        }
    }

    /// The hash of the same kind that a file has.
    ///
    /// - Throws: `unwritable` when it cannot be read, `cancelled`.
    func found(inFile path: String, size: Int) throws(CatalogError) -> FileHash {
        switch self {
        case .sha256: .sha256(try FileDigest.sha256(ofFile: path))
        case .gitBlob: .gitBlob(try FileDigest.gitBlob(ofFile: path, size: size))
        }
    }

    static func isHexadecimal(_ text: String, length: Int) -> Bool {
        text.utf8.count == length
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
