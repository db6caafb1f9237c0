import Hummingbird

/// `GET /health`: open, and answered without waiting for anything.
struct HealthRoute: Sendable {
    let readiness: Readiness

    func add(to router: Router<ServerRequestContext>) {
        router.get("/health") { _, _ in
            let state = readiness.state
            let status = state == .ready ? "ok" : state.rawValue
            return Response(
                json: Array(#"{"status":"\#(status)"}"#.utf8), status: state == .ready ? .ok : .serviceUnavailable)
        }
    }
}
