import Foundation
import GRDB
import PinionLedger
import PinionStore
import Testing

@Suite("The audit trail")
struct AuditTests {
    let directory: TemporaryDirectory
    let clock = TestClock()
    let store: KeyStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try KeyStore(path: directory.path + "/pinion.db", actor: "tester", clock: clock.reading)
    }

    @Test("Every change has its row, with who, when, what and the values before and after")
    func rows() throws {
        let model = try #require(ModelPattern("m/*"))
        _ = try store.owners.create("team", limits: [.credit: 3])
        _ = try store.policies.create("p", models: [model])
        try store.policies.makeDefault("p")
        clock.advance(by: 10)
        let key = try store.create(name: "k", KeyTerms(owner: "team", limits: [.dailyTokens: 5]))
        var update = KeyUpdate()
        update.limits = [.dailyTokens: 7]
        update.owner = .unset
        _ = try store.update(key.record.id, update)
        _ = try store.increase(key.record.id, [.dailyTokens: 1], until: clock.now + 60)
        let new = try store.rotate(key.record.id)
        _ = try store.revoke(key.record.id)
        _ = try store.models.set(model, prices: PriceChanges(input: 4))
        try store.models.remove(model)
        try store.owners.remove("team")
        let entries = try store.audit(last: 100)
        let id = key.record.id
        #expect(
            entries.map { "\($0.action) \($0.subject) \($0.detail)" } == [
                #"owner.create team {"limits":{"credit":3}}"#,
                #"policy.create p {"models":["m/*"]}"#,
                #"policy.default p {"default":{"from":null,"to":"p"}}"#,
                #"key.create \#(id) {"limits":{"daily_tokens":5},"name":"k","owner":"team"}"#,
                #"key.update \#(id) {"limits":{"from":{"daily_tokens":5},"to":{"daily_tokens":7}},"#
                    + #""owner":{"from":"team","to":null}}"#,
                #"key.increase \#(id) {"limits":{"daily_tokens":1},"until":"2027-01-15T08:01:10Z"}"#,
                #"key.rotate \#(id) {"old_secrets_end":"2027-01-15T08:00:10Z","prefix":"\#(new.secret.prefix(8))"}"#,
                "key.revoke \(id) {}",
                #"model.set m/* {"prices":{"from":null,"to":{"cached_input":null,"input":4,"output":0}}}"#,
                #"model.remove m/* {"prices":{"cached_input":null,"input":4,"output":0}}"#,
                #"owner.remove team {"limits":{"credit":3}}"#,
            ])
        #expect(entries.allSatisfy { $0.actor == "tester" })
        #expect(entries.first?.time == clock.now - 10 && entries.last?.time == clock.now)
        #expect(try store.audit(last: 2).map(\.action) == ["model.remove", "owner.remove"])
        #expect(try store.audit(last: 0).isEmpty && store.audit(last: -1).isEmpty)
    }

    @Test("What changes nothing, and what is refused, has no row")
    func noRows() throws {
        let key = try store.create(name: "k", KeyTerms(limits: [.dailyTokens: 5]))
        var same = KeyUpdate()
        same.name = "k"
        same.limits = [.dailyTokens: 5, .credit: nil]
        same.owner = .unset
        _ = try store.update(key.record.id, same)
        _ = try? store.create(name: "")
        _ = try? store.create(name: "x", KeyTerms(owner: "nobody"))
        _ = try? store.owners.remove("nobody")
        try store.policies.makeDefault(nil)
        _ = try store.revoke(key.record.id)
        _ = try store.revoke(key.record.id)
        #expect(try store.audit(last: 100).map(\.action) == ["key.create", "key.revoke"])
    }

    @Test("A change whose row cannot be written does not happen")
    func together() async throws {
        let key = try store.create(name: "k")
        try await DatabaseQueue(path: store.path).write { try $0.execute(sql: "DROP TABLE audit") }
        #expect(throws: StoreError.self) { try store.revoke(key.record.id) }
        #expect(throws: StoreError.self) { try store.rotate(key.record.id) }
        #expect(throws: StoreError.self) { try store.create(name: "x") }
        #expect(try await store.authenticate(key.secret) != nil)
        #expect(try store.list().count == 1)
    }

    @Test("Without a name the user of the operating system is named")
    func user() throws {
        let store = try KeyStore(path: store.path)
        _ = try store.create(name: "k")
        let actor = try #require(try store.audit(last: 1).first?.actor)
        #expect(actor == OperatingUser.name && !actor.isEmpty)
    }
}
