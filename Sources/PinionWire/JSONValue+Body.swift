package import PinionJSON

extension JSONLimits {
    /// Of a request's body, which may be a few megabytes.
    package static let body = JSONLimits(depth: 128, values: 250_000)
}

extension JSONValue {
    /// Parses a request's body.
    ///
    /// - Throws: ``APIError/bodyNotJSON(_:)`` with the byte offset of the fault.
    package static func parse(_ body: [UInt8]) throws(APIError) -> JSONValue {
        do {
            return try parse(body, limits: .body)
        } catch {
            throw .bodyNotJSON(error.code == .empty ? "the body is empty" : error.description)
        }
    }
}
