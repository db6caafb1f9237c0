import Hummingbird
import NIOCore
package import PinionWire
import Synchronization
package import TextGeneration

/// Bounds the bytes of request bodies that the whole server holds at one time.
///
/// A limit for each body alone is none: hundreds of connections, each with almost a whole body, would take gigabytes
/// beyond the memory that the server was given. One tenant may hold half of the budget, so that no key can keep the
/// others out by promising bodies that never come; where no keys are asked for, everybody is one tenant and has all of it.
package final class BodyBudget: Sendable {
    /// Bytes first set aside for a body that does not tell its length.
    static let firstReservation = 64 * 1024
    /// A tenant's share of the budget is one in so many.
    private static let tenantsPerBudget = 2

    private struct State {
        var reserved = 0
        var byTenant: [Tenant: Int] = [:]
    }

    private let limit: Int
    private let state = Mutex(State())

    package init(limit: Int) {
        self.limit = limit
    }

    /// Sets bytes aside for a tenant's body.
    ///
    /// - Throws: `APIError` when there is no room among the others, or the tenant has had its share.
    package func reserve(_ bytes: Int, for tenant: Tenant) throws(APIError) {
        let share = tenant == .anonymous ? limit : limit / Self.tenantsPerBudget
        let fits = state.withLock { state in
            let held = state.byTenant[tenant] ?? 0
            guard bytes <= limit - state.reserved, bytes <= share - held else { return false }
            state.reserved += bytes
            state.byTenant[tenant] = held + bytes
            return true
        }
        guard fits else { throw .noRoomForBody }
    }

    /// Gives back what was set aside.
    package func release(_ bytes: Int, for tenant: Tenant) {
        state.withLock { state in
            state.reserved -= bytes
            let held = (state.byTenant[tenant] ?? 0) - bytes
            state.byTenant[tenant] = held > 0 ? held : nil
        }
    }

    /// Collects a request's body. A body that tells its length is counted, or refused, before any of it is read.
    ///
    /// - Returns: The body, and its room in the budget, to be kept for as long as anything made of the body waits.
    /// - Throws: `APIError` for a body over `size`, or with no room among the others.
    func collect(_ request: Request, upTo size: Int, for tenant: Tenant) async throws -> (body: [UInt8], room: BodyRoom)
    {
        let told = try request.headers[.contentLength].map { text throws(APIError) in
            guard let length = Int(text), (0...size).contains(length) else { throw APIError.bodyTooLarge(limit: size) }
            return length
        }
        let room = BodyRoom(in: self, for: tenant)
        try room.grow(to: told ?? 0)
        var body: [UInt8] = []
        // The system gives pages only for what is written, so that a body that never comes takes no memory.
        body.reserveCapacity(room.bytes)
        for try await part in request.body {
            let length = body.count + part.readableBytes
            guard length <= size else { throw APIError.bodyTooLarge(limit: size) }
            if length > room.bytes {
                // As the array's storage grows: by doubling.
                try room.grow(to: min(max(length, 2 * room.bytes, Self.firstReservation), size))
                body.reserveCapacity(room.bytes)
            }
            body.append(contentsOf: part.readableBytesView)
        }
        return (body, room)
    }
}

/// The room of one body in the budget; given back once, at the latest when the last reference goes.
final class BodyRoom: Sendable {
    private let budget: BodyBudget
    private let tenant: Tenant
    private let held = Mutex(0)

    var bytes: Int { held.withLock { $0 } }

    init(in budget: BodyBudget, for tenant: Tenant) {
        self.budget = budget
        self.tenant = tenant
    }

    deinit {
        release()
    }

    func grow(to bytes: Int) throws(APIError) {
        let more = bytes - self.bytes
        guard more > 0 else { return }
        try budget.reserve(more, for: tenant)
        held.withLock { $0 += more }
    }

    func release() {
        let bytes = held.withLock { held in
            defer { held = 0 }
            return held
        }
        if bytes > 0 { budget.release(bytes, for: tenant) }
    }
}
