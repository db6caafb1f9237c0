package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import PinionWire

/// The HTTP server: routes and middleware over a set of models.
package struct PinionApplication: Sendable {
    let configuration: ServerConfiguration
    let readiness: Readiness
    let logger: Logger
    /// Fires when requests in flight have had their time after the server was told to stop.
    let stopped = OneShotSignal()
    private let models: ModelRegistry
    private let keys: any KeyAuthority
    private let metrics: ServerMetrics
    private let admission: any Admission
    private let administration: (any Administration)?
    private let signIn: (any SignIn)?
    private let seal: any ReasoningSeal
    private let onRunning: @Sendable (_ port: Int) async -> Void

    /// - Parameters:
    ///   - keys: asked for every request of a route that is not open, unless the configuration asks for no keys.
    ///   - readiness: shared with whoever knows whether the models can answer.
    ///   - seal: closes what models thought, for clients that keep it.
    ///   - admission: asked for every generation, and told its outcome.
    ///   - administration: answers the admin routes; nil for a server that has none.
    ///   - signIn: gives keys for one-time codes; nil for a server that asks for no keys.
    ///   - onRunning: called once the server listens, with the port it got.
    /// - Throws: ``ServerError`` for a server without keys on an address that others reach.
    package init(
        configuration: ServerConfiguration, models: ModelRegistry, keys: any KeyAuthority, readiness: Readiness,
        metrics: ServerMetrics, seal: any ReasoningSeal, admission: any Admission = OpenAdmission(),
        administration: (any Administration)? = nil, signIn: (any SignIn)? = nil, logger: Logger,
        onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws(ServerError) {
        guard configuration.requiresAuthentication || configuration.bindsLoopback else {
            throw ServerError(
                .unauthenticatedAddress,
                "a server that asks for no keys must listen on a loopback address, not on \(configuration.host)")
        }
        self.configuration = configuration
        self.models = models
        self.keys = keys
        self.readiness = readiness
        self.metrics = metrics
        self.seal = seal
        self.admission = admission
        self.administration = administration
        self.signIn = signIn
        self.logger = logger
        self.onRunning = onRunning
    }

    /// Hummingbird's application, which ``run()`` runs; for tests of the routes.
    package var application: some ApplicationProtocol {
        let census = ConnectionCensus(limit: configuration.limits.connections)
        return Application(
            router: router,
            server: HTTPServerBuilder {
                GuardedHTTPChannel(limits: configuration.limits, census: census, responder: $0)
            },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.bindHost, port: configuration.port),
                availableConnectionsDelegate: .maximum(configuration.limits.connections, logger: logger)),
            onServerRunning: { [onRunning, logger] channel in
                do {
                    try await channel.eventLoop.submit {
                        try channel.pipeline.syncOperations.addHandler(AcceptPause(), position: .first)
                    }.get()
                } catch {
                    logger.warning(
                        "accepting does not rest when descriptors are short", metadata: ["error": "\(error)"])
                }
                await onRunning(channel.localAddress?.port ?? 0)
            },
            logger: logger)
    }

    private var router: Router<ServerRequestContext> {
        let routes = routes
        let router = Router(context: ServerRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: AccessLogMiddleware(metrics: metrics, accessLine: configuration.accessLine))
        router.add(middleware: ErrorMiddleware(routes: routes, bodySize: configuration.limits.bodySize))
        router.add(middleware: HostCheckMiddleware(configuration: configuration))
        let guarded = router.group().add(
            middleware: AuthenticationMiddleware(
                routes: routes, keys: keys, isRequired: configuration.requiresAuthentication))
        // A key is proof enough: no browser adds one to what a foreign page sends.
        if !configuration.requiresAuthentication { guarded.add(middleware: CrossSiteMiddleware()) }
        routes.add(open: router, guarded: guarded)
        return router
    }

    /// Every route there is.
    private var routes: RouteTable {
        let bodies = BodyBudget(limit: configuration.limits.bodiesInFlight)
        func completions(_ dialect: some CompletionDialect) -> Route {
            CompletionHandler(
                dialect: dialect, models: models, readiness: readiness, metrics: metrics, admission: admission,
                stopped: stopped, configuration: configuration, bodies: bodies, seal: seal
            ).route
        }
        let admin =
            administration.map { administration in
                AdminRoutes(administration: administration).routes + [
                    StatusRoute(
                        administration: administration, metrics: metrics, models: models, readiness: readiness
                    ).route
                ]
            } ?? []
        let signIn = signIn.map { [SignInRoute(signIn: $0, bodies: bodies, configuration: configuration).route] } ?? []
        return RouteTable(
            [
                HealthRoute(readiness: readiness, models: models).route,
                MetricsRoute(registry: metrics.registry).route,
                ModelRoutes(models: models, admission: admission).route,
                UsageRoute(admission: admission).route,
                completions(ChatCompletionDialect(reasoningField: configuration.reasoningField)),
                completions(ResponsesDialect()),
                completions(MessagesDialect()),
                CountTokensRoute(
                    models: models, admission: admission, configuration: configuration, bodies: bodies, seal: seal
                ).route,
            ] + signIn + PageRoutes().routes + admin)
    }
}
