import Crypto
import Foundation

/// The API of modelscope.cn and its mirrors.
///
/// Source of the format: what the hub answers to its own client. A listing states no commit of the whole repository but
/// one for each file, that of its last change. *Therefore* each file is asked for at its own commit, and the revision is
/// a digest over all names and commits: it changes when any file does.
struct ModelScopeHub: ModelHub {
    private static let branch = "master"
    /// `Code` of an answer that is none.
    private static let success = 200

    let repository: HubRepository
    let connection: HubConnection

    func list() async throws(TransferFault) -> RemoteListing {
        let url = connection.endpoint.url(
            ["api", "v1", "models", repository.path, "repo", "files"],
            query: [("Revision", Self.branch), ("Recursive", "true")])
        return try await listing(at: url) { reply throws(CatalogError) in
            guard try reply.size("Code") == Self.success, let data = reply.member("Data") else {
                let said = reply.text("Message").map { ", saying \(FileWords.quoted($0))" } ?? ""
                throw CatalogError(.notFound, "\(connection.source): the hub has no such model\(said)")
            }
            var files: [RemoteFile] = []
            for entry in try data.objects("Files", limit: RemoteListing.maximumFiles) where entry.text("Type") != "tree"
            {
                files.append(try Self.file(entry))
            }
            return RemoteListing(revision: Self.revision(of: files), files: files)
        }
    }

    func url(of file: RemoteFile, at revision: String) -> URL {
        connection.endpoint.url(
            ["api", "v1", "models", repository.path, "repo"],
            query: [("Revision", file.revision ?? Self.branch), ("FilePath", file.name)])
    }

    private static func file(_ entry: HubReply) throws(CatalogError) -> RemoteFile {
        let name = try entry.required("Path")
        let digits = entry.text("Sha256")?.lowercased() ?? ""
        guard FileHash.isHexadecimal(digits, length: FileHash.sha256Length) else {
            throw entry.wrong("has no SHA-256 for \(FileWords.quoted(name))")
        }
        let revision = try entry.required("Revision")
        guard FileHash.isHexadecimal(revision, length: FileHash.gitLength) else {
            throw entry.wrong("has no commit for \(FileWords.quoted(name))")
        }
        return RemoteFile(name: name, size: try entry.size("Size"), hash: .sha256(digits), revision: revision)
    }

    private static func revision(of files: [RemoteFile]) -> String {
        let lines = files.map { "\($0.name)\0\($0.revision ?? "")\0\($0.hash?.digits ?? "")\n" }.sorted()
        let digest = FileHash.hexadecimal(SHA256.hash(data: Data(lines.joined().utf8)))
        return String(digest.prefix(FileHash.gitLength))
    }
}
