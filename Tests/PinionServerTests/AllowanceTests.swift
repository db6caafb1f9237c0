import HTTPTypes
import PinionServer
import Synchronization
import Testing
import TextGeneration

/// An admission whose accounts are kept when a test says so.
private final class GatedAdmission: Admission {
    private let opened = Mutex(false)
    let rates: AdmissionRates
    let warnings: [GenerationWarning]

    init(rates: AdmissionRates = AdmissionRates(), warnings: [GenerationWarning] = []) {
        (self.rates, self.warnings) = (rates, warnings)
    }

    var isOpen: Bool { opened.withLock { $0 } }
    func open() { opened.withLock { $0 = true } }

    func admit(_ request: AdmissionRequest) -> AdmissionTicket { AdmissionTicket(Account(admission: self)) }

    private struct Account: AdmissionAccount {
        let admission: GatedAdmission

        func open(promptTokens: Int, choices: Int, limit: Int) -> Int { limit }
        func count(isReasoning: Bool, goesOn: Bool) -> Bool { goesOn }
        func settle(_ outcome: Outcome, status: Int) {}
        func recorded() async throws {
            while !admission.isOpen { try await Task.sleep(for: .milliseconds(2)) }
        }
        var rates: AdmissionRates { admission.rates }
        var warnings: [GenerationWarning] { admission.warnings }
    }
}

private struct RefusingAdmission: Admission {
    let error: GenerationError

    func admit(_ request: AdmissionRequest) throws -> AdmissionTicket { throw error }
}

@Suite("Limits on the wire", .timeLimit(.minutes(1)))
struct AllowanceTests {
    private static let refusals: [(GenerationError.LimitReached, code: String, retryAfter: String?, retry: String?)] = [
        (.init(.requests, retryAfter: .milliseconds(1_500)), "rate_limit_exceeded", "2", nil),
        (.init(.tokens, retryAfter: .seconds(500)), "rate_limit_exceeded", "120", nil),
        (.init(.tokens), "rate_limit_exceeded", nil, "false"), (.init(.budget), "insufficient_quota", nil, "false"),
    ]

    private static func fixture(_ admission: any Admission) -> ServerFixture {
        var fixture = ServerFixture(.greeting())
        fixture.admission = admission
        return fixture
    }

    @Test("A limit that has no room is a 429 that says whether and when to try again", arguments: 0..<4)
    func refused(case index: Int) async throws {
        let (limit, code, retryAfter, retry) = Self.refusals[index]
        let error = GenerationError(.limited, "No room.", limit: limit)
        for isEarly in [true, false] {
            var fixture = ServerFixture(isEarly ? .greeting() : ScriptedGenerator(refusal: error, []))
            if isEarly { fixture.admission = RefusingAdmission(error: error) }
            for stream in [true, false] {
                let reply = try await fixture.chat(ServerFixture.chatBody(",\"stream\":\(stream)"))
                #expect(reply.status == 429)
                #expect(reply.error?.code == code)
                #expect(reply.headers.value("retry-after") == retryAfter)
                #expect(reply.headers.value("x-should-retry") == retry)
            }
            let message = #"{"model":"acme/tiny/1","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}"#
            let reply = try await fixture.reply(.post, "/v1/messages", body: message)
            #expect(reply.status == 429)
            #expect(reply.headers.value("x-should-retry") == retry)
            #expect(reply.body.contains(#""type":"rate_limit_error""#))
        }
    }

    @Test("A stream of Responses tells it as a failed response, which agents read", arguments: 0..<4)
    func refusedResponses(case index: Int) async throws {
        let (limit, code, _, _) = Self.refusals[index]
        let error = GenerationError(.limited, "No room.", limit: limit)
        for isEarly in [true, false] {
            var fixture = ServerFixture(isEarly ? .greeting() : ScriptedGenerator(refusal: error, []))
            if isEarly { fixture.admission = RefusingAdmission(error: error) }
            let body = #"{"model":"acme/tiny/1","input":"Hi","stream":true}"#
            let stream = try await fixture.reply(.post, "/v1/responses", body: body)
            #expect(stream.status == 200)
            #expect(stream.body.contains("event: response.failed"))
            #expect(stream.body.contains(#""code":"\#(code)""#))
            let whole = try await fixture.reply(.post, "/v1/responses", body: #"{"model":"acme/tiny/1","input":"Hi"}"#)
            #expect(whole.status == 429)
        }
    }

    @Test("A client is told what it took only once that is kept", arguments: [false, true])
    func gated(stream: Bool) async throws {
        let admission = GatedAdmission()
        let fixture = Self.fixture(admission)
        async let reply = fixture.chat(
            ServerFixture.chatBody(stream ? #","stream":true,"stream_options":{"include_usage":true}"# : ""))
        #expect(try await fixture.scripted[0].waits { $0.ended == 1 })
        try await Task.sleep(for: .milliseconds(100))
        admission.open()
        let body = try await reply.body
        #expect(admission.isOpen)
        #expect(body.contains(#""completion_tokens":3"#))
    }

    @Test("The head tells rates as OpenAI's does, and budgets that are nearly used", arguments: [false, true])
    func head(stream: Bool) async throws {
        let admission = GatedAdmission(
            rates: AdmissionRates(
                requests: .init(limit: 60, remaining: 59, reset: .seconds(1)),
                tokens: .init(limit: 1_000, remaining: 0, reset: .milliseconds(59_600))),
            warnings: [GenerationWarning(keyword: "daily_tokens", pointer: "", message: "83 % are used")])
        admission.open()
        let fixture = Self.fixture(admission)
        let headers = try await fixture.chat(ServerFixture.chatBody(",\"stream\":\(stream)")).headers
        #expect(headers.value("x-ratelimit-limit-requests") == "60")
        #expect(headers.value("x-ratelimit-remaining-requests") == "59")
        #expect(headers.value("x-ratelimit-reset-requests") == "1s")
        #expect(headers.value("x-ratelimit-limit-tokens") == "1000")
        #expect(headers.value("x-ratelimit-remaining-tokens") == "0")
        #expect(headers.value("x-ratelimit-reset-tokens") == "59.6s")
        #expect(headers.value("x-pinion-warnings")?.contains("daily_tokens") == true)
    }
}
