import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import PinionCatalog
import PinionJSON
import PinionTerminal
import TextGeneration

/// A server elsewhere that speaks the OpenAI API.
///
/// Redirects are told and not followed, so that the key never goes to another host.
struct RemoteChatSource: ChatSource {
    /// A model as `/v1/models` lists it.
    private struct Listed {
        var id: String
        var contextLength: Int?
    }

    /// Bytes of an error or a list of models.
    private static let maximumReply = 4 << 20
    /// Silence after which a reply is given up: a long prompt takes minutes on a processor.
    private static let longestSilence = TimeAmount.minutes(20)
    private static let longestRequest = TimeAmount.hours(24)
    private static let connectTime = TimeAmount.seconds(15)

    let model: String
    let contextLength: Int?
    private let client: HTTPClient
    private let address: RemoteAddress
    private let key: String?

    private init(
        model: String, contextLength: Int?, client: HTTPClient, address: RemoteAddress, key: String?
    ) {
        (self.model, self.contextLength, self.client) = (model, contextLength, client)
        (self.address, self.key) = (address, key)
    }

    /// Connects to a server.
    ///
    /// - Parameter model: One of its models; nil for the first that it lists.
    /// - Throws: ``ChatError`` when it cannot be reached, refuses the key or has no model.
    static func connect(_ address: RemoteAddress, key: String?, model: String?) async throws -> RemoteChatSource {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: connectTime, read: longestSilence)
        configuration.connectionPool.retryConnectionEstablishment = false
        do {
            // A server on this machine is reached without TLS, whatever the variable says.
            if !address.isClear { try TrustedRoots.apply(to: &configuration) }
        } catch { throw ChatError(error.description) }
        let client = HTTPClient(configuration: configuration)
        let asking = RemoteChatSource(
            model: model ?? "", contextLength: nil, client: client, address: address, key: key)
        do {
            let listed: [Listed]
            do {
                listed = try await asking.list()
            } catch let error as ChatError where model != nil && error.code == .other {
                // A server need not list models to answer for one that was named; a wrong key or address shows at once
                // when the first message is sent.
                return asking
            }
            guard let chosen = model ?? listed.first?.id else {
                throw ChatError("\(address.base) lists no models; --model names one")
            }
            let length = listed.first { ProtocolWord($0.id) == ProtocolWord(chosen) }?.contextLength
            return RemoteChatSource(
                model: chosen, contextLength: length, client: client, address: address, key: key)
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    func reply(to request: GenerationRequest, _ take: @escaping @Sendable (ChatEvent) -> Void) async throws {
        var post = self.request("chat/completions")
        post.method = .POST
        post.headers.add(name: "content-type", value: "application/json")
        post.headers.add(name: "accept", value: "text/event-stream")
        post.body = .bytes(RemoteChatBody(model: model, request: request, host: address.host).bytes)
        let response = try await send(post)
        let isStream = response.headers.first(name: "content-type")?.lowercased().hasPrefix("text/event-stream") ?? true
        guard isStream else {
            try RemoteChatReply.events(of: try await collect(response)).forEach(take)
            return
        }
        var reader = EventStreamReader()
        var isFinished = false
        do {
            for try await buffer in response.body {
                for event in try reader.push(buffer.readableBytesView) {
                    if event.elementsEqual("[DONE]".utf8) { return }
                    for told in try RemoteChatReply.events(of: event) {
                        if case .finished = told { isFinished = true }
                        take(told)
                    }
                }
            }
        } catch let error as ChatError {
            throw error
        } catch {
            try Task.checkCancellation()
            // Servers that leave out the end of the stream have said all there is.
            if isFinished { return }
            throw ChatError(.lost, "the connection to \(address.base) was lost: it \(NetworkWords.of(error))")
        }
        guard isFinished else {
            throw ChatError(.lost, "the connection to \(address.base) was lost: it ended before the reply did")
        }
    }

    func models() async throws -> [String] { try await list().map(\.id) }

    func switching(to model: String) async throws -> any ChatSource {
        let listed = try await list()
        guard let found = listed.first(where: { ProtocolWord($0.id) == ProtocolWord(model) }) else {
            throw ChatError("the server has no model '\(TerminalText.line(model))'; /model lists those that there are")
        }
        return RemoteChatSource(
            model: found.id, contextLength: found.contextLength, client: client, address: address, key: key)
    }

    func close() async {
        try? await client.shutdown()
    }

    // MARK: - Exchanges

    private func list() async throws -> [Listed] {
        let bytes = try await collect(try await send(request("models")))
        guard case .object(let object)? = try? JSONValue.parse(bytes, limits: RemoteChatReply.limits),
            case .array(let entries)? = object["data"]
        else { throw ChatError("\(address.of("models")) is no list of models of an OpenAI API") }
        return entries.compactMap { entry in
            guard case .object(let entry) = entry, case .string(let id)? = entry["id"] else { return nil }
            var listed = Listed(id: id)
            for name in ["context_length", "max_model_len"] {
                if case .integer(let length)? = entry[name], length > 0 {
                    listed.contextLength = Int(exactly: length)
                    break
                }
            }
            return listed
        }
    }

    private func request(_ route: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: address.of(route))
        request.headers.add(name: "user-agent", value: "pinion/\(PinionProgram.version)")
        if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        return request
    }

    /// - Throws: ``ChatError`` for a reply of another status than 200.
    private func send(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, timeout: Self.longestRequest)
        } catch {
            try Task.checkCancellation()
            throw ChatError("\(address.base) \(NetworkWords.of(error))")
        }
        switch response.status.code {
        case 200: return response
        case 300..<400:
            let target = response.headers.first(name: "location") ?? "no address"
            throw ChatError(
                "\(address.base) redirects to \(TerminalText.line(String(target.prefix(200)))), which is not followed, as "
                    + "the key would go along; give the address that is meant with --url")
        default:
            let body = (try? await collect(response)) ?? [UInt8]()
            throw RemoteChatReply.failure(status: Int(response.status.code), body: body)
        }
    }

    private func collect(_ response: HTTPClientResponse) async throws -> [UInt8] {
        do {
            var bytes: [UInt8] = []
            for try await buffer in response.body {
                bytes.append(contentsOf: buffer.readableBytesView)
                guard bytes.count <= Self.maximumReply else {
                    throw ChatError("\(address.base) answers with more than \(ByteSize.text(Self.maximumReply))")
                }
            }
            return bytes
        } catch let error as ChatError {
            throw error
        } catch {
            try Task.checkCancellation()
            throw ChatError(.lost, "\(address.base) \(NetworkWords.of(error))")
        }
    }
}
