import PinionCommand
import Testing

@Suite("Server-sent events, read")
struct EventStreamTests {
    private static let cases: [(String, [String])] = [
        ("data: a\n\ndata:b\n\n", ["a", "b"]),
        ("data: a\r\n\r\ndata: b\r\rdata: c\n\n", ["a", "b", "c"]),
        ("data: a\ndata: b\n\n", ["a\nb"]),
        (": ping\n\nevent: x\nid: 1\nretry: 5\ndata: a\n\n", ["a"]),
        ("data\n\ndata:\n\ndata:  a\n\n", ["", "", " a"]),
        ("\u{FEFF}data: 漢😀\n\n", ["漢😀"]),
        ("data: a\n\ndata: never ended", ["a"]),
        ("datum: x\ndata: a\n\n\n\n", ["a"]),
    ]

    @Test("Events are the same wherever the bytes are cut", arguments: cases)
    func events(text: String, expected: [String]) throws {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var reader = EventStreamReader()
            let events = try reader.push(bytes[..<cut]) + reader.push(bytes[cut...])
            #expect(events.map { String(decoding: $0, as: UTF8.self) } == expected)
        }
        var single = EventStreamReader()
        let events = try bytes.flatMap { try single.push([$0]) }
        #expect(events.map { String(decoding: $0, as: UTF8.self) } == expected)
    }

    @Test("An event has a bound")
    func bound() throws {
        var reader = EventStreamReader()
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        #expect(throws: (any Error).self) {
            for _ in 0...(EventStreamReader.maximumEvent >> 20) { _ = try reader.push(piece) }
        }
    }
}

@Suite("The address of a server")
struct RemoteAddressTests {
    @Test(
        "A path without a version is followed by one",
        arguments: [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/models"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/v1/models"),
            ("HTTPS://Example.org/v1", "https://Example.org/v1/models"),
            ("https://example.org/openai/v1/", "https://example.org/openai/v1/models"),
            ("https://example.org/v1beta/openai", "https://example.org/v1beta/openai/models"),
            ("https://example.org/pinion", "https://example.org/pinion/v1/models"),
            ("https://example.org/v1/chat/completions", "https://example.org/v1/models"),
            ("http://[::1]:8080", "http://[::1]:8080/v1/models"),
        ])
    func paths(text: String, models: String) throws {
        #expect(try RemoteAddress(text).of("models") == models)
    }

    @Test(
        "What is no address of a server is refused",
        arguments: [
            "", "x", "http://", "ftp://x", "http://user:pw@x", "http://x/?a=b", "http://x/#a", "file:///x", "//x",
        ])
    func refused(text: String) {
        #expect(throws: (any Error).self) { try RemoteAddress(text) }
    }

    @Test("An error repeats no password")
    func password() {
        do {
            _ = try RemoteAddress("http://user:secret@x")
            Issue.record("it was taken")
        } catch { #expect(!"\(error)".contains("secret")) }
    }

    @Test("This machine is known by its names")
    func loopback() throws {
        for host in ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"] {
            #expect(try RemoteAddress("http://\(host):1").isLoopback, "\(host)")
        }
        for host in ["example.org", "10.0.0.1", "127.0.0.1.example.org"] {
            #expect(try !RemoteAddress("http://\(host)").isLoopback, "\(host)")
        }
        #expect(try RemoteAddress("http://x").isClear && !RemoteAddress("https://x").isClear)
    }
}
