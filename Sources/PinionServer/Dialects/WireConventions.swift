import HTTPTypes
import OpenAIAPI

/// What clients of a route expect beside its own requests and replies: where a key stands, and how an error looks.
protocol WireConventions: Sendable {
    /// The key that a request brings; nil without any.
    func key(in headers: HTTPFields) -> String?
    /// The body of an error reply.
    func body(of error: APIError) -> [UInt8]
}

/// OpenAI's: a bearer key and the error object with four members.
struct OpenAIConventions: WireConventions {
    func key(in headers: HTTPFields) -> String? {
        let space = UInt8(ascii: " ")
        // The case of `Bearer` does not matter.
        guard let header = headers[.authorization], let end = header.utf8.firstIndex(of: space),
            header[..<end].matchesWord("bearer")
        else { return nil }
        let key = Substring(header.utf8[end...].drop { $0 == space })
        return key.isEmpty ? nil : String(key)
    }

    func body(of error: APIError) -> [UInt8] { error.body }
}
