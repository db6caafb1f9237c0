import Foundation
import PinionStore
import Testing

@Suite("Secrets and their ends")
struct RotationTests {
    let directory: TemporaryDirectory
    let clock = TestClock()
    let store: KeyStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try KeyStore(path: directory.path + "/pinion.db", clock: clock.reading)
    }

    private func accepted(_ secrets: [String], by store: KeyStore? = nil) async throws -> [Bool] {
        var accepted: [Bool] = []
        for secret in secrets { accepted.append(try await (store ?? self.store).authenticate(secret) != nil) }
        return accepted
    }

    @Test("A rotated key has two good secrets until the grace ends, also over a restart")
    func grace() async throws {
        let old = try store.create(name: "k")
        let new = try store.rotate(old.record.id, grace: .seconds(3600))
        #expect(new.record.id == old.record.id && new.secret != old.secret)
        #expect(new.record.prefix == String(new.secret.prefix(8)))
        #expect(try await accepted([old.secret, new.secret]) == [true, true])
        #expect(try await store.authenticate(old.secret)?.id == old.record.id)
        clock.advance(by: 3599)
        let reopened = try KeyStore(path: store.path, clock: clock.reading)
        #expect(try await accepted([old.secret, new.secret], by: reopened) == [true, true])
        clock.advance(by: 1)
        #expect(try await accepted([old.secret, new.secret], by: reopened) == [false, true])
        #expect(try await accepted([old.secret, new.secret]) == [false, true])
    }

    @Test("Without a grace the old secret ends at once")
    func noGrace() async throws {
        let old = try store.create(name: "k")
        clock.advance(by: 0.7)
        let new = try store.rotate(old.record.prefix)
        #expect(try await accepted([old.secret, new.secret]) == [false, true])
    }

    @Test("A later rotation never lengthens the life of a secret, and may shorten it")
    func graceOnlyShortens() async throws {
        let first = try store.create(name: "k")
        let second = try store.rotate(first.record.id, grace: .seconds(100))
        let third = try store.rotate(first.record.id, grace: .seconds(10_000))
        clock.advance(by: 100)
        #expect(try await accepted([first.secret, second.secret, third.secret]) == [false, true, true])
        let fourth = try store.rotate(first.record.id)
        #expect(
            try await accepted([first.secret, second.secret, third.secret, fourth.secret])
                == [false, false, false, true])
    }

    @Test("Secrets are shown by their prefixes and ends, the newest first; those that ended go with the next rotation")
    func shown() throws {
        let first = try store.create(name: "k")
        let second = try store.rotate(first.record.id, grace: .seconds(60))
        let secrets = try store.show(second.secret).secrets
        #expect(secrets.map(\.prefix) == [second, first].map { String($0.secret.prefix(8)) })
        #expect(secrets.map(\.expires) == [nil, clock.now.addingTimeInterval(60)])
        clock.advance(by: 61)
        let third = try store.rotate(first.record.id, grace: .seconds(60))
        #expect(
            try store.show(first.record.id).secrets.map(\.prefix)
                == [third, second].map { String($0.secret.prefix(8)) })
    }

    @Test("Revoking ends all secrets of a key, by whichever it was named", arguments: 0..<3)
    func revokeAll(which: Int) async throws {
        let other = try store.create(name: "other")
        var secrets = [try store.create(name: "k").secret]
        for _ in 0..<2 { secrets.append(try store.rotate(secrets[0], grace: .seconds(1000)).secret) }
        #expect(try await accepted(secrets) == [true, true, true])
        _ = try store.revoke(secrets[which])
        #expect(try await accepted(secrets + [other.secret]) == [false, false, false, true])
    }

    @Test("A key that is revoked or has ended gets no new secret")
    func noUse() throws {
        let revoked = try store.create(name: "k")
        _ = try store.revoke(revoked.record.id)
        let ended = try store.create(name: "k", KeyTerms(expires: clock.now.addingTimeInterval(10)))
        clock.advance(by: 10)
        for (key, word) in [(revoked, "revoked"), (ended, "expired")] {
            let error = #expect(throws: StoreError.self) { try store.rotate(key.record.id) }
            #expect(error?.code == .invalidValue && error?.message.contains(word) == true)
        }
    }

    @Test("A grace out of range is refused")
    func graceRange() throws {
        let key = try store.create(name: "k")
        for grace in [Duration.seconds(-1), KeyStore.maximumGrace + .seconds(1)] {
            let error = #expect(throws: StoreError.self) { try store.rotate(key.record.id, grace: grace) }
            #expect(error?.code == .invalidValue)
        }
        #expect(try store.show(key.record.id).secrets.count == 1)
    }

    @Test("A key ends at its end, and a new end gives it back")
    func expiry() async throws {
        let end = clock.now.addingTimeInterval(60)
        let key = try store.create(name: "k", KeyTerms(expires: end))
        #expect(key.record.expires == end)
        clock.advance(by: 59.5)
        #expect(try await accepted([key.secret]) == [true])
        clock.advance(by: 0.5)
        #expect(try await accepted([key.secret]) == [false])
        var update = KeyUpdate()
        update.expires = .unset
        _ = try store.update(key.record.id, update)
        #expect(try await accepted([key.secret]) == [true])
    }

    @Test("An end that is past or beyond the calendar is refused")
    func ends() throws {
        let key = try store.create(name: "k")
        for end in [clock.now, clock.now.addingTimeInterval(-1), .distantPast, .distantFuture + 1e12] {
            #expect(throws: StoreError.self) { try store.create(name: "x", KeyTerms(expires: end)) }
            var update = KeyUpdate()
            update.expires = .set(end)
            let error = #expect(throws: StoreError.self) { try store.update(key.record.id, update) }
            #expect(error?.code == .invalidValue, "\(end)")
        }
        #expect(try store.list().count == 1)
    }
}
