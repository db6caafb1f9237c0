import HummingbirdCore
import Logging
import NIOCore

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

        var channel: any Channel { http.channel }
    }

    private let base: HTTP1Channel

    init(limits: ServerConfiguration.Limits, responder: @escaping HTTPChannelHandler.Responder) {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: limits.headerSize, maxHeaderListSize: limits.headerSize,
            maxHeaderFieldCount: limits.headerCount)
        base = HTTP1Channel(
            responder: responder,
            configuration: .init(
                additionalChannelHandlers: [ConnectionGuard(limits: limits)], httpDecoderConfiguration: decoder))
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        base.setup(channel: channel, logger: logger).flatMapThrowing { http in
            let guarding = try channel.pipeline.syncOperations.handler(type: ConnectionGuard.self)
            return Value(http: http, closed: guarding.closed)
        }
    }

    func handle(value: Value, logger: Logger) async {
        await ClientConnection.$closed.withValue(value.closed) {
            await base.handle(value: value.http, logger: logger)
        }
    }
}
