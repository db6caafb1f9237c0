import PinionStore
import Testing

@Suite("The key that seals reasoning")
struct SealingKeyTests {
    private static let text = Array("model/1\0The river rises in May.".utf8)

    @Test("What is sealed is opened for its owner, by this key and by the one that its file holds")
    func opens() throws {
        let directory = try TemporaryDirectory()
        let key = try SealingKey(path: directory.path + "/seal.key")
        let sealed = key.seal(Self.text, for: "a")
        #expect(key.open(sealed, for: "a") == Self.text)
        #expect(try SealingKey(path: directory.path + "/seal.key").open(sealed, for: "a") == Self.text)
        #expect(try directory.mode(of: "seal.key") == 0o600)
        #expect(key.seal(Self.text, for: "a") != sealed)
    }

    @Test("Nobody else opens it: no other owner, no other key", arguments: ["b", "", "A", "a "])
    func foreign(_ owner: String) {
        let key = SealingKey()
        let sealed = key.seal(Self.text, for: "a")
        #expect(key.open(sealed, for: owner) == nil)
        #expect(SealingKey().open(sealed, for: "a") == nil)
    }

    @Test("What was cut or changed at any byte is not opened")
    func changed() {
        let key = SealingKey()
        let sealed = key.seal(Self.text, for: "a")
        for place in sealed.indices {
            #expect(key.open(Array(sealed[..<place]), for: "a") == nil)
            var other = sealed
            other[place] ^= 1
            #expect(key.open(other, for: "a") == nil)
        }
        #expect(key.open(sealed + [0], for: "a") == nil)
    }
}
