import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import NIOEmbedded
import OpenAIAPI
import PinionEngine
import PinionServer
import Synchronization
import Testing
import TextGeneration

/// Knows one key, and breaks for another.
struct FixedKeys: KeyAuthority {
    static let good = "sk-test-good-0123456789"
    static let damaging = "sk-test-damaging"

    struct DamagedDatabase: Error {}

    func authenticate(_ bearer: String) async throws -> Tenant? {
        // As bytes, as every authority has to: the key may be hostile.
        if bearer.utf8.elementsEqual(Self.damaging.utf8) { throw DamagedDatabase() }
        return bearer.utf8.elementsEqual(Self.good.utf8) ? Tenant(id: "tenant-7") : nil
    }
}

/// Keeps log lines, with their metadata, as text.
final class LogRecorder: Sendable {
    private let recorded = Mutex<[(level: Logger.Level, text: String)]>([])

    var lines: [(level: Logger.Level, text: String)] {
        recorded.withLock { $0 }
    }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(recorder: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            let pairs = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            recorder.recorded.withLock { $0.append((event.level, "\(event.message) \(pairs.joined(separator: " "))")) }
        }
    }
}

/// A server over scripted generators.
struct ServerFixture {
    let recorder = LogRecorder()
    let readiness = Readiness()
    let metrics = ServerMetrics(residentMemory: { ProcessMemory.resident })
    var configuration = ServerConfiguration()
    var generators: [any TextGenerator]
    var keys: any KeyAuthority = FixedKeys()
    var admission: any Admission = OpenAdmission()
    var administration: (any Administration)?
    var signIn: (any SignIn)?

    init(real generator: any TextGenerator) {
        generators = [generator]
        configuration.port = 0
    }

    init(_ generators: ScriptedGenerator..., configure: (inout ServerConfiguration) -> Void = { _ in }) {
        self.generators = generators
        configuration.port = 0
        configure(&configuration)
    }

    /// The generators that are doubles.
    var scripted: [ScriptedGenerator] { generators.compactMap { $0 as? ScriptedGenerator } }

    func application(
        onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws -> PinionApplication {
        try PinionApplication(
            configuration: configuration, models: ModelRegistry(generators), keys: keys, readiness: readiness,
            metrics: metrics, seal: PlainSeal(), admission: admission, administration: administration, signIn: signIn,
            logger: recorder.logger, onRunning: onRunning)
    }

    /// Sends one request to the routes, without a socket.
    func reply(
        _ method: HTTPRequest.Method, _ path: String, body: String? = nil, key: String? = FixedKeys.good,
        headers: HTTPFields = [:]
    ) async throws -> Reply {
        var headers = headers
        if let key { headers[.authorization] = "Bearer \(key)" }
        if body != nil, headers[.contentType] == nil { headers[.contentType] = "application/json" }
        let fields = headers
        return try await application().application.test(.router) { client in
            let response = try await client.executeRequest(
                uri: path, method: method, headers: fields, body: body.map { ByteBuffer(string: $0) })
            return Reply(
                status: response.status.code, headers: response.headers, body: String(buffer: response.body))
        }
    }

    /// Has the routes answer a request, and lets the response go unwritten.
    func dropReply(_ path: String, body: String) async throws {
        func drop(_ application: some ApplicationProtocol) async throws {
            let fields: HTTPFields = [
                .authorization: "Bearer \(FixedKeys.good)", .contentType: "application/json",
            ]
            let head = HTTPRequest(
                method: .post, scheme: "http", authority: "localhost", path: path, headerFields: fields)
            let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body)))
            let source = ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: recorder.logger)
            _ = try await application.responder.respond(to: request, context: .init(source: source))
        }
        try await drop(application().application)
    }

    func chat(_ body: String = Self.chatBody(), headers: HTTPFields = [:]) async throws -> Reply {
        try await reply(.post, "/v1/chat/completions", body: body, headers: headers)
    }

    /// A request to the model of the fixture, with more fields.
    static func chatBody(model: String = "acme/tiny/1", _ fields: String = "") -> String {
        #"{"model":"\#(model)","messages":[{"role":"user","content":"Hi"}]\#(fields)}"#
    }
}

/// What came back.
struct Reply: Sendable {
    var status: Int
    var headers: HTTPFields
    var body: String

    /// The body as JSON; empty when it is none.
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
    }

    /// The error object, with `NSNull` as nil; nil unless it has exactly the four keys.
    var error: WireError? {
        guard let error = json["error"] as? [String: Any], json.count == 1,
            Set(error.keys) == ["message", "type", "param", "code"], let message = error["message"] as? String,
            let type = error["type"] as? String
        else { return nil }
        return WireError(
            message: message, type: type, param: error["param"] as? String, code: error["code"] as? String)
    }
}

struct WireError: Equatable {
    var message: String
    var type: String
    var param: String?
    var code: String?
}

extension HTTPField.Name {
    static var requestID: HTTPField.Name? { HTTPField.Name("x-request-id") }
}

extension HTTPFields {
    func value(_ name: String) -> String? {
        HTTPField.Name(name).flatMap { self[$0] }
    }
}
