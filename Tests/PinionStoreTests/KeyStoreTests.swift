import Foundation
import PinionStore
import Testing

@Suite("Stored keys")
struct KeyStoreTests {
    let directory: TemporaryDirectory
    let store: KeyStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try KeyStore(path: directory.path + "/pinion.db")
    }

    @Test("A new key authenticates as the record it was listed under")
    func authenticates() async throws {
        let issued = try store.create(name: "laptop")
        let found = try await store.authenticate(issued.secret)
        #expect(found == issued.record)
        #expect(try store.list().map(\.id) == [issued.record.id])
        #expect(issued.record.name == "laptop")
        #expect(issued.record.revoked == nil)
    }

    @Test("A secret is pk- and 43 letters or digits, and no two are equal")
    func secretShape() throws {
        let secrets = try (0..<50).map { _ in try store.create(name: "k").secret }
        #expect(Set(secrets).count == 50)
        for secret in secrets {
            #expect(secret.wholeMatch(of: /pk-[0-9A-Za-z]{43}/) != nil)
        }
        let prefixes = try store.list().map(\.prefix)
        #expect(Set(prefixes) == Set(secrets.map { String($0.prefix(8)) }))
    }

    @Test("What is not exactly a key is refused", arguments: ["", "pk-", " ", "key_", "\u{0}"])
    func refusesOthers(secret: String) async throws {
        let issued = try store.create(name: "k")
        #expect(try await store.authenticate(secret) == nil)
        #expect(try await store.authenticate(issued.secret + secret + "x") == nil)
        #expect(try await store.authenticate(String(issued.secret.dropLast())) == nil)
        #expect(try await store.authenticate(issued.record.id) == nil)
        #expect(try await store.authenticate(issued.record.prefix) == nil)
        #expect(try await store.authenticate(String(repeating: "a", count: 1 << 20)) == nil)
    }

    @Test("A key revoked through another connection is refused at the next request")
    func revokedElsewhere() async throws {
        let issued = try store.create(name: "k")
        #expect(try await store.authenticate(issued.secret) != nil)
        let other = try KeyStore(path: store.path)
        let revoked = try other.revoke(issued.record.id)
        #expect(revoked.revoked != nil)
        #expect(try await store.authenticate(issued.secret) == nil)
        #expect(try store.list().first?.revoked == revoked.revoked)
    }

    @Test("A key made through another connection is accepted at once")
    func createdElsewhere() async throws {
        let other = try KeyStore(path: store.path)
        let issued = try other.create(name: "k")
        #expect(try await store.authenticate(issued.secret)?.id == issued.record.id)
    }

    @Test("A key is revoked by identifier, prefix or secret, and only that key")
    func revokeReferences() async throws {
        let keys = try (0..<4).map { try store.create(name: "key \($0)") }
        _ = try store.revoke(keys[0].record.id)
        _ = try store.revoke(keys[1].record.prefix)
        _ = try store.revoke(keys[2].secret)
        var accepted: [Bool] = []
        for key in keys { accepted.append(try await store.authenticate(key.secret) != nil) }
        #expect(accepted == [false, false, false, true])
    }

    @Test("Revoking twice keeps the first time")
    func revokeTwice() throws {
        let issued = try store.create(name: "k")
        let first = try store.revoke(issued.record.id)
        let second = try store.revoke(issued.record.id)
        #expect(first == second)
    }

    @Test("A key is revoked by the first letters of its identifier")
    func revokeByBeginning() async throws {
        let keys = try (0..<3).map { try store.create(name: "key \($0)") }
        let reference = String(keys[1].record.id.prefix(12))
        #expect(try store.revoke(reference).id == keys[1].record.id)
        #expect(try store.list().count { $0.revoked != nil } == 1)
        // Too little to mean one key for certain, or not at the beginning.
        for reference in ["key_", String(keys[0].record.id.prefix(7)), String(keys[0].record.id.dropFirst()), "", "%"] {
            let error = #expect(throws: StoreError.self) { try store.revoke(reference) }
            #expect(error?.code == .notFound, "\(reference)")
        }
        #expect(try store.list().count { $0.revoked != nil } == 1)
    }

    @Test("Revoking what is not there names what was looked for, but never a secret")
    func revokeUnknown() throws {
        let secret = #expect(throws: StoreError.self) { try store.revoke("pk-canary0000") }
        #expect(secret?.code == .notFound)
        #expect(secret?.message.contains("canary") == false)
        #expect(secret?.message.contains("no key has this secret") == true)
        for (reference, shown) in [
            ("key_nosuchkey", "'key_nosuchkey'"), ("laptop", "'laptop'"), ("pk-abcde", "'pk-abcde'"),
            ("a\u{1B}[2J\n", "'a?[2J?'"), (String(repeating: "a\u{301}\u{316}", count: 20_000), "'a????a????a"),
        ] {
            let error = #expect(throws: StoreError.self) { try store.revoke(reference) }
            #expect(error?.code == .notFound)
            #expect(error?.message.contains(shown) == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("pinion keys list") == true)
            #expect(try #require(error?.message.utf8.count) < 400)
        }
    }

    @Test("Names are trimmed, and empty, long or unprintable ones are refused")
    func names() throws {
        #expect(try store.create(name: "  my key ").record.name == "my key")
        #expect(try store.create(name: String(repeating: "\u{1F511}", count: 64)).record.name.utf8.count == 256)
        // One letter to a reader, however many marks it carries.
        let marks = "a" + String(repeating: "\u{301}\u{316}", count: 32)
        for name in [
            "", "   ", "a\nb", "\u{1B}[2J", String(repeating: "x", count: KeyStore.maximumNameLength + 1), marks,
        ] {
            let error = #expect(throws: StoreError.self) { try store.create(name: name) }
            #expect(error?.code == .invalidValue)
        }
    }

    @Test("The secret is in none of the files")
    func secretIsNotStored() async throws {
        let issued = try store.create(name: "canary")
        _ = try await store.authenticate(issued.secret)
        let random = Data(issued.secret.dropFirst(8).utf8)
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        var sawName = false
        for file in files {
            let path = directory.path + "/" + file
            guard let bytes = FileManager.default.contents(atPath: path) else {
                // The note of the last use is written meanwhile, and its journal is gone with the end of that.
                #expect(!FileManager.default.fileExists(atPath: path))
                continue
            }
            #expect(bytes.range(of: random) == nil, "\(file) holds the secret")
            if bytes.range(of: Data("canary".utf8)) != nil { sawName = true }
        }
        #expect(sawName)
    }

    @Test("The time of last use is noted")
    func lastUsed() async throws {
        let issued = try store.create(name: "k")
        #expect(try store.list().first?.lastUsed == nil)
        _ = try await store.authenticate(issued.secret)
        var noted: Date?
        for _ in 0..<2_000 where noted == nil {
            noted = try store.list().first?.lastUsed
            try await Task.sleep(for: .milliseconds(10))
        }
        let lastUsed = try #require(noted)
        #expect(abs(lastUsed.timeIntervalSinceNow) < 60)
    }

    @Test("The holder of a secret is told also when the key is revoked, and by nothing but the whole secret")
    func holder() throws {
        let issued = try store.create(name: "k")
        #expect(try store.holder(ofSecret: issued.secret)?.id == issued.record.id)
        for text in [issued.record.id, issued.record.prefix, String(issued.secret.dropLast()), ""] {
            #expect(try store.holder(ofSecret: text) == nil)
        }
        _ = try store.rotate(issued.record.id)
        _ = try store.revoke(issued.record.id)
        #expect(try store.holder(ofSecret: issued.secret)?.id == issued.record.id)
    }

    @Test("Keys survive closing and opening again")
    func reopening() async throws {
        let path = directory.path + "/again.db"
        let issued = try KeyStore(path: path).create(name: "k")
        let reopened = try KeyStore(path: path)
        #expect(try await reopened.authenticate(issued.secret) == issued.record)
    }

    @Test("Many tasks authenticate while keys are made")
    func concurrency() async throws {
        let issued = try store.create(name: "k")
        let store = store
        let accepted = try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<200 {
                group.addTask {
                    if index % 20 == 0 { _ = try store.create(name: "other") }
                    return try await store.authenticate(issued.secret) != nil
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(accepted == 200)
        #expect(try store.list().count == 11)
    }
}
