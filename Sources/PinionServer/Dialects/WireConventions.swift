import HTTPTypes
import PinionWire

/// What clients of a route expect beside its own requests and replies: where a key stands, and how an error looks.
protocol WireConventions: Sendable {
    /// The key that a request brings; nil without any.
    func key(in headers: HTTPFields) -> String?
    /// What a client is told that brings no key.
    var missingKey: APIError { get }
    /// The field of a reply's head that holds the request's id beside `x-request-id`, where clients look for another.
    var requestIDField: HTTPField.Name? { get }
    /// The status that clients expect for an error which OpenAI's are told with `status`.
    func status(_ status: Int) -> Int
    /// The body of an error reply.
    func body(of error: APIError, requestID: String) -> [UInt8]
}

extension WireConventions {
    var missingKey: APIError { .missingKey }
    var requestIDField: HTTPField.Name? { nil }
    func status(_ status: Int) -> Int { status }
}

/// OpenAI's: a bearer key and the error object with four members.
struct OpenAIConventions: WireConventions {
    func key(in headers: HTTPFields) -> String? { Self.bearerKey(in: headers) }

    static func bearerKey(in headers: HTTPFields) -> String? {
        let space = UInt8(ascii: " ")
        // The case of `Bearer` does not matter.
        guard let header = headers[.authorization], let end = header.utf8.firstIndex(of: space),
            header[..<end].matchesWord("bearer")
        else { return nil }
        let key = Substring(header.utf8[end...].drop { $0 == space })
        return key.isEmpty ? nil : String(key)
    }

    func body(of error: APIError, requestID: String) -> [UInt8] { error.body }
}
