import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Asks a hub for addresses: follows redirects, keeps the token to the hub's own host, and says what a refusal means.
struct HubConnection: Sendable {
    /// Redirects of one request; a hub needs two.
    static let maximumRedirects = 6
    /// Bytes of a listing: 20,000 files of 400 bytes each.
    static let maximumReplySize = 8 << 20
    /// Longest time that a small reply may take from its first byte to its last: silence alone does not end a reply of
    /// which a byte comes now and then.
    static let longestSmallReply = Duration.seconds(60)
    private static let userAgent = "pinion"
    /// Longest time that a request may take: a file of many gigabytes over a slow line. Silence ends it much earlier.
    private static let longestRequest = TimeAmount.hours(24)

    let client: HTTPClient
    let endpoint: HubEndpoint
    /// The model's reference, for messages.
    let source: String
    /// The page where a person accepts a model's terms; nil where there is none.
    let page: URL?

    /// Makes a client for connections to hubs. The caller shuts it down.
    ///
    /// - Parameters:
    ///   - connections: At one time, to one host.
    ///   - environment: May name the authorities to trust (``TrustedRoots``).
    /// - Throws: ``CatalogError`` when the file that it names cannot be read or holds no certificate.
    static func makeClient(
        connections: Int, environment: [String: String]
    ) throws(CatalogError) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        // Ours, because the library's would not know where the token may go.
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.timeout = .init(connect: .seconds(15), read: .seconds(30))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        try TrustedRoots.apply(to: &configuration, environment)
        return HTTPClient(configuration: configuration)
    }

    struct Reply {
        /// Whether the server sends the range that it was asked for, instead of everything.
        let isPartial: Bool
        let body: HTTPClientResponse.Body
        private let headers: HTTPHeaders

        fileprivate init(_ response: HTTPClientResponse) {
            isPartial = response.status == .partialContent
            body = response.body
            headers = response.headers
        }

        /// A header's first value.
        func header(_ name: String) -> String? { headers.first(name: name) }
    }

    /// The reply to a GET, after redirects; its status is 200 or 206.
    ///
    /// - Parameter range: Bytes asked for; nil asks for everything.
    /// - Throws: ``TransferFault``.
    func get(_ url: URL, range: Range<Int>? = nil) async throws(TransferFault) -> Reply {
        var url = url
        for _ in 0...Self.maximumRedirects {
            let response = try await send(url, range)
            switch response.status.code {
            case 200, 206:
                return Reply(response)
            case 301, 302, 303, 307, 308:
                url = try next(from: url, response.headers.first(name: "location"))
            default:
                throw await refusal(response, at: url)
            }
        }
        throw .final(
            CatalogError(.unexpectedReply, "\(source): more than \(Self.maximumRedirects) redirects follow one another")
        )
    }

    /// A whole small reply.
    func bytes(_ url: URL, limit: Int = maximumReplySize) async throws(TransferFault) -> [UInt8] {
        let reply = try await get(url)
        let bytes: [UInt8]
        do {
            bytes = try await Self.collect(reply.body, limit: limit)
        } catch {
            throw fault(error, at: url)
        }
        guard bytes.count <= limit else {
            throw .final(
                CatalogError(.unexpectedReply, "\(source): \(url.path()) is answered with more than \(limit) bytes"))
        }
        return bytes
    }

    /// A reply's bytes, of which there may be a few more than the limit.
    static func collect(_ body: HTTPClientResponse.Body, limit: Int) async throws -> [UInt8] {
        let end = ContinuousClock.now + longestSmallReply
        var bytes: [UInt8] = []
        for try await buffer in body {
            bytes.append(contentsOf: buffer.readableBytesView)
            if bytes.count > limit { break }
            guard ContinuousClock.now < end else { throw HTTPClientError.readTimeout }
        }
        return bytes
    }

    private func send(_ url: URL, _ range: Range<Int>?) async throws(TransferFault) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url.absoluteString)
        request.headers.add(name: "user-agent", value: Self.userAgent)
        // A compressed reply would have other lengths and ranges than the file.
        request.headers.add(name: "accept-encoding", value: "identity")
        if let range { request.headers.add(name: "range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)") }
        if let token = endpoint.token, endpoint.isOwn(url) {
            request.headers.add(name: "authorization", value: "Bearer \(token)")
        }
        do {
            return try await client.execute(request, timeout: Self.longestRequest)
        } catch {
            throw fault(error, at: url)
        }
    }

    private func next(from url: URL, _ location: String?) throws(TransferFault) -> URL {
        func wrong(_ reason: String) -> TransferFault {
            .final(CatalogError(.unexpectedReply, "\(source): \(HubEndpoint.origin(of: url)) redirects \(reason)"))
        }
        guard let location, let target = URL(string: location, relativeTo: url)?.absoluteURL else {
            throw wrong("to no address")
        }
        guard let scheme = target.scheme, ["https", "http"].contains(scheme), target.host()?.isEmpty == false else {
            throw wrong("to \(FileWords.quoted(location))")
        }
        guard scheme == "https" || url.scheme == "http" else {
            throw wrong("from https to http, where anyone on the way can change the file")
        }
        return target
    }

    /// What a failed exchange means: silence and broken connections are worth another try.
    func fault(_ error: any Error, at url: URL) -> TransferFault {
        if error is CancellationError || Task.isCancelled {
            return .final(CatalogError(.cancelled, "interrupted while fetching \(source)"))
        }
        if let error = error as? TransferFault { return error }
        if NetworkWords.isDistrust(error) {
            let advice =
                NetworkWords.isOfAnotherHost(error)
                ? "" : "; if its authority is unknown here, \(TrustedRoots.variable) names a file of those to trust"
            return .final(
                CatalogError(
                    .downloadFailed,
                    "\(source): \(HubEndpoint.origin(of: url)) \(NetworkWords.of(error))\(advice)"))
        }
        let way = endpoint.addressVariable.map { ", or name a mirror with \($0)" } ?? ""
        return .passing(
            CatalogError(
                .downloadFailed,
                "\(source): \(HubEndpoint.origin(of: url)) \(NetworkWords.of(error)); check the network\(way)"),
            after: nil)
    }
}
