import NIOCore

/// Lets the listening socket rest after a connection could not be accepted, as when the process has no descriptor left.
///
/// The connection stays in the listen queue and the socket readable. NIO's own backoff puts off the next read, but after a
/// failed `accept` it leaves the socket registered, so that its event loop spins without reading until then.
///
/// Stands first in the pipeline of the server channel.
final class AcceptPause: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = any Channel

    /// Time after which a connection is tried again.
    static let rest: TimeAmount = .milliseconds(100)

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is IOError, let options = context.channel.syncOptions {
            // Without automatic reading the channel takes its socket out of the selector.
            try? options.setOption(.autoRead, value: false)
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: Self.rest) {
                try? bound.value.channel.syncOptions?.setOption(.autoRead, value: true)
            }
        }
        context.fireErrorCaught(error)
    }
}
