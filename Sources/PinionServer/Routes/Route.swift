import HTTPTypes
import Hummingbird

/// One route: what it takes, how its clients speak, and what answers.
struct Route: Sendable {
    typealias Reply = @Sendable (Request, ServerRequestContext) async throws -> Response

    /// The first one is registered; `HEAD` beside `GET` is answered by the router.
    let methods: [HTTPRequest.Method]
    let path: String
    /// Whether everything below the path belongs to the route as well.
    let takesBelow: Bool
    /// Whether it is answered to everybody, without a key.
    let isOpen: Bool
    let conventions: any WireConventions
    let reply: Reply

    init(
        methods: [HTTPRequest.Method] = [.get, .head], path: String, takesBelow: Bool = false, isOpen: Bool = false,
        conventions: any WireConventions = OpenAIConventions(), reply: @escaping Reply
    ) {
        self.methods = methods
        self.path = path
        self.takesBelow = takesBelow
        self.isOpen = isOpen
        self.conventions = conventions
        self.reply = reply
    }
}
