import HTTPTypes
import Hummingbird
import OpenAIAPI

/// Lets requests through that bring a good key, and tells the routes whose it is.
struct AuthenticationMiddleware: RouterMiddleware {
    let keys: any KeyAuthority
    let isRequired: Bool

    func handle(
        _ request: Request, context: ServerRequestContext,
        next: (Request, ServerRequestContext) async throws -> Response
    ) async throws -> Response {
        let tenant = try await tenant(of: request)
        context.record.tenant = tenant
        var context = context
        context.tenant = tenant
        return try await next(request, context)
    }

    private func tenant(of request: Request) async throws -> Tenant {
        guard isRequired else { return .anonymous }
        guard let key = Self.bearer(in: request.headers[.authorization]) else { throw APIError.missingKey }
        guard let tenant = try await keys.authenticate(key) else { throw APIError.invalidKey }
        return tenant
    }

    /// The credentials after `Bearer`, whose case does not matter; nil without any.
    private static func bearer(in header: String?) -> String? {
        let space = UInt8(ascii: " ")
        guard let header, let end = header.utf8.firstIndex(of: space), header[..<end].matchesWord("bearer") else {
            return nil
        }
        let key = Substring(header.utf8[end...].drop { $0 == space })
        return key.isEmpty ? nil : String(key)
    }
}
