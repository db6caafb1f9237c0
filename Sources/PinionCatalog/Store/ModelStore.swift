import Foundation

/// The models that were pulled, below `models/pulled` of the data directory.
///
///     pulled/hf/qwen/qwen3-0.6b-gguf/manifest.json          what `hf:Qwen/Qwen3-0.6B-GGUF` is here
///     pulled/hf/qwen/qwen3-0.6b-gguf/manifest.q8_0.json     the same repository's other quantisation
///     pulled/hf/qwen/qwen3-0.6b-gguf/COMMIT/FILE            the files, as the hub names them
///
/// A manifest is written last and replaced at once, so that what is listed is complete. A new commit has a folder of its
/// own: a server that has the old files open goes on with them.
package struct ModelStore: Sendable {
    private static let lockFolder = ".locks"

    private let directory: DataDirectory

    package init(_ directory: DataDirectory) {
        self.directory = directory
    }

    var root: String { directory.modelsPath + "/pulled" }

    func folder(of source: ModelSource) -> String {
        ([root] + source.folders).joined(separator: "/")
    }

    /// The model of a source, whether or not its files are still as they came; nil when it was never pulled.
    ///
    /// - Throws: `unexpectedReply` for a damaged manifest.
    package func find(_ source: ModelSource) throws(CatalogError) -> PulledModel? {
        let folder = folder(of: source)
        let path = PulledModel.manifestPath(in: folder, variant: source.variant)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let model = try PulledModel(manifest: path, folder: folder, variant: source.variant)
        // Two files may have one id, and versions of a package one place.
        return try ModelSource(model.source)?.identity == source.identity ? model : nil
    }

    /// The model that is listed under an id, or was pulled by a reference.
    package func find(_ name: String) throws(CatalogError) -> PulledModel? {
        if let source = try ModelSource(name) { return try find(source) }
        // The one pulled last, where two sources have one id.
        return models().filter { $0.id == name }.max { ($0.lastUse ?? .distantPast) < ($1.lastUse ?? .distantPast) }
    }

    /// All models whose manifests can be read, by id.
    package func models() -> [PulledModel] {
        repositories().flatMap(manifests).sorted { ($0.id, $0.source) < ($1.id, $1.source) }
    }

    /// Notes that the model is used now.
    package func touch(_ model: PulledModel) {
        utimes(model.manifestPath, nil)
    }

    /// The model when its files are as they were verified; nil when one is missing or was changed.
    ///
    /// A file whose receipt does not fit is read and hashed again.
    package func intact(_ model: PulledModel) throws(CatalogError) -> PulledModel? {
        var model = model
        var isStale = false
        for (index, file) in model.files.enumerated() {
            let path = model.path(of: file)
            guard let receipt = FileReceipt(of: path) else { return nil }
            if receipt.text == file.receipt { continue }
            guard try fault(of: file, of: model) == nil else { return nil }
            model.files[index].receipt = receipt.text
            isStale = true
        }
        if isStale { try? model.save() }
        return model
    }

    /// Hashes every file again.
    ///
    /// - Returns: A line for each file that is not what it was.
    package func verify(_ model: PulledModel) throws(CatalogError) -> [String] {
        var faults: [String] = []
        for file in model.files {
            if let fault = try fault(of: file, of: model) { faults.append(fault) }
        }
        return faults
    }

    private func fault(of file: PulledModel.File, of model: PulledModel) throws(CatalogError) -> String? {
        let path = model.path(of: file)
        guard FileReceipt(of: path) != nil else { return "\(path) is missing" }
        let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
        guard size == file.size else { return "\(path) has \(size) bytes, expected \(file.size)" }
        let found = try file.hash.found(inFile: path, size: size)
        guard found != file.hash else { return nil }
        return "\(path) is damaged: expected \(file.hash.kind) \(file.hash.digits), found \(found.digits)"
    }

    // MARK: - Removing

    /// Removes a model, and those of its files that no other model needs.
    ///
    /// - Returns: Bytes that became free.
    package func remove(_ model: PulledModel, onWait: () -> Void) async throws(CatalogError) -> Int {
        let lock = try await lock(folder: model.folder, onWait: onWait)
        defer { lock.release() }
        guard unlink(model.manifestPath) == 0 || errno == ENOENT else {
            throw CatalogError.unwritable("remove", model.manifestPath, errno: errno)
        }
        return clean(model.folder)
    }

    /// Removes what no model needs: replaced revisions, and what interrupted downloads left behind.
    ///
    /// - Returns: Bytes that became free.
    package func prune(onWait: () -> Void) async throws(CatalogError) -> Int {
        var freed = 0
        for folder in repositories() {
            let lock = try await lock(folder: folder, onWait: onWait)
            freed += clean(folder)
            lock.release()
        }
        return freed
    }

    /// Takes the lock of a repository. Locks lie apart from what they guard, so that they outlive it.
    func lock(folder: String, onWait: () -> Void) async throws(CatalogError) -> FileLock {
        let locks = root + "/" + Self.lockFolder
        try DataDirectory.makeDirectory(locks)
        let name = folder.dropFirst(root.count + 1).replacing("/", with: "--")
        return try await FileLock.acquire(locks + "/" + name, onWait: onWait)
    }

    private func clean(_ folder: String) -> Int {
        let needed = Set(manifests(in: folder).flatMap { model in model.files.map(model.path) })
        // A manifest that cannot be read may need any file of its repository.
        guard Self.manifestNames(in: folder).count == manifests(in: folder).count else { return 0 }
        var freed = 0
        let names = FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []
        for name in names where name.contains("/") {
            let path = folder + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR, !needed.contains(path) else {
                continue
            }
            // What the file takes on the disk: a part may be longer than what has arrived of it.
            if unlink(path) == 0 { freed += Int(status.st_blocks) * 512 }
        }
        // From the deepest; folders that hold something stay, because rmdir refuses them.
        for name in names.sorted(by: { $0.count > $1.count }) { rmdir(folder + "/" + name) }
        rmdir(folder)
        rmdir((folder as NSString).deletingLastPathComponent)
        return freed
    }

    // MARK: - Walking

    /// Folders of repositories: three levels below the root.
    private func repositories() -> [String] {
        var folders = [root]
        for _ in 0..<3 {
            folders = folders.flatMap { folder in
                ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
                    .filter { !$0.hasPrefix(".") }.sorted().map { folder + "/" + $0 }.filter(Self.isFolder)
            }
        }
        return folders
    }

    /// Whether a path is a folder itself: what a symbolic link leads to is nothing of the store's.
    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func manifestNames(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.hasPrefix("manifest.") && $0.hasSuffix(PulledModel.manifestEnding) }
    }

    private func manifests(in folder: String) -> [PulledModel] {
        Self.manifestNames(in: folder).sorted().compactMap { name in
            let variant = name.dropFirst("manifest".count).dropLast(PulledModel.manifestEnding.count).drop { $0 == "." }
            return try? PulledModel(manifest: folder + "/" + name, folder: folder, variant: String(variant))
        }
    }
}
