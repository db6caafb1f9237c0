import Hummingbird
import NIOCore
import OpenAIAPI
import Synchronization

/// Bounds the bytes of request bodies that the whole server holds at one time.
///
/// A limit for each body alone is none: hundreds of connections, each with almost a whole body, would take gigabytes
/// beyond the memory that the server was given.
final class BodyBudget: Sendable {
    /// Bytes first set aside for a body that does not tell its length.
    private static let firstReservation = 64 * 1024

    private let limit: Int
    private let reserved = Mutex(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// Collects a request's body and gives it to `use`. Its bytes count until `use` is done, or the client has left.
    ///
    /// A body that tells its length is counted, or refused, before any of it is read.
    ///
    /// - Throws: `APIError` for a body over `size`, or with no room among the others.
    func withBody<Value>(of request: Request, upTo size: Int, _ use: ([UInt8]) throws -> Value) async throws -> Value {
        let told = try request.headers[.contentLength].map { text throws(APIError) in
            guard let length = Int(text), (0...size).contains(length) else { throw APIError.bodyTooLarge(limit: size) }
            return length
        }
        var room = told ?? 0
        try reserve(room)
        defer { reserved.withLock { $0 -= room } }
        var body: [UInt8] = []
        // The system gives pages only for what is written, so that a body that never comes takes no memory.
        body.reserveCapacity(room)
        for try await part in request.body {
            let length = body.count + part.readableBytes
            guard length <= size else { throw APIError.bodyTooLarge(limit: size) }
            if length > room {
                // As the array's storage grows: by doubling.
                let larger = min(max(length, 2 * room, Self.firstReservation), size)
                try reserve(larger - room)
                room = larger
                body.reserveCapacity(room)
            }
            body.append(contentsOf: part.readableBytesView)
        }
        return try use(body)
    }

    private func reserve(_ bytes: Int) throws(APIError) {
        let fits = reserved.withLock { reserved in
            guard bytes <= limit - reserved else { return false }
            reserved += bytes
            return true
        }
        guard fits else { throw .noRoomForBody }
    }
}
