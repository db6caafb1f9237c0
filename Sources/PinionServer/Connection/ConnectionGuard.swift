import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import OpenAIAPI

/// Keeps one connection within its times, answers what is not HTTP, and notices that the client left.
///
/// Stands between the HTTP codec and Hummingbird. One timer serves head and body, which are never awaited together.
/// Confined to the channel's event loop; only ``closed`` is shared.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How often within the time of a stall it is looked whether the client took something.
    private static let checksPerStall: Int64 = 10

    /// Time in which a client may still read a refusal before the connection is cut. Closing at once, with unread
    /// bytes of the request around, would reset the connection and lose the reply.
    static let lingerTime: TimeAmount = .seconds(2)

    /// Fires when the client closed its side or the connection broke.
    ///
    /// A client that only half-closes counts as gone: a disconnect looks the same until something is written.
    let closed = OneShotSignal()

    private let headerTime: TimeAmount
    private let bodyTime: TimeAmount
    private let writeStall: TimeAmount
    private let requestGrace: TimeAmount
    private let census: ConnectionCensus

    private var deadline: Scheduled<Void>?
    private var stallCheck: Scheduled<Void>?
    private var graceEnd: Scheduled<Void>?
    private var isCounted = false
    /// Ends of replies that are written but not on their way yet.
    private var unflushedEnds = 0
    /// A whole request has taken longer than its grace.
    private var isClosable = false
    /// Requests whose head was read and whose reply has not ended.
    private var unanswered = 0
    private var isReadingRequest = false
    /// The reply in progress is the last one of this connection.
    private var closesAfterReply = false
    /// Nothing more is read.
    private var dropsInput = false

    init(limits: ServerConfiguration.Limits, census: ConnectionCensus) {
        self.census = census
        headerTime = TimeAmount(limits.headerTime)
        bodyTime = TimeAmount(limits.bodyTime)
        writeStall = TimeAmount(limits.writeStall)
        requestGrace = TimeAmount(limits.requestGrace)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        if !isCounted { census.enter() }
        isCounted = true
        awaitHead(context)
    }

    private func end() {
        for timer in [deadline, stallCheck, graceEnd] { timer?.cancel() }
        (deadline, stallCheck, graceEnd) = (nil, nil, nil)
        if isCounted { census.leave(ObjectIdentifier(self)) }
        isCounted = false
        closed.fire()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            closed.fire()
            if dropsInput, unanswered == 0 { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }
}

// MARK: - Requests and replies

extension ConnectionGuard {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !dropsInput else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            unanswered += 1
            isReadingRequest = true
            if head.headerFields[.connection]?.matchesWord("close") == true, unanswered == 1 { closesAfterReply = true }
            after(bodyTime, context) { [self] context in
                // After an early reply nobody reads the body, and nobody would hear of it.
                if unanswered == 0 {
                    context.close(promise: nil)
                } else {
                    context.fireErrorCaught(APIError.bodyTimeout)
                }
            }
            if unanswered == 1, head.headerFields[.expect]?.matchesWord("100-continue") == true {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        case .body:
            break
        case .end:
            isReadingRequest = false
            deadline?.cancel()
            endGrace()
            if unanswered == 0 { awaitHead(context) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            if head.headerFields[.connection] == "close" { closesAfterReply = true }
            context.write(data, promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            unanswered = max(0, unanswered - 1)
            writeEnd(context, data, promise: promise)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is IOError || isReadingRequest {
            // Whoever reads the body learns of it and answers.
            context.fireErrorCaught(error)
        } else if dropsInput {
            return
        } else if unanswered > 0 {
            // What follows a whole request is not HTTP; the reply in progress is not to suffer for it.
            dropsInput = true
            closesAfterReply = true
        } else {
            let isTooLarge = (error as? HTTPParserError) == .headerOverflow
            refuse(context, isTooLarge ? .headerTooLarge : .notHTTP)
        }
    }

    /// Answers a request that has no head, which the routes therefore never see.
    private func refuse(_ context: ChannelHandlerContext, _ error: APIError) {
        let body = error.body
        var head = HTTPResponse(status: .init(code: error.status))
        head.headerFields[.contentType] = ReplyHeaders.json
        head.headerFields[.contentLength] = String(body.count)
        head.headerFields[.connection] = "close"
        head.headerFields[.requestID] = OpenAIAPI.RequestID.random()
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
        closesAfterReply = true
        writeEnd(context, wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Writes the end of a reply. When the client has taken all of it the time for its next request begins; after the last
    /// reply our side is closed, and soon the whole connection.
    ///
    /// Not when the end is written: a slow reader would have to take what is buffered within the time for a request.
    private func writeEnd(_ context: ChannelHandlerContext, _ end: NIOAny, promise: EventLoopPromise<Void>?) {
        let isLast = closesAfterReply
        if isLast { dropsInput = true }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.cascade(to: promise)
        unflushedEnds += 1
        written.futureResult.assumeIsolated().whenComplete { _ in self.endFlushed(context, isLast: isLast) }
        context.writeAndFlush(end, promise: written)
        guard unflushedEnds > 0 else { return }
        // What was written is unread too: the measurement begins anew.
        stallCheck?.cancel()
        checkStall(context, unread: Int.max, since: .now())
    }

    private func endFlushed(_ context: ChannelHandlerContext, isLast: Bool) {
        unflushedEnds -= 1
        guard context.channel.isActive, unflushedEnds == 0 else { return }
        if context.channel.isWritable {
            stallCheck?.cancel()
            stallCheck = nil
        }
        if isLast {
            context.close(mode: .output, promise: nil)
            after(Self.lingerTime, context) { $0.close(promise: nil) }
        } else if unanswered == 0, !isReadingRequest {
            awaitHead(context)
        }
    }
}

// MARK: - Times

extension ConnectionGuard {
    private func awaitHead(_ context: ChannelHandlerContext) {
        after(headerTime, context) { $0.close(promise: nil) }
        endGrace()
        graceEnd = context.eventLoop.assumeIsolated().scheduleTask(in: requestGrace) { [self] in
            isClosable = true
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            census.markClosable(ObjectIdentifier(self)) {
                bound.eventLoop.execute {
                    let (guarding, context) = bound.value
                    // It may have become whole on its way here.
                    if guarding.isClosable { context.close(promise: nil) }
                }
            }
        }
    }

    private func endGrace() {
        graceEnd?.cancel()
        graceEnd = nil
        isClosable = false
        census.unmark(ObjectIdentifier(self))
    }

    /// Replaces the deadline.
    private func after(
        _ time: TimeAmount, _ context: ChannelHandlerContext, _ action: @escaping (ChannelHandlerContext) -> Void
    ) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: time) { action(context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if !context.channel.isWritable {
            stallCheck?.cancel()
            checkStall(context, unread: Int.max, since: .now())
        } else if unflushedEnds == 0 {
            stallCheck?.cancel()
            stallCheck = nil
        }
        context.fireChannelWritabilityChanged()
    }

    /// Closes the connection once a whole ``writeStall`` brought no progress.
    ///
    /// While the channel is not writable, and after the end of a reply, nobody adds to what is buffered, so that it shrinks
    /// exactly when the client reads. What the client left unread is dropped, not kept for it by the system.
    ///
    /// - Parameters:
    ///   - before: What was buffered when the client took something last.
    ///   - moved: When that was.
    private func checkStall(_ context: ChannelHandlerContext, unread before: Int, since moved: NIODeadline) {
        let unread = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        let moved = unread < before ? .now() : moved
        guard .now() - moved < writeStall else {
            if let socket = context.channel as? any SocketOptionProvider {
                _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            }
            return context.close(promise: nil)
        }
        stallCheck = context.eventLoop.assumeIsolated().scheduleTask(
            in: .nanoseconds(writeStall.nanoseconds / Self.checksPerStall)
        ) {
            self.checkStall(context, unread: min(unread, before), since: moved)
        }
    }
}
