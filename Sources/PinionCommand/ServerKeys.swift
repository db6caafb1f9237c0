import Foundation
import PinionCatalog
import PinionLedger
import PinionServer
import PinionStore
import PinionWire
import TextGeneration

/// The keys a server accepts: those it was given, then those of the store.
struct ServerKeys: KeyAuthority {
    private let ephemeral: EphemeralKeys
    private let outage = StoreOutage()
    /// Nil on a server that asks for no keys, which then needs no database.
    let store: KeyStore?
    /// Keys of the store that were good when the server started.
    let storedCount: Int
    /// There has never been a key here, so one is made once the server listens.
    let needsFirstKey: Bool

    var ephemeralCount: Int { ephemeral.count }

    /// - Throws: When the store cannot be opened, when a key is given for two purposes, or when an address that others reach has no key at all.
    init(settings: ServeSettings) throws {
        ephemeral = try EphemeralKeys(settings.apiKeys)
        guard settings.server.requiresAuthentication else {
            (store, storedCount, needsFirstKey) = (nil, 0, false)
            return
        }
        try settings.dataDirectory.create()
        let store = try KeyStore(path: settings.dataDirectory.databasePath)
        try Self.refuseSharedSecrets(settings, store)
        let records = try store.list()
        self.store = store
        storedCount = records.count { $0.revoked == nil && !$0.hasExpired(at: Date()) }
        needsFirstKey = records.isEmpty && ephemeral.count == 0
        guard settings.server.bindsLoopback || storedCount + ephemeral.count > 0 else {
            throw CommandFailure(
                "there is no API key, and \(settings.server.host) is reached by others: make one first with "
                    + "`\(Invocation.command("keys create", in: settings.dataDirectory))`, or give one with --api-key")
        }
    }

    /// - Throws: For a given key that is a key of the store as well, whose limits and revocation would not count for it, and
    ///   for an admin key that clients have.
    private static func refuseSharedSecrets(_ settings: ServeSettings, _ store: KeyStore) throws {
        for secret in settings.apiKeys {
            guard let record = try store.holder(ofSecret: secret) else { continue }
            throw CommandFailure(
                "--api-key is a secret of the stored key \(record.id), whose limits and revocation would not count for it: "
                    + "leave it out, or give another")
        }
        for secret in settings.adminKeys {
            if let record = try store.holder(ofSecret: secret) {
                throw CommandFailure(
                    "--admin-key is a secret of the stored key \(record.id), whose client could read what /admin tells: "
                        + "give another")
            }
            if settings.apiKeys.contains(where: { $0.utf8.elementsEqual(secret.utf8) }) {
                throw CommandFailure(
                    "--admin-key is given with --api-key, too, whose client could read what /admin tells: give another")
            }
        }
    }

    /// Makes the first key. Called only once the server listens: a key made for a server that then failed to start
    /// would never have been shown.
    func makeFirstKey() throws -> IssuedKey? {
        try store?.create(name: "default")
    }

    /// What a key may do, by its identifier.
    ///
    /// - Throws: An `APIError` with 503 while the store does not tell, ``APIError/invalidKey`` for a key that was revoked
    ///   meanwhile; `StoreError` for a store that cannot tell.
    func account(of tenant: Tenant) async throws -> Account {
        guard let store else { return Account(key: tenant.id) }
        let isGiven = ephemeral.holds(tenant.id)
        let account = try await outage.ask {
            isGiven ? try await store.account(ofUnstoredKey: tenant.id) : try await store.account(ofKey: tenant.id)
        }
        guard let account else { throw APIError.invalidKey }
        return account
    }

    /// What keys are called, by their identifiers; keys that are not there any more have no name.
    func names(of identifiers: [String]) throws -> [String: String] {
        var names = try store?.names(ofKeys: identifiers) ?? [:]
        for identifier in identifiers {
            if let name = ephemeral.name(of: identifier) { names[identifier] = name }
        }
        return names
    }

    func terms(of model: ServedModel) async throws -> ModelTerms {
        guard let store else { return ModelTerms() }
        return try await outage.ask { try await store.terms(ofModel: model.id) }
    }

    func authenticate(_ bearer: String) async throws -> Tenant? {
        if let record = ephemeral.authenticate(bearer) { return Tenant(id: record.id) }
        guard let store else { return nil }
        return try await outage.ask { try await store.authenticate(bearer).map { Tenant(id: $0.id) } }
    }
}
