import Hummingbird
import PinionMetrics

/// `GET /metrics`, for Prometheus.
struct MetricsRoute: Sendable {
    let registry: PrometheusRegistry

    var route: Route {
        Route(path: "/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: PrometheusRegistry.contentType],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: registry.exposition())))
        }
    }
}
