import Foundation

/// The API of huggingface.co and its mirrors.
///
/// Source of the format: the hub's API documentation (`/api/models/{repo}/revision/{revision}?blobs=true`) and what the
/// hub answers: `sha` is the commit, `siblings` the files, whose `lfs.sha256` is that of the file itself while `blobId`
/// is what Git calls the file, or for LFS the pointer to it.
struct HuggingFaceHub: ModelHub {
    private static let branch = "main"

    let repository: HubRepository
    let connection: HubConnection

    func list() async throws(TransferFault) -> RemoteListing {
        let url = connection.endpoint.url(
            ["api", "models", repository.path, "revision", Self.branch], query: [("blobs", "true")])
        return try await listing(at: url) { reply throws(CatalogError) in
            var files: [RemoteFile] = []
            for entry in try reply.objects("siblings", limit: RemoteListing.maximumFiles) {
                files.append(try Self.file(entry))
            }
            return RemoteListing(revision: try reply.required("sha"), files: files)
        }
    }

    func url(of file: RemoteFile, at revision: String) -> URL {
        connection.endpoint.url([repository.path, "resolve", revision, file.name])
    }

    private static func file(_ entry: HubReply) throws(CatalogError) -> RemoteFile {
        let name = try entry.required("rfilename")
        if let large = entry.member("lfs") {
            let digits = large.text("sha256") ?? large.text("oid") ?? ""
            guard FileHash.isHexadecimal(digits, length: FileHash.sha256Length) else {
                throw entry.wrong("has no SHA-256 for \(FileWords.quoted(name))")
            }
            return RemoteFile(name: name, size: try large.size("size"), hash: .sha256(digits))
        }
        let digits = try entry.required("blobId")
        guard FileHash.isHexadecimal(digits, length: FileHash.gitLength) else {
            throw entry.wrong("has no Git hash for \(FileWords.quoted(name))")
        }
        return RemoteFile(name: name, size: try entry.size("size"), hash: .gitBlob(digits))
    }
}
