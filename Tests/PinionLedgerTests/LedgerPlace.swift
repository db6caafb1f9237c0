import Foundation
import PinionLedger

/// A directory of its own for a ledger, gone with the value.
final class LedgerPlace: Sendable {
    let directory: String
    let storage = MemoryStorage()

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "ledger-\(UUID().uuidString)")
            .path(percentEncoded: false)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    func ledger(_ change: (inout LedgerConfiguration) -> Void = { _ in }) throws -> Ledger {
        var configuration = LedgerConfiguration(directory: directory)
        configuration.concurrentRequests = 128
        configuration.segmentSize = 1 << 20
        change(&configuration)
        return try Ledger(configuration, storage: storage)
    }

    static func request(
        _ id: String, _ limits: [Limit: Int] = [:], owner: String = "", ownerLimits: [Limit: Int] = [:],
        prices: Prices = .free, modelLimits: [Limit: Int] = [:], key: String = "key_a"
    ) -> LedgerRequest {
        LedgerRequest(
            id: id,
            account: Account(key: key, owner: owner, limits: Limits(limits), ownerLimits: Limits(ownerLimits)),
            terms: ModelTerms(prices: prices, limits: Limits(modelLimits)), model: "tiny/model",
            route: "/v1/chat/completions")
    }
}
