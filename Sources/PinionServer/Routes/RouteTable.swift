import HTTPTypes
import OpenAIAPI

/// The routes there are, for the errors that name them.
///
/// Unknown paths and methods are refused before any key is asked for: the paths are public, so that nothing leaks.
enum RouteTable {
    private struct Route {
        let methods: [String]
        let path: String
        /// Whether everything below the path belongs to the route as well.
        var takesBelow = false
    }

    private static let reading = ["GET", "HEAD"]

    private static let routes = [
        Route(methods: reading, path: "/health"),
        Route(methods: reading, path: "/metrics"),
        Route(methods: reading, path: "/v1/models", takesBelow: true),
        Route(methods: ["POST"], path: "/v1/chat/completions"),
    ]

    /// The error for a request that no route takes.
    static func error(method: HTTPRequest.Method, path: String) -> APIError {
        let method = method.rawValue
        let parts = parts(of: path)
        guard let route = routes.first(where: { matches(parts, $0) }) else {
            return .unknownRoute(
                method: method, path: path, routes: routes.map { "\($0.methods[0]) \($0.path)" })
        }
        return .methodNotSupported(method: method, path: path, allow: route.methods)
    }

    private static func matches(_ parts: [[UInt8]], _ route: Route) -> Bool {
        let own = Self.parts(of: route.path)
        return route.takesBelow ? parts.starts(with: own) : parts == own
    }

    /// The parts between slashes as bytes: characters of a client's path may be of any length.
    private static func parts(of path: String) -> [[UInt8]] {
        path.utf8.split(separator: UInt8(ascii: "/")).map { Array($0) }
    }
}
