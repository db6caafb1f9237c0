import Logging
import PinionCatalog
import PinionLedger
import PinionServer
import PinionStore

/// Opens the ledger of a server's data directory. A server that asks for no keys has no ledger, because none
/// of its requests has a key to bill.
///
/// - Throws: When another process owns the directory, or its files cannot be used.
func openLedger(_ settings: ServeSettings) throws -> Ledger? {
    guard settings.server.requiresAuthentication else { return nil }
    let directory = settings.dataDirectory
    try directory.create()
    var configuration = LedgerConfiguration(directory: directory.path)
    configuration.durability = settings.durability
    configuration.timeZone = settings.timeZone
    let logger = Logger(label: "pinion.ledger")
    configuration.onTrouble = { logger.warning("\($0)") }
    return try Ledger(
        configuration, storage: try UsageStore(path: directory.usagePath, currency: settings.currency))
}
