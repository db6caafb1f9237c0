import HTTPTypes
import Hummingbird
import Logging

/// Names every reply, logs every request in one line, and counts it; a stream once it has ended.
struct AccessLogMiddleware: RouterMiddleware {
    /// What stands for every path that is no route: the paths of requests are without number.
    private static let otherRoute = "other"

    let metrics: ServerMetrics

    func handle(
        _ request: Request, context: ServerRequestContext,
        next: (Request, ServerRequestContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.requestID] = context.record.id
        let status = response.status.code
        guard response.body.contentLength == nil else {
            log(request, context, status: status)
            return response
        }
        let body = response.body
        response.body = ResponseBody { writer in
            do {
                try await body.write(writer)
                log(request, context, status: status)
            } catch {
                log(request, context, status: 499)
                throw error
            }
        }
        return response
    }

    /// The query is left out: it is nobody's business here and may hold what a client should have kept to itself.
    private func log(_ request: Request, _ context: ServerRequestContext, status: Int) {
        let elapsed = context.record.start.duration(to: .now)
        metrics.answered(
            route: context.route ?? Self.otherRoute, status: status, model: context.record.model, in: elapsed)
        context.logger.info(
            "request",
            metadata: [
                "method": .string(request.method.rawValue),
                "path": .string(request.uri.path),
                "status": .stringConvertible(status),
                "duration-ms": .stringConvertible(Int(elapsed / .milliseconds(1))),
                "tenant": .string(context.record.tenant?.id ?? "-"),
            ])
    }
}
