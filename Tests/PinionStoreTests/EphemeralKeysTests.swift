import PinionStore
import Testing

@Suite("Keys from the command line")
struct EphemeralKeysTests {
    @Test("Each given key is accepted as itself, and nothing else is")
    func accepts() throws {
        let keys = try EphemeralKeys(["sk-one", "sk-two"])
        #expect(keys.count == 2)
        let one = try #require(keys.authenticate("sk-one"))
        let two = try #require(keys.authenticate("sk-two"))
        #expect(one.id != two.id)
        for secret in ["", "sk-", "sk-onE", "sk-one ", "sk-onesk-two", one.id] {
            #expect(keys.authenticate(secret) == nil)
        }
    }

    @Test("No keys accept nothing, not even an empty secret")
    func empty() throws {
        let keys = try EphemeralKeys([])
        #expect(keys.authenticate("") == nil)
    }

    @Test("The record shows no part of the secret")
    func recordHidesSecret() throws {
        let record = try #require(try EphemeralKeys(["canary"]).authenticate("canary"))
        #expect(!"\(record)".contains("canary"))
    }

    @Test(
        "A secret that no header can carry is refused without being repeated",
        arguments: ["", "with space", "line\nbreak", "ключ", "canary\u{7F}", String(repeating: "canary", count: 200)])
    func refuses(secret: String) throws {
        let error = #expect(throws: StoreError.self) { try EphemeralKeys(["fine", secret]) }
        #expect(error?.code == .invalidValue)
        #expect(error?.message.contains("API key 2") == true)
        #expect(error?.message.contains("canary") == false)
    }
}
