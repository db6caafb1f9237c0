import HTTPTypes
import PinionServer
import PinionWire
import Synchronization
import Testing
import TextGeneration

/// Keeps the outcomes that its tickets are settled with.
final class RecordingAdmission: Admission {
    private let refusal: APIError?
    private let settled = Mutex<[(outcome: Outcome, status: Int)]>([])
    private let asked = Mutex<[Tenant]>([])

    init(refusal: APIError? = nil) {
        self.refusal = refusal
    }

    var outcomes: [Outcome] { settled.withLock { $0.map(\.outcome) } }
    var statuses: [Int] { settled.withLock { $0.map(\.status) } }

    /// The outcomes once there is one: the generator has ended a moment before it is settled.
    func settledOutcomes(within time: Duration = .seconds(20)) async throws -> [Outcome] {
        let end = ContinuousClock.now + time
        while outcomes.isEmpty, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(5)) }
        return outcomes
    }
    var tenants: [Tenant] { asked.withLock { $0 } }

    func admit(_ request: AdmissionRequest) async throws -> AdmissionTicket {
        asked.withLock { $0.append(request.tenant) }
        if let refusal { throw refusal }
        return AdmissionTicket(Account(admission: self))
    }

    private struct Account: AdmissionAccount {
        let admission: RecordingAdmission

        func open(promptTokens: Int, choices: Int, limit: Int) -> Int { limit }
        func count(isReasoning: Bool, goesOn: Bool) -> Bool { goesOn }
        func settle(_ outcome: Outcome, status: Int) { admission.settled.withLock { $0.append((outcome, status)) } }
        func recorded() {}
        var rates: AdmissionRates { AdmissionRates() }
        var warnings: [GenerationWarning] { [] }
    }
}

@Suite("Admission and outcome", .timeLimit(.minutes(1)))
struct AdmissionTests {
    private static let usage = Usage(promptTokens: 9, completionTokens: 3)

    private static func fixture(_ generator: ScriptedGenerator) -> (ServerFixture, RecordingAdmission) {
        let admission = RecordingAdmission()
        var fixture = ServerFixture(generator)
        fixture.admission = admission
        return (fixture, admission)
    }

    @Test("A whole reply is settled once, with what it took, before its reader has its end", arguments: [false, true])
    func completed(stream: Bool) async throws {
        let (fixture, admission) = Self.fixture(.greeting())
        for round in 1...3 {
            _ = try await fixture.chat(ServerFixture.chatBody(",\"stream\":\(stream)"))
            #expect(admission.outcomes == Array(repeating: Outcome(.completed, Self.usage), count: round))
        }
        #expect(admission.tenants == Array(repeating: Tenant(id: "tenant-7"), count: 3))
    }

    @Test("A failure is settled with its code and what it took until then", arguments: [false, true])
    func failed(stream: Bool) async throws {
        let error = GenerationError(.interrupted, "gone")
        let (fixture, admission) = Self.fixture(
            ScriptedGenerator([.event(.accepted(promptTokens: 9)), .failure(error)]))
        _ = try await fixture.chat(ServerFixture.chatBody(",\"stream\":\(stream)"))
        let usage = Usage(promptTokens: 9, completionTokens: 0)
        #expect(admission.outcomes == [Outcome(.failed(.interrupted), usage)])
        let (refused, other) = Self.fixture(ScriptedGenerator(refusal: error, []))
        _ = try await refused.chat(ServerFixture.chatBody(",\"stream\":\(stream)"))
        #expect(other.outcomes == [.unstarted(.failed(.interrupted))])
    }

    @Test(
        "A failure before the reply's head is settled with the status that the route's clients are told",
        arguments: [
            (GenerationError.Code.overloaded, "/v1/chat/completions", 503), (.overloaded, "/v1/messages", 529),
            (.interrupted, "/v1/messages", 500),
        ])
    func status(code: GenerationError.Code, path: String, status: Int) async throws {
        let (fixture, admission) = Self.fixture(ScriptedGenerator(refusal: GenerationError(code, "not now"), []))
        let reply = try await fixture.reply(.post, path, body: ServerFixture.chatBody(",\"max_tokens\":3"))
        #expect(reply.status == status)
        #expect(admission.statuses == [status])
    }

    @Test("A client that leaves is settled as such, with what its prompt took", arguments: [false, true])
    func disconnected(stream: Bool) async throws {
        let (fixture, admission) = Self.fixture(ScriptedGenerator([.event(.accepted(promptTokens: 9)), .hang]))
        try await LiveServer.run(fixture) { server in
            try await RawConnection.open(port: server.port) { connection in
                try await connection.sendChat(ServerFixture.chatBody(",\"stream\":\(stream)"))
                #expect(try await fixture.scripted[0].waits { $0.played == 2 })
                #expect(admission.outcomes.isEmpty)
            }
            #expect(try await fixture.scripted[0].waits { $0.ended == 1 })
        }
        #expect(
            try await admission.settledOutcomes()
                == [Outcome(.disconnected, Usage(promptTokens: 9, completionTokens: 0))])
    }

    @Test("Events out of order end the generation, which is settled as given up")
    func brokenOrder() async throws {
        let (fixture, admission) = Self.fixture(ScriptedGenerator([.event(.text(choice: 7, "a", [])), .hang]))
        #expect(try await fixture.chat().status == 500)
        #expect(try await fixture.scripted[0].waits { $0.ended == 1 })
        #expect(try await admission.settledOutcomes().map(\.end) == [.cancelled])
    }

    @Test("A ticket is settled once, at the latest when it is lost")
    func ticket() {
        let outcomes = Mutex<[Outcome]>([])
        func ticket() -> AdmissionTicket { AdmissionTicket { outcome in outcomes.withLock { $0.append(outcome) } } }
        do {
            let settled = ticket()
            settled.settle(.unstarted(.stopped))
            settled.settle(.unstarted(.cancelled))
        }
        _ = ticket()
        #expect(outcomes.withLock { $0 } == [.unstarted(.stopped), .unstarted(.failed(.internal))])
    }

    @Test("A generator that asks for it gets the body as it was sent, and no other does", arguments: [false, true])
    func originalBody(isAsked: Bool) async throws {
        let generator = ScriptedGenerator(takesOriginalBody: isAsked, ScriptedGenerator.greetingSteps)
        let body = ServerFixture.chatBody(#", "user" : "u""#)
        _ = try await ServerFixture(generator).chat(body)
        let original = OriginalBody(route: "/v1/chat/completions", bytes: Array(body.utf8))
        #expect(generator.observed.requests.map(\.original) == [isAsked ? original : nil])
    }
}
