import HTTPTypes
import OpenAIAPI
import PinionServer
import Testing

@Suite("Requests of foreign pages", .timeLimit(.minutes(1)))
struct CrossSiteTests {
    private static func fields(_ pairs: [String: String]) -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in pairs {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        return fields
    }

    private static func lines(_ pairs: [String: String]) -> String {
        pairs.map { "\($0): \($1)\r\n" }.joined()
    }

    /// What browsers send with a request of a page, and whether it is let in without a key; the host is `localhost:8080`.
    private static let cases: [(fields: [String: String], isLetIn: Bool)] = [
        ([:], true),
        (["Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Origin": "http://localhost:8080"], true),
        (["Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"], true),
        (["Origin": "http://localhost:8080"], true),
        (["Origin": "HTTP://LocalHost:8080"], true),
        (["Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"], false),
        (["Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"], false),
        (["Sec-Fetch-Site": "cross-site"], false),
        (["Sec-Fetch-Site": "same-origin, cross-site"], false),
        (["Sec-Fetch-Site": ""], false),
        (["Sec-Fetch-Mode": "no-cors"], false),
        (["Sec-Fetch-Dest": "image"], false),
        (["Sec-Fetch-Site": "same-origin", "Origin": "null"], false),
        (["Origin": "null"], false),
        (["Origin": "http://localhost:3000"], false),
        (["Origin": "http://localhost"], false),
        (["Origin": "http://127.0.0.1:8080"], false),
        (["Origin": "http://localhost:8080.evil.example"], false),
        (["Origin": "https://evil.example"], false),
        (["Origin": "chrome-extension://abcdefgh"], false),
    ]

    @Test("Without keys only pages of the server itself are answered, and programs that are no browser")
    func noKeys() async throws {
        let fixture = ServerFixture(.greeting()) { $0.requiresAuthentication = false }
        let body = ServerFixture.chatBody()
        try await LiveServer.run(fixture) { server in
            for (fields, isLetIn) in Self.cases {
                for route in ["GET /v1/models", "GET /metrics", "POST /v1/chat/completions"] {
                    let length = route.hasPrefix("POST") ? body.utf8.count : 0
                    try await RawConnection.open(port: server.port) { connection in
                        try await connection.send(
                            "\(route) HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/json\r\n"
                                + "Connection: close\r\nContent-Length: \(length)\r\n\(Self.lines(fields))\r\n"
                                + body.prefix(length))
                        let reply = try await connection.receiveAll()
                        #expect(reply.hasPrefix(isLetIn ? "HTTP/1.1 200 " : "HTTP/1.1 403 "), "\(route) \(fields)")
                        guard !isLetIn else { return }
                        #expect(reply.contains("\"type\":\"invalid_request_error\""))
                        #expect(reply.contains("page of another site"))
                        #expect(!reply.lowercased().contains("access-control-"))
                    }
                }
            }
        }
    }

    @Test("Health is open to every page")
    func health() async throws {
        let fixture = ServerFixture(.greeting()) { $0.requiresAuthentication = false }
        for (fields, _) in Self.cases {
            #expect(try await fixture.reply(.get, "/health", key: nil, headers: Self.fields(fields)).status == 200)
        }
    }

    @Test("With a key it does not matter whence a request comes")
    func withKeys() async throws {
        let fixture = ServerFixture(.greeting())
        for (fields, _) in Self.cases {
            #expect(try await fixture.chat(headers: Self.fields(fields)).status == 200)
            #expect(try await fixture.reply(.get, "/v1/models", key: nil, headers: Self.fields(fields)).status == 401)
        }
    }

    @Test("Without keys a body has to say that it is JSON, as a page cannot say so without being asked first")
    func contentType() async throws {
        let fixture = ServerFixture(.greeting()) { $0.requiresAuthentication = false }
        for (type, status) in [
            ("", 400), ("text/plain", 400), ("application/x-www-form-urlencoded", 400),
            ("application/json", 200), ("Application/JSON ; charset=utf-8", 200),
        ] {
            let reply = try await fixture.chat(headers: [.contentType: type])
            #expect(reply.status == status, "\(type)")
            #expect(status == 200 || reply.error?.message.contains("application/json") == true)
        }
    }
}
