import HTTPTypes
import Hummingbird
import PinionWire
import TextGeneration

/// Lets requests through that bring a good key, and tells the routes whose it is.
struct AuthenticationMiddleware: RouterMiddleware {
    let routes: RouteTable
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
        let conventions = routes.conventions(for: request)
        guard let key = conventions.key(in: request.headers) else { throw conventions.missingKey }
        guard let tenant = try await keys.authenticate(key) else { throw APIError.invalidKey }
        return tenant
    }
}
