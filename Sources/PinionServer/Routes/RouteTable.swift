import HTTPTypes
import Hummingbird
import PinionWire

/// The routes there are: what the router registers, and what the errors for other paths name.
///
/// Unknown paths and methods are refused before any key is asked for: the paths are public, so that nothing leaks.
struct RouteTable: Sendable {
    let routes: [Route]

    init(_ routes: [Route]) {
        self.routes = routes
    }

    /// Registers the open routes with one group and all others with another.
    func add(
        open: some RouterMethods<ServerRequestContext>, guarded: some RouterMethods<ServerRequestContext>
    ) {
        for route in routes {
            if route.isOpen { Self.add(route, to: open) } else { Self.add(route, to: guarded) }
        }
    }

    private static func add(_ route: Route, to router: some RouterMethods<ServerRequestContext>) {
        // What a route takes below itself may hold slashes, which therefore are not separators.
        let paths = route.takesBelow ? [route.path, route.path + "/**"] : [route.path]
        for path in paths { router.on(RouterPath(path), method: route.methods[0], use: route.reply) }
    }

    /// How a request's client expects keys and errors: Anthropic's clients say which they are, whatever they ask for, and
    /// others as the route's clients do; OpenAI's way for a path that no route takes.
    func conventions(for request: Request) -> any WireConventions {
        if request.headers[.anthropicVersion] != nil { return AnthropicConventions() }
        return route(for: request.uri.path)?.conventions ?? OpenAIConventions()
    }

    /// The error for a request that no route takes.
    func error(method: HTTPRequest.Method, path: String) -> APIError {
        guard let route = route(for: path) else {
            return .unknownRoute(
                method: method.rawValue, path: path, routes: routes.map { "\($0.methods[0].rawValue) \($0.path)" })
        }
        return .methodNotSupported(method: method.rawValue, path: path, allow: route.methods.map(\.rawValue))
    }

    private func route(for path: String) -> Route? {
        let parts = Self.parts(of: path)
        return routes.first { route in
            let own = Self.parts(of: route.path)
            return route.takesBelow ? parts.starts(with: own) : parts == own
        }
    }

    /// The parts between slashes as bytes: characters of a client's path may be of any length.
    private static func parts(of path: String) -> [[UInt8]] {
        path.utf8.split(separator: UInt8(ascii: "/")).map { Array($0) }
    }
}
