import HTTPTypes
import Hummingbird
import PinionWire

/// Refuses requests for hosts that are not this server, with a 421.
struct HostCheckMiddleware: RouterMiddleware {
    let configuration: ServerConfiguration

    func handle(
        _ request: Request, context: ServerRequestContext,
        next: (Request, ServerRequestContext) async throws -> Response
    ) async throws -> Response {
        // The codec moves the first `Host` into the authority; a second one stays among the fields.
        guard configuration.accepts(authority: request.head.authority), request.headers[.repeatedHost] == nil else {
            throw APIError.wrongHost(request.head.authority ?? "")
        }
        return try await next(request, context)
    }
}
