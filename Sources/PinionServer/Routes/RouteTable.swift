import HTTPTypes
import OpenAIAPI

/// Which methods a path knows, for the error that names them.
///
/// Unknown paths and methods are refused before any key is asked for: the paths are public, so that nothing leaks.
enum RouteTable {
    /// The error for a request that no route takes.
    static func error(method: HTTPRequest.Method, path: String) -> APIError {
        let method = method.rawValue
        guard let allowed = methods(at: path) else { return .unknownRoute(method: method, path: path) }
        return .methodNotSupported(method: method, path: path, allow: allowed)
    }

    private static func methods(at path: String) -> [String]? {
        let parts = path.split(separator: "/")
        switch parts.first {
        case "health" where parts.count == 1, "metrics" where parts.count == 1: return ["GET", "HEAD"]
        case "v1" where parts.count >= 2 && parts[1] == "models": return ["GET", "HEAD"]
        case "v1" where parts.count == 3 && parts[1] == "chat" && parts[2] == "completions": return ["POST"]
        default: return nil
        }
    }
}
