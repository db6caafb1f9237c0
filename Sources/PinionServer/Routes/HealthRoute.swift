import Hummingbird

/// `GET /health`: open, and answered without waiting for anything.
struct HealthRoute: Sendable {
    let readiness: Readiness
    let models: ModelRegistry

    var route: Route {
        Route(path: "/health", isOpen: true) { _, _ in
            // A model that cannot answer turns readiness off, and lets it on again by itself.
            let state = readiness.state == .ready && !models.areReady ? .loading : readiness.state
            let status = state == .ready ? "ok" : state.rawValue
            return Response(
                json: Array(#"{"status":"\#(status)"}"#.utf8), status: state == .ready ? .ok : .serviceUnavailable)
        }
    }
}
