import Foundation
import PinionLedger

/// The integers and bytes by which the database knows what the ledger names.
enum UsageCodes {
    /// The letters of our request ids before their random part.
    private static let requestMarker = "req_"
    /// First byte of an id that is ours, whose random letters follow in 6 bits each; and of any other, whose bytes follow.
    private static let (packed, plain) = (UInt8(1), UInt8(0))

    /// Bytes that stand for one request id and no other.
    ///
    /// The random letters are all of Base64's alphabet. Packed they save 22 of a million rows' 120 MB, which hold every id
    /// twice: in the row, and in the index by which a row is counted once.
    static func bytes(ofRequest id: String) -> Data {
        if id.utf8.starts(with: requestMarker.utf8) {
            let letters = String(decoding: id.utf8.dropFirst(requestMarker.utf8.count), as: UTF8.self)
            // The way back must be exact: Base64 as such ignores bits of its last letters.
            if let bytes = Data(base64Encoded: letters), bytes.base64EncodedString().utf8.elementsEqual(letters.utf8) {
                return Data([packed]) + bytes
            }
        }
        return Data([plain]) + Data(id.utf8)
    }

    static func request(of bytes: Data) -> String {
        let rest = bytes.dropFirst()
        return bytes.first == packed
            ? requestMarker + rest.base64EncodedString() : String(decoding: rest, as: UTF8.self)
    }
}

extension Scope {
    /// Never changes: databases hold it.
    var code: Int {
        switch self {
        case .key: 0
        case .owner: 1
        case .model: 2
        }
    }
}
