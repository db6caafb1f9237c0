import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// Tells a request whether its client is still there.
enum ClientConnection {
    /// Fires when the client is gone; nil where there is no connection, as in a test of the routes alone.
    ///
    /// Task-local because Hummingbird has no place for values of a connection: everything done for a connection runs
    /// in one task. A lookup by channel was rejected: it could not tell a closed connection from an unknown one.
    @TaskLocal static var closed: OneShotSignal?
}

/// Hummingbird's HTTP/1.1 channel with a ``ConnectionGuard`` in its pipeline.
struct GuardedHTTPChannel: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let http: HTTP1Channel.Value
        let closed: OneShotSignal
        let attendance: Attendance

        var channel: any Channel { http.channel }
    }

    /// What the system keeps of a reply that the client has not taken yet, in bytes; by itself it may be megabytes. Linux
    /// reserves twice as much.
    private static let sendBuffer = 128 * 1024

    private let base: HTTP1Channel

    init(
        limits: ServerConfiguration.Limits, census: ConnectionCensus, responder: @escaping HTTPChannelHandler.Responder
    ) {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: limits.headerSize, maxHeaderListSize: limits.headerSize,
            maxHeaderFieldCount: limits.headerCount)
        base = HTTP1Channel(
            responder: responder,
            configuration: .init(
                additionalChannelHandlers: [ConnectionGuard(limits: limits, census: census)],
                httpDecoderConfiguration: decoder))
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        base.setup(channel: channel, logger: logger).flatMapThrowing { http in
            try channel.syncOptions?.setOption(.socketOption(.so_sndbuf), value: Self.sendBuffer)
            let guarding = try channel.pipeline.syncOperations.handler(type: ConnectionGuard.self)
            return Value(http: http, closed: guarding.closed, attendance: Attendance(http))
        }
    }

    func handle(value: Value, logger: Logger) async {
        value.attendance.begin()
        await ClientConnection.$closed.withValue(value.closed) {
            await base.handle(value: value.http, logger: logger)
        }
    }
}

/// Closes a connection that was accepted but never handled.
///
/// A server that stops drops the connections it has just accepted, and a `NIOAsyncChannel` that is dropped unused traps.
final class Attendance: Sendable {
    private let http: HTTP1Channel.Value
    private let hasBegun = Atomic<Bool>(false)

    init(_ http: HTTP1Channel.Value) {
        self.http = http
    }

    func begin() {
        hasBegun.store(true, ordering: .relaxed)
    }

    deinit {
        guard !hasBegun.load(ordering: .relaxed) else { return }
        Task { [http] in try? await http.executeThenClose { _, _ in } }
    }
}
