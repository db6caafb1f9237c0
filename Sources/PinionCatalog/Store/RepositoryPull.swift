import Foundation
import Synchronization

/// Fetches the chosen files of one revision into its folder.
struct RepositoryPull {
    let hub: any ModelHub
    let revision: String
    let folder: String
    let report: @Sendable (PullEvent) -> Void

    private var source: String { hub.connection.source }

    /// - Parameters:
    ///   - choice: What is needed.
    ///   - all: The listing, in which an index's shards are looked up.
    mutating func run(_ choice: FileChoice, all: [RemoteFile]) async throws(CatalogError) -> [PulledModel.File] {
        var needed = choice.files
        if let index = choice.index {
            needed += try await shards(of: index, all)
            needed.append(index)
        }
        try DataDirectory.makeDirectory(folder)
        var here: [PulledModel.File] = []
        var missing: [FileDownload] = []
        let total = needed.reduce(0) { $0 + $1.size }
        let meter = ProgressMeter(total: total, report: report)
        for file in needed {
            if let found = try existing(file) {
                here.append(found)
                meter.add(found.size)
            } else {
                missing.append(try download(file, meter))
            }
        }
        let left = missing.reduce(0) { $0 + $1.file.size - $1.bytesHere() }
        try DiskSpace.check(left, at: folder, source: source)
        if !missing.isEmpty {
            let count = missing.count == 1 ? "'\(missing[0].file.name)'" : "\(missing.count) files"
            report(
                .note(
                    "fetching \(source): \(count), \(ProgressMeter.megabytes(left)) MB, commit "
                        + ModelPuller.short(revision)))
        }
        for download in missing {
            let hash = try await download.run()
            here.append(
                PulledModel.File(
                    name: download.file.name, size: download.file.size, hash: hash,
                    receipt: FileReceipt(of: download.path)?.text))
        }
        return here
    }

    /// A file that an earlier pull has brought: hashed, because nothing else says that it is complete.
    private func existing(_ file: RemoteFile) throws(CatalogError) -> PulledModel.File? {
        let path = folder + "/" + file.name
        guard let receipt = FileReceipt(of: path), let hash = file.hash,
            (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int == file.size,
            try hash.found(inFile: path, size: file.size) == hash
        else { return nil }
        return PulledModel.File(name: file.name, size: file.size, hash: hash, receipt: receipt.text)
    }

    private func download(_ file: RemoteFile, _ meter: ProgressMeter) throws(CatalogError) -> FileDownload {
        let name = try StoredFileName(file.name)
        let path = folder + "/" + name.text
        try DataDirectory.makeDirectory((path as NSString).deletingLastPathComponent)
        return FileDownload(
            hub: hub, file: file, revision: revision, path: path, progress: { meter.add($0) },
            notice: { [report] in report(.note($0)) })
    }

    private func shards(of index: RemoteFile, _ all: [RemoteFile]) async throws(CatalogError) -> [RemoteFile] {
        guard index.size <= FolderFiles.maximumIndexSize else {
            throw CatalogError(
                .unexpectedReply,
                "\(source): '\(index.name)' has \(index.size) bytes, more than \(FolderFiles.maximumIndexSize)")
        }
        let hub = hub
        let url = hub.url(of: index, at: revision)
        let bytes = try await Patience.trying(source, { report(.note($0)) }) { () async throws(TransferFault) in
            try await hub.connection.bytes(url, limit: index.size)
        }
        let top = index.name.dropLast(FolderFiles.indexName.count)
        // An index may name as many files as the repository has: each is looked up, not searched for. Names differ by bytes.
        let places = Dictionary(all.map { (Array($0.name.utf8), $0) }) { first, _ in first }
        var found: [RemoteFile] = []
        for name in try FolderFiles.shards(namedBy: bytes) {
            guard let file = places[Array((top + name).utf8)] else {
                throw CatalogError(
                    .unsuitable, "\(source): '\(index.name)' names '\(name)', which the repository has not")
            }
            found.append(file)
        }
        return found
    }
}

/// Adds up what arrives and tells of it, no more often than a person can follow.
final class ProgressMeter: Sendable {
    /// Steps that are told of one pull at most.
    private static let steps = 1_000

    private let total: Int
    private let report: @Sendable (PullEvent) -> Void
    private let state = Mutex((done: 0, told: -1))

    init(total: Int, report: @escaping @Sendable (PullEvent) -> Void) {
        self.total = total
        self.report = report
    }

    func add(_ bytes: Int) {
        let done: Int? = state.withLock { state in
            state.done += bytes
            let step = total == 0 ? Self.steps : Int(Double(state.done) / Double(total) * Double(Self.steps))
            guard step != state.told else { return nil }
            state.told = step
            return state.done
        }
        if let done { report(.progress(done: done, total: total)) }
    }

    static func megabytes(_ bytes: Int) -> Int { (bytes + 500_000) / 1_000_000 }
}
