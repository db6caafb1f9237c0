import PinionWire
package import TextGeneration

/// Who knows which keys are good.
package protocol KeyAuthority: Sendable {
    /// Whose key it is; nil for a key that is wrong, revoked or expired, without telling which.
    ///
    /// - Parameter bearer: the key as it was sent; must not be kept or logged, and is to be compared in constant time.
    /// - Throws: `APIError` for what the client has to be told; anything else is the authority's own failure, and the
    ///   request is refused with a 500.
    func authenticate(_ bearer: String) async throws -> Tenant?
}

extension Tenant {
    /// Everybody, on a server that asks for no keys.
    package static let anonymous = Tenant(id: "anonymous")
}
