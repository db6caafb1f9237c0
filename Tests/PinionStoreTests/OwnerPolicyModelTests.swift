import Foundation
import PinionLedger
import PinionStore
import Testing

@Suite("Owners, policies and models")
struct OwnerPolicyModelTests {
    let directory: TemporaryDirectory
    let store: KeyStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try KeyStore(path: directory.path + "/pinion.db")
    }

    private func pattern(_ text: String) throws -> ModelPattern { try #require(ModelPattern(text)) }

    private func code(_ body: () throws -> Void) -> StoreError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? StoreError)?.code
        }
    }

    @Test("An owner is made, changed, listed and removed")
    func owner() throws {
        let made = try store.owners.create(" team a ", limits: [.dailyTokens: 5], metadata: ["cost": "R&D"])
        #expect(made.name == "team a" && made.limits == Limits([.dailyTokens: 5]) && made.keys == 0)
        #expect(try store.owners.list() == [made] && store.owners.show("team a") == made)
        #expect(code { _ = try store.owners.create("team a") } == .invalidValue)
        let changed = try store.owners.update(
            "team a", limits: [.dailyTokens: nil, .credit: 0], metadata: ["cost": nil, "place": "here"])
        #expect(changed.limits == Limits([.credit: 0]) && changed.metadata == ["place": "here"])
        #expect(changed.created == made.created)
        try store.owners.remove("team a")
        #expect(try store.owners.list().isEmpty)
    }

    @Test("An owner or policy that keys have is not removed until they are revoked or changed")
    func inUse() async throws {
        _ = try store.owners.create("team")
        _ = try store.policies.create("p")
        let revoked = try store.create(name: "k", KeyTerms(owner: "team", policy: "p"))
        let changed = try store.create(name: "k", KeyTerms(owner: "team", policy: "p"))
        #expect(try store.owners.show("team").keys == 2 && store.policies.show("p").keys == 2)
        #expect(code { try store.owners.remove("team") } == .inUse)
        #expect(code { try store.policies.remove("p") } == .inUse)
        _ = try store.revoke(revoked.record.id)
        #expect(code { try store.owners.remove("team") } == .inUse)
        var update = KeyUpdate()
        (update.owner, update.policy) = (.unset, .unset)
        _ = try store.update(changed.record.id, update)
        try store.owners.remove("team")
        try store.policies.remove("p")
        #expect(try await store.authenticate(changed.secret) != nil)
        #expect(try store.show(revoked.record.id).record.owner == nil)
    }

    @Test("A policy is made, changed, made the default and not removed while it is that")
    func policy() throws {
        let made = try store.policies.create("p", limits: [.credit: 1], models: [pattern("a/*")])
        #expect(try store.policies.list() == [made] && !made.isDefault)
        #expect(code { _ = try store.policies.create("p") } == .invalidValue)
        let changed = try store.policies.update("p", limits: [.dailyTokens: 2], models: .unset)
        #expect(changed.limits == Limits([.credit: 1, .dailyTokens: 2]) && changed.models == nil)
        try store.policies.makeDefault("p")
        #expect(code { try store.policies.remove("p") } == .inUse)
        try store.policies.makeDefault(nil)
        try store.policies.remove("p")
        #expect(try store.policies.list().isEmpty)
    }

    @Test("Names that are not there are refused by what they are", arguments: ["nobody", "", "te\u{0}am", "\u{1B}[2J"])
    func unknown(name: String) throws {
        _ = try store.owners.create("te")
        _ = try store.policies.create("te")
        let key = try store.create(name: "k")
        var (owner, policy) = (KeyUpdate(), KeyUpdate())
        (owner.owner, policy.policy) = (.set(name), .set(name))
        let attempts: [(String, () throws -> Void)] = [
            ("owner", { _ = try store.create(name: "x", KeyTerms(owner: name)) }),
            ("policy", { _ = try store.create(name: "x", KeyTerms(policy: name)) }),
            ("owner", { _ = try store.update(key.record.id, owner) }),
            ("policy", { _ = try store.update(key.record.id, policy) }),
            ("owner", { _ = try store.owners.show(name) }), ("owner", { _ = try store.owners.update(name) }),
            ("owner", { try store.owners.remove(name) }), ("policy", { _ = try store.policies.show(name) }),
            ("policy", { _ = try store.policies.update(name) }), ("policy", { try store.policies.remove(name) }),
            ("policy", { try store.policies.makeDefault(name) }),
        ]
        for (kind, attempt) in attempts {
            let error = #expect(throws: StoreError.self, performing: attempt)
            #expect(error?.code == .notFound && error?.message.contains("no \(kind) is called") == true)
            #expect(error?.message.unicodeScalars.allSatisfy { $0.value >= 0x20 } == true)
        }
        #expect(try store.list().count == 1)
    }

    @Test(
        "Names that could not be typed or read are refused",
        arguments: [
            "", "  ", "none", "a\nb", "a\u{0}", "\u{1B}[2J", "a\u{202E}b", "a\u{2028}b",
            String(repeating: "x", count: 65),
        ])
    func badNames(name: String) throws {
        #expect(code { _ = try store.owners.create(name) } == .invalidValue)
        #expect(code { _ = try store.policies.create(name) } == .invalidValue)
    }

    @Test("The longest names of every kind of letter are kept as they are")
    func longNames() async throws {
        for letter in ["x", "é", "\u{1F511}", "'", "\"", "\\", "%", "a\u{301}"] {
            let name = String(repeating: letter, count: 64 / letter.unicodeScalars.count)
            _ = try store.owners.create(name)
            _ = try store.policies.create(name)
            let key = try store.create(name: name, KeyTerms(owner: name, policy: name, metadata: [name: name]))
            #expect(try await store.account(ofKey: key.record.id)?.owner == name)
            #expect(try store.show(key.record.id).metadata == [name: name])
        }
    }

    @Test("Metadata has bounds, and its values may hold anything printable")
    func metadata() throws {
        let long = String(repeating: "v", count: 512)
        let key = try store.create(name: "k", KeyTerms(metadata: ["a": #"{"b": "c\d"}"#, "empty": "", "long": long]))
        #expect(try store.show(key.record.id).metadata["a"] == #"{"b": "c\d"}"#)
        for bad in [["": "x"], ["a\u{7}": "x"], ["a": "x\ny"], ["a": long + "v"]] {
            #expect(code { _ = try store.create(name: "k", KeyTerms(metadata: bad)) } == .invalidValue)
        }
        var update = KeyUpdate()
        for number in 0..<14 { update.metadata["n\(number)"] = "x" }
        #expect(code { _ = try store.update(key.record.id, update) } == .invalidValue)
        update.metadata["a"] = .some(nil)
        #expect(try store.update(key.record.id, update).metadata.count == 16)
    }

    @Test("A text of endless combining marks is refused at once")
    func marks() throws {
        let marks = "a" + String(repeating: "\u{301}\u{316}", count: 16_000)
        // The best of three: the machine may be somebody else's for a moment.
        var best = Duration.seconds(60)
        for _ in 0..<3 where best >= .seconds(1) {
            let start = ContinuousClock.now
            #expect(code { _ = try store.create(name: marks) } == .invalidValue)
            #expect(code { _ = try store.owners.create(marks) } == .invalidValue)
            #expect(code { _ = try store.create(name: "k", KeyTerms(metadata: ["a": marks])) } == .invalidValue)
            best = min(best, start.duration(to: .now))
        }
        #expect(best < .seconds(1))
        // Of marks a name may have as many as of letters.
        #expect(code { _ = try store.create(name: "a" + String(repeating: "\u{301}", count: 63)) } == nil)
    }

    @Test("Patterns have bounds")
    func patterns() throws {
        let many = try (0...64).map { try pattern("m/\($0)") }
        #expect(code { _ = try store.create(name: "k", KeyTerms(models: many)) } == .invalidValue)
        #expect(code { _ = try store.create(name: "k", KeyTerms(models: Array(many.dropLast()))) } == nil)
        for bad in ["a b", "a\u{0}", "a\n", "\u{1B}"] {
            #expect(code { _ = try store.policies.create("p", models: [pattern(bad)]) } == .invalidValue)
            #expect(code { _ = try store.models.set(pattern(bad)) } == .invalidValue)
        }
    }

    @Test("A model's terms are those of its id, else of the longest pattern, else none")
    func terms() async throws {
        #expect(try await store.terms(ofModel: "qwen/8b") == ModelTerms())
        for (text, price) in [("*", 1), ("qwen/*", 2), ("*/8b-instruct", 3), ("qwen/8b", 4)] {
            _ = try store.models.set(pattern(text), prices: PriceChanges(input: price))
        }
        for (id, price) in [("llama/1b", 1), ("qwen/1b", 2), ("qwen/8b-instruct", 3), ("qwen/8b", 4), ("", 1)] {
            #expect(try await store.terms(ofModel: id).prices.input == price, "\(id)")
        }
        #expect(try await store.terms(ofModel: "qwen/8b\u{0}x") == ModelTerms())
        try store.models.remove(pattern("qwen/8b"))
        #expect(try await store.terms(ofModel: "qwen/8b").prices.input == 2)
        #expect(code { try store.models.remove(pattern("qwen/8b")) } == .notFound)
        #expect(try store.models.list().map(\.pattern.text) == ["*", "*/8b-instruct", "qwen/*"])
    }

    @Test("What is not given for a model stays, and a cached token of a new model costs what another does")
    func pricesStay() throws {
        let made = try store.models.set(pattern("m"), prices: PriceChanges(input: 10, output: 30))
        #expect(made.terms.prices == Prices(input: 10, cachedInput: 10, output: 30))
        let limited = try store.models.set(pattern("m"), limits: [.requestsPerMinute: 5])
        #expect(limited.terms == ModelTerms(prices: made.terms.prices, limits: Limits([.requestsPerMinute: 5])))
        let changed = try store.models.set(pattern("m"), prices: PriceChanges(cachedInput: .set(1)))
        #expect(changed.terms.prices == Prices(input: 10, cachedInput: 1, output: 30))
        #expect(try store.models.set(pattern("m"), limits: [.requestsPerMinute: nil]).terms.limits.isEmpty)
    }

    @Test("Prices out of range are refused, and so is a cached token that costs more than another")
    func badPrices() throws {
        for prices in [
            PriceChanges(input: -1), PriceChanges(output: Prices.maximum + 1), PriceChanges(input: .max),
            PriceChanges(cachedInput: .set(1)), PriceChanges(input: 1, cachedInput: .set(2)),
        ] {
            #expect(code { _ = try store.models.set(pattern("m"), prices: prices) } == .invalidValue)
        }
        let dearest = PriceChanges(input: Prices.maximum, output: Prices.maximum)
        #expect(try store.models.set(pattern("m"), prices: dearest).terms.prices.cachedInput == Prices.maximum)
        let cached = PriceChanges(cachedInput: .set(Prices.maximum))
        #expect(try store.models.set(pattern("m"), prices: cached).cachedPrice == Prices.maximum)
        #expect(code { _ = try store.models.set(pattern("m"), prices: PriceChanges(input: 1)) } == .invalidValue)
    }

    @Test("A cached price that nobody set follows the input price, and one that is set stays until it is taken away")
    func cachedPrice() throws {
        func set(_ prices: PriceChanges) throws -> Prices {
            try store.models.set(pattern("m"), prices: prices).terms.prices
        }
        for input in [1_000, 2_000, 500] {
            #expect(try set(PriceChanges(input: input)) == Prices(input: input, cachedInput: input, output: 0))
        }
        #expect(try store.models.list().map(\.cachedPrice) == [nil])
        // Set to what it is already, it does not follow any more.
        _ = try set(PriceChanges(cachedInput: .set(500)))
        #expect(try set(PriceChanges(input: 900)).cachedInput == 500)
        #expect(code { _ = try set(PriceChanges(input: 400)) } == .invalidValue)
        #expect(try set(PriceChanges(input: 400, cachedInput: .unset)).cachedInput == 400)
        #expect(try set(PriceChanges(input: 700)).cachedInput == 700)
        #expect(try store.audit(last: 100).count == 7)
    }
}
