import PinionJSON

/// An error as the wire shows it: an HTTP status and OpenAI's error object.
///
/// The static factories in `APIError+Cases.swift` cover every row of the contract's table; the memberwise
/// initialiser exists for what a server adds around it.
package struct APIError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The HTTP status of the reply.
    package var status: Int
    /// A sentence for the person who wrote the request.
    package var message: String
    /// `invalid_request_error`, `server_error`, `insufficient_quota`, or the exhausted rate (`requests`, `tokens`).
    package var type: String
    /// The machine-readable kind, or null.
    package var code: String?
    /// The path of the field at fault, such as `messages[0].content`, or null.
    package var param: String?
    /// Seconds for the `retry-after` header.
    package var retryAfter: Int?
    /// What `x-should-retry` tells clients that would repeat the request by its status; nil for nothing.
    package var shouldRetry: Bool?
    /// Methods for the `allow` header of a 405.
    package var allow: [String]

    package init(
        status: Int, message: String, type: String, code: String? = nil, param: String? = nil,
        retryAfter: Int? = nil, shouldRetry: Bool? = nil, allow: [String] = []
    ) {
        self.status = status
        self.message = message
        self.type = type
        self.code = code
        self.param = param
        self.retryAfter = retryAfter
        self.shouldRetry = shouldRetry
        self.allow = allow
    }

    /// The body of the reply: `{"error":{…}}`, always with the same four keys.
    package var body: [UInt8] {
        var writer = JSONWriter()
        writer.raw(#"{"error":{"message":"#)
        writer.string(message)
        writer.raw(#","type":"#)
        writer.string(type)
        writer.raw(#","param":"#)
        writer.stringOrNull(param)
        writer.raw(#","code":"#)
        writer.stringOrNull(code)
        writer.raw("}}")
        return writer.bytes
    }

    package var description: String {
        let place = param.map { " at \($0)" } ?? ""
        return "\(status) \(code ?? type)\(place): \(message)"
    }
}
