import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import OpenAIAPI
import PinionWire

/// Keeps one connection within its times, answers what is not HTTP, and notices that the client left.
///
/// Stands between the HTTP codec and Hummingbird. ``ConnectionState`` decides; this handler tells it what happens and does
/// what it says. Confined to the channel's event loop; only ``closed`` is shared.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Fires when the client closed its side or the connection broke.
    ///
    /// A client that only half-closes counts as gone: a disconnect looks the same until something is written.
    let closed = OneShotSignal()

    private let census: ConnectionCensus
    private var state: ConnectionState
    /// The one timer; it may be early, never late.
    private var timer: (at: NIODeadline, task: Scheduled<Void>)?

    init(limits: ServerConfiguration.Limits, census: ConnectionCensus) {
        self.census = census
        state = ConnectionState(limits)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { perform(state.opened(at: .now()), context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(context)
    }

    func channelActive(context: ChannelHandlerContext) {
        perform(state.opened(at: .now()), context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(context)
        context.fireChannelInactive()
    }

    private func end(_ context: ChannelHandlerContext) {
        perform(state.ended(), context)
        timer?.task.cancel()
        timer = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { perform(state.inputClosed(), context) }
        context.fireUserInboundEventTriggered(event)
    }
}

// MARK: - What is read

extension ConnectionGuard {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        perform(state.received(.init(part), at: .now()), context) {
            context.fireChannelRead(self.wrapInboundOut(part.withoutHostileConnection))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // The routes have ended with this connection and may never ask for more.
        if state.isDraining, state.reads { context.read() }
    }

    func read(context: ChannelHandlerContext) {
        if state.reads { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        perform(state.failed(.init(error)), context) { context.fireErrorCaught(error) }
    }
}

// MARK: - What is written

extension ConnectionGuard {
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            state.replyBegan(closes: head.headerFields[.connection] == "close")
            context.write(data, promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            writeEnd(context, data, promise: promise)
        }
    }

    private func writeEnd(_ context: ChannelHandlerContext, _ end: NIOAny, promise: EventLoopPromise<Void>?) {
        let isLast = state.replyEnded()
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.cascade(to: promise)
        written.futureResult.assumeIsolated().whenComplete { _ in
            let isOpen = context.channel.isActive
            self.perform(self.state.replyLeft(isLast: isLast, isOpen: isOpen, at: .now()), context)
        }
        context.writeAndFlush(end, promise: written)
        watchReader(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        state.writabilityChanged(to: context.channel.isWritable)
        if !context.channel.isWritable { watchReader(context) }
        context.fireChannelWritabilityChanged()
    }

    private func watchReader(_ context: ChannelHandlerContext) {
        guard state.awaitsReader else { return }
        state.readerWatched(unread: Self.unread(context), at: .now())
        setTimer(context)
    }

    /// Bytes that wait for the client in this process.
    private static func unread(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    private func refuse(_ context: ChannelHandlerContext, _ error: APIError) {
        let body = error.body
        var head = HTTPResponse(status: .init(code: error.status))
        head.headerFields[.contentType] = ReplyHeaders.json
        head.headerFields[.contentLength] = String(body.count)
        head.headerFields[.connection] = "close"
        head.headerFields[.requestID] = OpenAIAPI.RequestID.random()
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
        writeEnd(context, wrapOutboundOut(.end(nil)), promise: nil)
    }
}

// MARK: - Actions and times

extension ConnectionGuard {
    /// - Parameter pass: Hands on what was read.
    private func perform(_ actions: [ConnectionState.Action], _ context: ChannelHandlerContext, pass: () -> Void = {}) {
        for action in actions {
            switch action {
            case .enter: census.enter()
            case .leave:
                census.leave(ObjectIdentifier(self))
                closed.fire()
            case .offerPlace: offerPlace(context)
            case .keepPlace: census.unmark(ObjectIdentifier(self))
            case .announceDeparture: closed.fire()
            case .pass: pass()
            case .sendContinue:
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            case .refuse(let error): refuse(context, error)
            case .failBody: context.fireErrorCaught(APIError.bodyTimeout)
            case .closeOutput:
                context.close(mode: .output, promise: nil)
                if state.reads { context.read() }
            case .close: context.close(promise: nil)
            case .abort:
                if let socket = context.channel as? any SocketOptionProvider {
                    _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                }
                context.close(promise: nil)
            }
        }
        setTimer(context)
    }

    private func offerPlace(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        census.markClosable(ObjectIdentifier(self)) {
            bound.eventLoop.execute {
                let (guarding, context) = bound.value
                guarding.perform(guarding.state.placeClaimed(), context)
            }
        }
    }

    /// Moves the timer forward if the next thing is due before it. A timer that is too early costs one look at the state,
    /// less than one made anew for each request.
    private func setTimer(_ context: ChannelHandlerContext) {
        guard let due = state.nextDue, timer.map({ due < $0.at }) ?? true else { return }
        timer?.task.cancel()
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: due) { self.look(context) }
        timer = (due, task)
    }

    private func look(_ context: ChannelHandlerContext) {
        timer = nil
        while let action = state.due(at: .now(), unread: Self.unread(context)) { perform([action], context) }
        setTimer(context)
    }
}
