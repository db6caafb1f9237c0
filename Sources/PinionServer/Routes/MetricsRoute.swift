import Hummingbird
import PinionMetrics

/// `GET /metrics`, for Prometheus.
struct MetricsRoute: Sendable {
    let registry: PrometheusRegistry

    func add(to group: RouterGroup<ServerRequestContext>) {
        group.get("/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: PrometheusRegistry.contentType],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: registry.exposition())))
        }
    }
}
