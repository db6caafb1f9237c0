import HTTPTypes
import Hummingbird
import PinionWire

/// Header values that more than one place writes or compares.
enum ReplyHeaders {
    static let json = "application/json"
}

extension HTTPField.Name {
    static let requestID = constant("x-request-id")
    /// Where Anthropic's clients look for a key, for the request's id, and what they tell themselves by.
    static let apiKey = constant("x-api-key")
    static let anthropicRequestID = constant("request-id")
    static let anthropicVersion = constant("anthropic-version")
    /// What a reply does not honour in full; see ``WarningHeader``.
    static let warnings = constant("x-pinion-warnings")
    /// Tells clients whether a request that failed is worth repeating, whatever its status says.
    static let shouldRetry = constant("x-should-retry")
    /// How often a client of OpenAI's or Anthropic's tried before.
    static let retryCount = constant("x-stainless-retry-count")
    /// What a key's rates allow, as OpenAI's replies tell it.
    static let requestLimit = constant("x-ratelimit-limit-requests")
    static let requestsLeft = constant("x-ratelimit-remaining-requests")
    static let requestReset = constant("x-ratelimit-reset-requests")
    static let tokenLimit = constant("x-ratelimit-limit-tokens")
    static let tokensLeft = constant("x-ratelimit-remaining-tokens")
    static let tokenReset = constant("x-ratelimit-reset-tokens")
    /// Tells nginx to pass a stream on as it comes.
    static let accelBuffering = constant("x-accel-buffering")

    static let referrerPolicy = constant("referrer-policy")
    static let openerPolicy = constant("cross-origin-opener-policy")
    static let resourcePolicy = constant("cross-origin-resource-policy")

    /// Whence a browser's request comes: `same-origin`, `same-site`, `cross-site` or `none`.
    static let fetchSite = constant("sec-fetch-site")
    static let fetchMode = constant("sec-fetch-mode")
    static let fetchDestination = constant("sec-fetch-dest")
    static let fetchUser = constant("sec-fetch-user")

    /// A `Host` beside the first, which becomes the authority of the request.
    static let repeatedHost = constant("host")

    private static func constant(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is no name of a header field") }
        return name
    }
}

extension Response {
    init(json: [UInt8], status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: ReplyHeaders.json],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
    }

    /// The reply for an error, as the clients of a route expect it.
    init(_ error: APIError, _ conventions: some WireConventions, requestID: String) {
        self.init(
            json: conventions.body(of: error, requestID: requestID),
            status: HTTPResponse.Status(code: conventions.status(error.status)))
        if let field = conventions.requestIDField { headers[field] = requestID }
        if let seconds = error.retryAfter { headers[.retryAfter] = String(seconds) }
        if let retry = error.shouldRetry { headers[.shouldRetry] = String(retry) }
        if !error.allow.isEmpty { headers[.allow] = error.allow.joined(separator: ", ") }
        if error.status == 401 { headers[.wwwAuthenticate] = "Bearer" }
    }
}
