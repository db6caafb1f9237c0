import HTTPTypes
import Hummingbird
import Logging
import Synchronization
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
        let pending = PendingLine { log(request, context, status: $0) }
        response.body = ResponseBody { writer in
            do {
                try await body.write(writer)
                pending.end(status: status)
            } catch {
                pending.end(status: PendingLine.clientLeft)
                throw error
            }
        }
        return response
    }

    /// The line of a stream, which is told once: when all of it is written, or when the stream is let go before, be it in
    /// its middle or because not even its head could be written.
    private final class PendingLine: Sendable {
        static let clientLeft = 499
        private let tell: Mutex<(@Sendable (Int) -> Void)?>

        init(_ tell: @escaping @Sendable (Int) -> Void) {
            self.tell = Mutex(tell)
        }

        deinit { end(status: Self.clientLeft) }

        func end(status: Int) {
            let tell = tell.withLock { tell in
                defer { tell = nil }
                return tell
            }
            tell?(status)
        }
    }

    /// The query is left out: it is nobody's business here and may hold what a client should have kept to itself.
    private func log(_ request: Request, _ context: ServerRequestContext, status: Int) {
        let (record, logger) = (context.record, context.logger)
        let (method, route, path) = (request.method.rawValue, context.route, request.uri.path)
        let elapsed = record.start.duration(to: .now)
        metrics.answered(
            route: route ?? Self.otherRoute, status: status, model: record.model, in: elapsed)
        // One visit asks for thirty files of a page: their lines would bury those of the requests that people make.
        if status < 400, let route, PageRoutes.isFile(route) { return }
        // What a generation took is known a step after its client left.
        record.whenSettled { [accessLine, activity = metrics.activity] completion in
            let entry = AccessEntry(
                method: method, route: route, path: path, status: status, elapsed: elapsed, tenant: record.tenant?.id,
                model: record.model, completion: completion)
            if let route, ServerActivity.counts(route) {
                activity.answered(ServerActivity.Answer(entry, route: route, record))
            }
            if let accessLine {
                accessLine(entry.line)
            } else {
                logger.info("request", metadata: entry.metadata)
            }
        }
    }
}
