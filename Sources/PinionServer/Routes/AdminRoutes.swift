import Foundation
import Hummingbird
import PinionWire

/// What an operator reads over HTTP with the admin key; every answer is JSON.
package protocol Administration: Sendable {
    /// Whether it is the admin key; compared in constant time.
    func accepts(_ key: String) -> Bool
    /// Sums of the ledger.
    ///
    /// - Parameter query: The query's fields and their values, in their order; fields are those of `pinion usage`.
    /// - Throws: `APIError` that names a field which is not known or not understood.
    func usage(_ query: [(name: String, value: String)]) async throws -> [UInt8]
    func keys() async throws -> [UInt8]
    func owners() async throws -> [UInt8]
}

/// `GET /admin/usage`, `/admin/keys` and `/admin/owners`. They exist only on a server that was given an admin key, also on
/// a loopback address; the keys of clients open none of them.
struct AdminRoutes: Sendable {
    let administration: any Administration

    var routes: [Route] {
        [
            route("/admin/usage") { try await $0.usage(Self.fields(of: $1)) },
            route("/admin/keys") { administration, _ in try await administration.keys() },
            route("/admin/owners") { administration, _ in try await administration.owners() },
        ]
    }

    private func route(
        _ path: String, reply: @escaping @Sendable (any Administration, Request) async throws -> [UInt8]
    ) -> Route {
        // Open to the authentication of clients, whose keys it would look for.
        Route(path: path, isOpen: true) { [administration] request, _ in
            guard let key = OpenAIConventions.bearerKey(in: request.headers) else { throw APIError.missingKey }
            guard administration.accepts(key) else { throw APIError.invalidKey }
            return Response(json: try await reply(administration, request))
        }
    }

    private static func fields(of request: Request) -> [(name: String, value: String)] {
        request.uri.queryParameters.map { (String($0.key), String($0.value)) }
    }
}
