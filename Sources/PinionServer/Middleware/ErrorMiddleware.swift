import HTTPTypes
import Hummingbird
import Logging
import PinionWire
import TextGeneration

/// Turns whatever is thrown, by us or by Hummingbird, into the error object of the API.
struct ErrorMiddleware: RouterMiddleware {
    let routes: RouteTable
    let bodySize: Int

    func handle(
        _ request: Request, context: ServerRequestContext,
        next: (Request, ServerRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let told = wireError(for: error, to: request, context)
            context.record.failure = told
            var response = Response(told, routes.conventions(for: request), requestID: context.record.id)
            // The rest of a body that nobody will read is not worth waiting for.
            if !request.hasBody(ofAtMost: bodySize) || response.status.code == 408 {
                response.headers[.connection] = "close"
            }
            return request.method == .head ? response.createHeadResponse() : response
        }
    }

    private func wireError(for error: any Error, to request: Request, _ context: ServerRequestContext) -> APIError {
        // The router does not tell an unknown path from an unknown method.
        if context.route == nil, (error as? HTTPError)?.status == .notFound {
            return routes.error(method: request.method, path: request.uri.path)
        }
        return context.wireError(for: error, bodySize: bodySize)
    }
}

extension ServerRequestContext {
    /// What the client is told of an error; logs what it is not told.
    func wireError(for error: any Error, bodySize: Int) -> APIError {
        if let known = APIError(describing: error, bodySize: bodySize) { return known }
        logger.error(
            "request failed",
            metadata: [
                "error": .string(String("\(error)".prefix(Self.maximumLoggedError))),
                "tenant": .string(record.tenant?.id ?? "-"),
            ])
        return .internalError
    }

    /// Longest description of an error in the log, in characters.
    private static let maximumLoggedError = 1_000
}

extension Request {
    /// Whether the body, by what the head says, ends within a number of bytes.
    func hasBody(ofAtMost size: Int) -> Bool {
        if headers[.transferEncoding] != nil { return false }
        guard let length = headers[.contentLength] else { return true }
        return Int(length).map { $0 <= size } ?? false
    }
}
