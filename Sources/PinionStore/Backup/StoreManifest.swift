import Foundation

/// What a backup says of itself, in `manifest.json`.
package struct StoreManifest: Sendable, Equatable, Codable {
    package struct File: Sendable, Equatable, Codable {
        package let name: String
        package let bytes: Int
        /// Lowercase hexadecimal digits.
        package let sha256: String
    }

    /// The only format there is so far.
    static let currentFormat = 1
    /// Bytes of a manifest that are read at most.
    private static let maximumSize = 64 << 10

    package let format: Int
    /// The time at which the backup began, as ISO 8601 has it.
    package let created: String
    /// The version of the program that made the backup.
    package let version: String
    package let files: [File]

    func write(to path: String) throws(StoreError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self),
            FileManager.default.createFile(
                atPath: path, contents: data + Data("\n".utf8), attributes: [.posixPermissions: 0o600])
        else { throw StoreError(.unavailable, "cannot write \(path)") }
        try StoreFiles.flush(path)
    }

    /// Reads the manifest of a backup and compares every file with it.
    ///
    /// - Throws: `notFound` without a manifest; `damaged` for a manifest without the keys' database, and for a file that is
    ///   not as it was written or no regular file.
    static func verified(in directory: String) throws(StoreError) -> StoreManifest {
        let path = "\(directory)/\(StoreFiles.manifest)"
        guard StoreFiles.exists(path) else {
            throw StoreError(.notFound, "\(directory) is no whole backup: it has no \(StoreFiles.manifest)")
        }
        let data = Data(try StoreFiles.contents(of: path, maximum: maximumSize))
        guard let manifest = try? JSONDecoder().decode(StoreManifest.self, from: data) else {
            throw StoreError(.damaged, "\(path) is not the manifest of a backup")
        }
        guard manifest.format == currentFormat else {
            throw StoreError(
                .newerSchema,
                "\(path) has the format \(manifest.format), which is known to a newer version of pinion only")
        }
        let names = manifest.files.map(\.name)
        guard Set(names).count == names.count, names.allSatisfy(StoreFiles.all.contains) else {
            throw StoreError(.damaged, "\(path) names files that no backup has")
        }
        // In the place of a store it would be one without keys, which a start takes for a new one.
        guard names.contains(StoreFiles.keys) else {
            throw StoreError(.damaged, "\(path) names no \(StoreFiles.keys), without which there are no keys")
        }
        for file in manifest.files {
            let found = try StoreFiles.digest(of: "\(directory)/\(file.name)")
            guard found == (file.bytes, file.sha256) else {
                throw StoreError(
                    .damaged, "\(directory)/\(file.name) is not the file that was backed up: its digest differs")
            }
        }
        return manifest
    }
}
