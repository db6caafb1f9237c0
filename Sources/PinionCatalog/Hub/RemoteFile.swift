/// A file that a hub lists, with what has to arrive.
package struct RemoteFile: Sendable, Equatable {
    /// The largest size in bytes that a listing may state for a file: larger than any disk, and 20,000 such sizes still
    /// add up without overflow.
    package static let maximumSize = 1 << 44

    package let name: String
    /// Bytes.
    package let size: Int
    /// Nil where the source states none.
    package let hash: FileHash?
    /// The commit that the hub wants asked for; nil means that of the listing.
    var revision: String?

    package init(name: String, size: Int, hash: FileHash?, revision: String? = nil) {
        self.name = name
        self.size = size
        self.hash = hash
        self.revision = revision
    }
}

/// What a repository holds at one moment.
struct RemoteListing: Sendable, Equatable {
    /// Files that a repository may have: Git itself becomes slow at more, and each costs memory here.
    static let maximumFiles = 20_000

    /// Names this very state of the repository: lowercase hexadecimal.
    let revision: String
    let files: [RemoteFile]
}
