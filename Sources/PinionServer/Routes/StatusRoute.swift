import Hummingbird
import PinionWire

/// `GET /admin/status`: what the status page shows, for the admin key.
struct StatusRoute: Sendable {
    let administration: any Administration
    let metrics: ServerMetrics
    let models: ModelRegistry
    let readiness: Readiness

    var route: Route {
        // Open to the authentication of clients, whose keys it would look for.
        Route(path: "/admin/status", isOpen: true) { request, _ in
            try administration.check(request)
            let report = metrics.activity.report()
            let told = try await administration.status(namesOf: report.slow.map(\.key))
            let body = StatusBody(
                report: report, told: told, models: models.listed, readiness: readiness.state,
                residentBytes: metrics.residentMemory())
            var response = Response(json: body.bytes)
            response.headers[.cacheControl] = "no-store"
            return response
        }
    }
}
