import ArgumentParser
import PinionCatalog
import PinionStore

/// Where keys and models are kept.
struct DataOptions: ParsableArguments {
    @Option(
        name: .customLong("data-dir"),
        help: ArgumentHelp(
            "Directory of keys and models (default: $PINION_DATA_DIR, $XDG_DATA_HOME/pinion or ~/.local/share/pinion).",
            valueName: "dir"))
    var path: String?

    var directory: DataDirectory { DataDirectory(path) }

    func openStore() throws -> KeyStore {
        let directory = directory
        try directory.create()
        return try KeyStore(path: directory.databasePath)
    }
}
