import ArgumentParser
import PinionCatalog
import PinionStore

/// Where keys and models are kept.
struct DataOptions: ParsableArguments {
    @Option(
        name: .setting(.dataDirectory), help: .setting(.dataDirectory))
    var path: String?

    var directory: DataDirectory { DataDirectory(path) }

    func openStore() throws -> KeyStore {
        let directory = directory
        try directory.create()
        return try KeyStore(path: directory.databasePath)
    }
}
