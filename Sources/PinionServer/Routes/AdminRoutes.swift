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
    /// What the store and the ledger say for the status page.
    ///
    /// - Parameter keys: Identifiers of keys whose names are wanted beside those of the keys that were used today.
    func status(namesOf keys: [String]) async throws -> AdministrationStatus
}

extension Administration {
    /// Lets a request through that brings the admin key.
    func check(_ request: Request) throws(APIError) {
        guard let key = OpenAIConventions.bearerKey(in: request.headers) else { throw .missingKey }
        guard accepts(key) else { throw .invalidKey }
    }
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
            try administration.check(request)
            return Response(json: try await Self.whileConnected { try await reply(administration, request) })
        }
    }

    /// Does something in a task that is cancelled when the client leaves: a report that nobody reads need not be made.
    private static func whileConnected(
        _ answer: @escaping @Sendable () async throws -> [UInt8]
    ) async throws -> [UInt8] {
        let work = Task { try await answer() }
        let closed = ClientConnection.closed
        let token = closed?.onFire { work.cancel() }
        defer { if let closed, let token { closed.forget(token) } }
        return try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            work.cancel()
        }
    }

    private static func fields(of request: Request) -> [(name: String, value: String)] {
        request.uri.queryParameters.map { (String($0.key), String($0.value)) }
    }
}
