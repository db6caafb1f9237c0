import HTTPTypes
import Hummingbird
import PinionWire

/// Refuses, with a 403, what a page of another site makes a browser send to a server that asks for no keys.
///
/// Whoever sits at this machine may use such a server, but the pages that he looks at may not. Browsers say whence a
/// request comes, and pages cannot change what they say; other programs say nothing, and are let through.
struct CrossSiteMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: ServerRequestContext,
        next: (Request, ServerRequestContext) async throws -> Response
    ) async throws -> Response {
        guard Self.isOwn(request.head) else { throw APIError.foreignSite }
        return try await next(request, context)
    }

    /// Whether a request comes from no page, or from a page that this server itself would have sent.
    static func isOwn(_ head: HTTPRequest) -> Bool {
        let fields = head.headerFields
        if let site = fields[.fetchSite] {
            // `none` is what a person typed. `same-site` is refused: another port of this machine is another server.
            guard site.matchesWord("same-origin") || site.matchesWord("none") else { return false }
        } else if fields[.fetchMode] != nil || fields[.fetchDestination] != nil || fields[.fetchUser] != nil {
            return false
        }
        guard let origin = fields[.origin] else { return true }
        guard let authority = head.authority else { return false }
        // A proxy that speaks TLS for this server leaves `Host` as it is, so its pages have the other scheme.
        return origin.matchesWord("http://" + authority) || origin.matchesWord("https://" + authority)
    }
}
