import PinionServer
import Synchronization
import Testing

/// Makes a report that takes until its client leaves.
private final class SlowAdministration: Administration {
    static let key = "admin-key-0123456789"

    let begun = Atomic<Int>(0)
    let cancelled = Atomic<Int>(0)

    func accepts(_ key: String) -> Bool { key.utf8.elementsEqual(Self.key.utf8) }

    func usage(_ query: [(name: String, value: String)]) async throws -> [UInt8] {
        begun.add(1, ordering: .sequentiallyConsistent)
        do {
            try await Task.sleep(for: .seconds(60))
        } catch {
            cancelled.add(1, ordering: .sequentiallyConsistent)
            throw error
        }
        return Array("{}".utf8)
    }

    func keys() async throws -> [UInt8] { Array("[]".utf8) }
    func owners() async throws -> [UInt8] { Array("[]".utf8) }

    func status(namesOf keys: [String]) async throws -> AdministrationStatus {
        try await FixedAdministration().status(namesOf: keys)
    }
}

@Suite("Admin routes", .timeLimit(.minutes(1)))
struct AdminRouteTests {
    @Test("A client that leaves takes its wish for a report with it")
    func departure() async throws {
        let administration = SlowAdministration()
        var fixture = ServerFixture(.greeting())
        fixture.administration = administration
        try await LiveServer.run(fixture) { server in
            try await RawConnection.open(port: server.port) { connection in
                try await connection.send(
                    "GET /admin/usage HTTP/1.1\r\nHost: localhost\r\n"
                        + "Authorization: Bearer \(SlowAdministration.key)\r\n\r\n")
                while administration.begun.load(ordering: .sequentiallyConsistent) == 0 {
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
            for _ in 0..<2_000 where administration.cancelled.load(ordering: .sequentiallyConsistent) == 0 {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        #expect(administration.cancelled.load(ordering: .sequentiallyConsistent) == 1)
        #expect(!fixture.recorder.lines.contains { $0.text.contains("request failed") })
    }
}
