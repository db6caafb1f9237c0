import HTTPTypes
import PinionServer
import PinionWire
import Synchronization
import Testing

/// Takes one code once.
final class FixedSignIn: SignIn {
    static let code = "OneTimeCode0123456789A"
    private let isOpen = Mutex(true)

    func exchange(_ code: String) async throws -> SignInKey? {
        guard code.utf8.elementsEqual(Self.code.utf8) else { return nil }
        return isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen ? SignInKey(secret: "pk-made", expires: nil) : nil
        }
    }
}

@Suite("Sign-in route", .timeLimit(.minutes(1)))
struct SignInTests {
    private static let path = "/v1/sign-in"

    private static func fixture() -> ServerFixture {
        var fixture = ServerFixture(.greeting())
        fixture.signIn = FixedSignIn()
        return fixture
    }

    @Test("A good code is answered with a key, once, and no cache may keep it")
    func once() async throws {
        let fixture = Self.fixture()
        let reply = try await fixture.reply(.post, Self.path, body: "{}", key: FixedSignIn.code)
        #expect(reply.status == 200)
        #expect(reply.body == #"{"key":"pk-made","expires_at":null}"#)
        #expect(reply.headers.value("cache-control") == "no-store")
        #expect(try await fixture.reply(.post, Self.path, body: "{}", key: FixedSignIn.code).status == 401)
    }

    @Test("A wrong code is told in the words for a wrong key, and so is a key")
    func wrong() async throws {
        let fixture = Self.fixture()
        let key = try await fixture.reply(.get, "/v1/models", key: "pk-wrong")
        for code in ["wrong", FixedKeys.good, FixedSignIn.code + "x", String(FixedSignIn.code.dropLast())] {
            let reply = try await fixture.reply(.post, Self.path, body: "{}", key: code)
            #expect(reply.status == 401 && reply.error == key.error)
            #expect(reply.headers.value("www-authenticate") == "Bearer")
        }
        #expect(try await fixture.reply(.post, Self.path, body: "{}", key: FixedSignIn.code).status == 200)
    }

    @Test("What no page of ours sends is refused, and leaves the code good")
    func refused() async throws {
        let fixture = Self.fixture()
        func status(_ body: String, _ type: String = "application/json", key: String? = FixedSignIn.code) async throws
            -> Int
        {
            try await fixture.reply(.post, Self.path, body: body, key: key, headers: [.contentType: type]).status
        }
        #expect(try await status("{}", key: nil) == 401)
        #expect(try await status("{}", "text/plain") == 400)
        #expect(try await status("{}", "") == 400)
        #expect(try await status("") == 400)
        #expect(try await status("[]") == 400)
        #expect(try await status(#"{"code":"x"}"#) == 400)
        #expect(try await status(String(repeating: " ", count: 5_000) + "{}") == 413)
        #expect(try await fixture.reply(.get, Self.path, key: FixedSignIn.code).status == 405)
        #expect(try await status("{}") == 200)
    }

    @Test("A server without sign-in has no such route")
    func missing() async throws {
        let reply = try await ServerFixture(.greeting()).reply(.post, Self.path, body: "{}", key: FixedSignIn.code)
        #expect(reply.status == 404)
    }

    @Test("The code is in no line of the log")
    func log() async throws {
        let fixture = Self.fixture()
        for code in [FixedSignIn.code, "a-wrong-code"] {
            _ = try await fixture.reply(.post, Self.path, body: "{}", key: code)
        }
        let lines = fixture.recorder.lines.map(\.text)
        #expect(lines.contains { $0.contains("path=/v1/sign-in") })
        for secret in [FixedSignIn.code, "wrong-code", "pk-made"] { #expect(!lines.contains { $0.contains(secret) }) }
    }
}
