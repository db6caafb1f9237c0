import Foundation

/// The protocol of a hub: which files there are, and where each is fetched.
protocol ModelHub: Sendable {
    var connection: HubConnection { get }

    /// - Throws: ``TransferFault``.
    func list() async throws(TransferFault) -> RemoteListing

    /// Where a listed file lies at exactly the listed revision.
    func url(of file: RemoteFile, at revision: String) -> URL
}

extension ModelHub {
    /// The listing that the hub's reply to an address holds, checked.
    ///
    /// - Parameter read: What this hub calls a listing's parts.
    func listing(
        at url: URL, _ read: (HubReply) throws(CatalogError) -> RemoteListing
    ) async throws(TransferFault) -> RemoteListing {
        let bytes = try await connection.bytes(url)
        let listing: RemoteListing
        do throws(CatalogError) {
            listing = try read(HubReply(bytes, connection.source))
        } catch { throw .final(error) }
        return try checked(listing)
    }

    /// Checks what every listing must be: names once each, and a revision that can name a folder.
    func checked(_ listing: RemoteListing) throws(TransferFault) -> RemoteListing {
        guard FileHash.isHexadecimal(listing.revision, length: FileHash.gitLength) else {
            throw .final(
                CatalogError(
                    .unexpectedReply,
                    "\(connection.source): the hub names the revision \(FileWords.quoted(listing.revision)), expected "
                        + "\(FileHash.gitLength) hexadecimal digits"))
        }
        var names: Set<[UInt8]> = []
        for file in listing.files where !names.insert(Array(file.name.utf8)).inserted {
            throw .final(
                CatalogError(
                    .unexpectedReply, "\(connection.source): the hub lists \(FileWords.quoted(file.name)) twice"))
        }
        return listing
    }
}
