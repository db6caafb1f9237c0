import Crypto
import Foundation

/// One file at an address of its own, asked for its size as hubs are for a listing.
///
/// The address states no version. The server's `ETag` or `Last-Modified` stands for one, so that a file that was replaced
/// while it was being fetched is not made of two halves.
struct AddressHub: ModelHub {
    let address: FileAddress
    let connection: HubConnection

    func list() async throws(TransferFault) -> RemoteListing {
        let reply = try await connection.get(address.url, range: 0..<1)
        let size: Int?
        if reply.isPartial {
            size = ContentRange(reply.header("content-range"))?.total
        } else {
            size = reply.header("content-length").flatMap { Int($0) }
        }
        guard let size, (1...RemoteFile.maximumSize).contains(size) else {
            throw .final(
                CatalogError(.unexpectedReply, "\(connection.source): the server does not say how long the file is"))
        }
        let version = reply.header("etag") ?? reply.header("last-modified") ?? ""
        let key = "\(address.url.absoluteString)\0\(size)\0\(version)\0\(address.sha256 ?? "")"
        let digest = FileHash.hexadecimal(SHA256.hash(data: Data(key.utf8)))
        return RemoteListing(
            revision: String(digest.prefix(FileHash.gitLength)),
            files: [RemoteFile(name: address.fileName, size: size, hash: address.sha256.map(FileHash.sha256))])
    }

    func url(of file: RemoteFile, at revision: String) -> URL { address.url }
}

/// `Content-Range: bytes 0-99/1234`; RFC 9110, 14.4.
struct ContentRange: Equatable {
    let bytes: Range<Int>
    let total: Int

    init?(_ text: String?) {
        guard let text, text.lowercased().hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst("bytes ".count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let total = Int(parts[1]) else { return nil }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]), 0 <= first, first <= last,
            last < total
        else { return nil }
        bytes = first..<last + 1
        self.total = total
    }
}
