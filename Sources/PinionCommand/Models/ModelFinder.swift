import PinionCatalog
import PinionModelFiles

/// A model whose files are on this machine.
struct ResolvedModel: Equatable, Sendable {
    /// The id to serve it under; nil means the one the file's metadata gives.
    let id: String?
    let path: String
}

/// Finds what a reference names, and fetches it where that is allowed.
struct ModelFinder: Sendable {
    let directory: DataDirectory
    let isOffline: Bool
    let fetcher: ModelFetcher
    let puller: ModelPuller

    var store: ModelStore { puller.store }

    /// - Parameter isQuiet: Whether nothing is told of what is fetched.
    init(_ directory: DataDirectory, isOffline: Bool = false, isQuiet: Bool = false) {
        self.directory = directory
        self.isOffline = isOffline
        fetcher = ModelFetcher(directory: directory) { text in
            if !isQuiet { Console.notice(text) }
        }
        let display = ProgressDisplay()
        puller = ModelPuller(directory: directory, isOffline: isOffline) { event in
            guard !isQuiet else { return }
            switch event {
            case .note(let text): display.note(text)
            case .progress(let done, let total): display.show(done, of: total)
            }
        }
    }

    /// The model, fetched if it is not here yet.
    func resolve(_ reference: ModelReference) async throws -> ResolvedModel {
        switch reference.source {
        case .file(let path):
            return ResolvedModel(id: reference.id, path: path)
        case .catalog(let model):
            let path = isOffline ? try path(of: model) : try await fetcher.fetch(model)
            return ResolvedModel(id: reference.id ?? model.id, path: path)
        case .remote(let source):
            let model = try await puller.resolve(source)
            return ResolvedModel(id: reference.id ?? model.id, path: model.path)
        case .pulled(let id):
            let model = try here(id)
            store.touch(model)
            return ResolvedModel(id: reference.id ?? model.id, path: model.path)
        }
    }

    /// Where a model is that has been fetched already.
    func path(of reference: ModelReference) throws -> String {
        switch reference.source {
        case .file(let path): return path
        case .catalog(let model): return try path(of: model)
        case .remote(let source):
            guard let model = try store.find(source) else { throw absent(source.description, source.description) }
            return model.path
        case .pulled(let id): return try here(id).path
        }
    }

    /// A pulled model by its id, complete.
    ///
    /// - Throws: ``CommandFailure`` with what there is.
    func here(_ id: String) throws -> PulledModel {
        guard let model = try store.find(id) else {
            let pulled = store.models().map(\.id)
            let known = ModelCatalog.all.map(\.id) + pulled
            throw CommandFailure(
                "there is no model file '\(id)', and no model of that name: there are \(known.joined(separator: ", ")); "
                    + "one of a hub is hf:OWNER/REPO")
        }
        guard let intact = try store.intact(model) else {
            throw CommandFailure(
                "files of \(id) are missing or damaged; "
                    + "`\(Invocation.command("models pull \(Invocation.quoted(model.source))", in: directory))` mends it"
            )
        }
        return intact
    }

    /// - Throws: ``CommandFailure`` with the command that fetches it when it is not here.
    private func path(of model: CatalogModel) throws -> String {
        guard let path = try fetcher.installed(model) else { throw absent(model.id, model.id) }
        return path
    }

    private func absent(_ name: String, _ reference: String) -> CommandFailure {
        let pull = Invocation.command("models pull \(Invocation.quoted(reference))", in: directory)
        return CommandFailure("\(name) has not been fetched; `\(pull)` does it")
    }
}
