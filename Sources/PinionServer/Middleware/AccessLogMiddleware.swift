import HTTPTypes
import Hummingbird
import Logging
import TextGeneration

/// Names every reply, tells of every request in one line, and counts it; a stream once it has ended.
struct AccessLogMiddleware: RouterMiddleware {
    /// What stands for every path that is no route: the paths of requests are without number.
    private static let otherRoute = "other"

    let metrics: ServerMetrics
    /// Takes the lines for people; nil sends structured ones to the log.
    let accessLine: (@Sendable (String) -> Void)?

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
        let (record, logger) = (context.record, context.logger)
        let (method, route, path) = (request.method.rawValue, context.route, request.uri.path)
        let elapsed = record.start.duration(to: .now)
        metrics.answered(
            route: route ?? Self.otherRoute, status: status, model: record.model, in: elapsed)
        // What a generation took is known a step after its client left.
        record.whenSettled { [accessLine] completion in
            let entry = AccessEntry(
                method: method, route: route, path: path, status: status, elapsed: elapsed, tenant: record.tenant?.id,
                model: record.model, completion: completion)
            if let accessLine {
                accessLine(entry.line)
            } else {
                logger.info("request", metadata: entry.metadata)
            }
        }
    }
}
