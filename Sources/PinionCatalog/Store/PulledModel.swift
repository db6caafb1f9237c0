package import Foundation
import PinionJSON

/// A model in the store, as its manifest describes it.
package struct PulledModel: Sendable, Equatable {
    /// A file of the model, verified when it came.
    package struct File: Sendable, Equatable {
        package let name: String
        package let size: Int
        package let hash: FileHash
        /// What the file looked like when its hash was last found right.
        var receipt: String?
    }

    /// The id under which it is listed and served.
    package let id: String
    /// The reference that was pulled.
    package let source: String
    /// The commit, or what stands for one.
    package let revision: String
    /// What is opened, below the revision's folder: a file, or a folder, of which an empty text is the top.
    let entry: String
    package internal(set) var files: [File]
    /// The folder of the repository, in which manifests and revisions lie.
    let folder: String
    /// Tells manifests of one repository apart.
    let variant: String

    package var size: Int { files.reduce(0) { $0 + $1.size } }

    /// The file or folder to load.
    package var path: String { entry.isEmpty ? revisionFolder : revisionFolder + "/" + entry }

    var revisionFolder: String { folder + "/" + revision }

    var manifestPath: String { Self.manifestPath(in: folder, variant: variant) }

    /// When it was last served or looked up.
    package var lastUse: Date? {
        (try? FileManager.default.attributesOfItem(atPath: manifestPath))?[.modificationDate] as? Date
    }

    func path(of file: File) -> String { revisionFolder + "/" + file.name }

    static func manifestPath(in folder: String, variant: String) -> String {
        folder + "/manifest" + (variant.isEmpty ? "" : "." + variant) + manifestEnding
    }

    static let manifestEnding = ".json"
    /// Bytes of a manifest: names and hashes of as many shards as any model has.
    private static let maximumSize = 4 << 20
    private static let limits = JSONLimits(depth: 8, values: 100_000)
}

// MARK: - The manifest

extension PulledModel {
    /// Version of the manifest's format.
    private static let format = 1

    /// Reads a manifest.
    ///
    /// - Throws: `unexpectedReply` when the manifest is damaged. Its file names are checked like a hub's, because the files
    ///   that a manifest names are removed with the model.
    init(manifest path: String, folder: String, variant: String) throws(CatalogError) {
        func damaged(_ reason: String) -> CatalogError {
            CatalogError(.unexpectedReply, "the manifest \(path) is damaged (\(reason)); pull the model again")
        }
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)), data.count <= Self.maximumSize else {
            throw damaged("it cannot be read")
        }
        let value: JSONValue
        do {
            value = try JSONValue.parse(Array(data), limits: Self.limits)
        } catch {
            throw damaged("\(error)")
        }
        guard case .object(let object) = value, case .integer(Int64(Self.format))? = object["format"] else {
            throw damaged("expected format \(Self.format)")
        }
        func text(_ name: String, of object: JSONObject) throws(CatalogError) -> String {
            guard case .string(let text)? = object[name] else { throw damaged("it has no '\(name)'") }
            return text
        }
        guard case .array(let entries)? = object["files"] else { throw damaged("it has no 'files'") }
        var files: [File] = []
        for entry in entries {
            guard case .object(let entry) = entry, case .integer(let size)? = entry["size"],
                (0...Int64(RemoteFile.maximumSize)).contains(size)
            else {
                throw damaged("a file has no size")
            }
            let name = try StoredFileName(try text("name", of: entry)).text
            let hash: FileHash
            if case .string(let digits)? = entry["sha256"] {
                hash = .sha256(digits)
            } else {
                hash = .gitBlob(try text("git", of: entry))
            }
            var receipt: String?
            if case .string(let text)? = entry["receipt"] { receipt = text }
            files.append(File(name: name, size: Int(size), hash: hash, receipt: receipt))
        }
        id = try text("id", of: object)
        source = try text("source", of: object)
        revision = try text("revision", of: object)
        entry = try text("entry", of: object)
        guard FileHash.isHexadecimal(revision, length: FileHash.gitLength) else { throw damaged("its revision") }
        if !entry.isEmpty { _ = try StoredFileName(entry) }
        self.files = files
        self.folder = folder
        self.variant = variant
    }

    /// Writes the manifest at once or not at all.
    func save() throws(CatalogError) {
        var writer = JSONWriter()
        writer.raw("{\"format\":")
        writer.integer(Self.format)
        for (name, value) in [("id", id), ("source", source), ("revision", revision), ("entry", entry)] {
            writer.raw(",")
            writer.string(name)
            writer.raw(":")
            writer.string(value)
        }
        writer.raw(",\"files\":[")
        writer.list(files) { writer, file in
            writer.raw("\n{\"name\":")
            writer.string(file.name)
            writer.raw(",\"size\":")
            writer.integer(file.size)
            if case .sha256 = file.hash { writer.raw(",\"sha256\":") } else { writer.raw(",\"git\":") }
            writer.string(file.hash.digits)
            writer.raw(",\"receipt\":")
            writer.stringOrNull(file.receipt)
            writer.raw("}")
        }
        writer.raw("]}\n")
        do {
            try Data(writer.bytes).write(to: URL(fileURLWithPath: manifestPath), options: .atomic)
        } catch {
            throw CatalogError(.unwritable, "cannot write \(manifestPath): \(error.localizedDescription)")
        }
    }
}
