import Hummingbird
import PinionJSON
import PinionWire
import TextGeneration

/// Gives a key for a code that can be used once.
package protocol SignIn: Sendable {
    /// - Returns: A key for a good code, which no other exchange takes then; nil for a code that is wrong, used or too old,
    ///   without telling which.
    /// - Throws: When no key could be made; the code is as good as before.
    func exchange(_ code: String) async throws -> SignInKey?
}

/// A key as the page gets it.
package struct SignInKey: Sendable {
    /// The Bearer key itself.
    package var secret: String
    /// Seconds since 1970 from which on the key is refused; nil for a key without an end.
    package var expires: Int?

    package init(secret: String, expires: Int?) {
        (self.secret, self.expires) = (secret, expires)
    }
}

/// `POST /v1/sign-in`: the page's way from the link of a start to a key. The Bearer token is the link's code.
///
/// The code stands in the header, where keys stand: a body or a query would be kept by more logs.
struct SignInRoute: Sendable {
    /// Bytes of a body, which says nothing.
    private static let maximumBody = 1_024
    /// Bodies of all who sign in count as one tenant's, so that without a key nobody takes the room of those with one.
    private static let visitors = Tenant(id: "sign-in")

    let signIn: any SignIn
    let bodies: BodyBudget
    let configuration: ServerConfiguration

    var route: Route {
        // Open to the authentication of clients, whose keys it would look for.
        Route(methods: [.post], path: "/v1/sign-in", isOpen: true) { request, _ in
            guard let code = OpenAIConventions.bearerKey(in: request.headers) else { throw APIError.missingKey }
            // JSON has to be said: a browser lets any page post a body that says nothing.
            guard let type = request.headers[.contentType], !type.isEmpty else {
                throw APIError.unsupportedContentType("")
            }
            try configuration.checkContentType(type)
            let (body, room) = try await bodies.collect(request, upTo: Self.maximumBody, for: Self.visitors)
            defer { room.release() }
            try FieldReader(body: body, options: configuration.decodingOptions).refuseUnknown([])
            guard let key = try await signIn.exchange(code) else { throw APIError.invalidKey }
            return Response(key)
        }
    }
}

extension Response {
    fileprivate init(_ key: SignInKey) {
        var writer = JSONWriter()
        writer.raw(#"{"key":"#)
        writer.string(key.secret)
        writer.raw(#","expires_at":"#)
        if let expires = key.expires { writer.integer(expires) } else { writer.raw("null") }
        writer.raw("}")
        self.init(json: writer.bytes)
        headers[.cacheControl] = "no-store"
    }
}
