package import NIOCore
import OpenAIAPI

/// What a connection does about each event, and when it has to be looked at again.
///
/// A value without a socket and without a clock: each method is told what happened and when, and returns what is to be
/// done, in order. ``ConnectionGuard`` tells it and does it.
///
///     var state = ConnectionState(ServerConfiguration.Limits())
///     state.opened(at: now)                                        // [.enter]
///     state.due(at: now + .seconds(10), unread: 0)                 // .offerPlace, then .close
package struct ConnectionState {
    private enum Deadline { case head, body, linger }

    private let limits: ServerConfiguration.Limits
    private var isCounted = false
    /// Head, body and lingering never overlap, so that one deadline serves them.
    private var deadline: (of: Deadline, at: NIODeadline)?
    private var graceEnd: NIODeadline?
    /// A whole request has taken longer than its grace.
    private var isClosable = false
    private var stall: WriteStall?
    private var isWritable = true
    /// Ends of replies that are written but not on their way yet.
    private var unflushedEnds = 0
    /// Requests whose head was read and whose reply has not ended.
    private var unanswered = 0
    private var isReadingRequest = false
    /// The reply in progress is the last one of this connection.
    private var closesAfterReply = false
    /// Bytes that came after the last request that is answered.
    private var drained = 0
    /// Nothing that is read goes on to the routes any more.
    package private(set) var isDraining = false

    package init(_ limits: ServerConfiguration.Limits) {
        self.limits = limits
    }

    /// When ``due(at:unread:)`` has something to say; nil while the connection may take as long as it likes.
    package var nextDue: NIODeadline? {
        [deadline?.at, graceEnd, stall?.nextCheck].compactMap { $0 }.min()
    }

    /// Whether more is to be read.
    ///
    /// Of what nobody wants only so much is read. The rest stays with the client, and the connection open until the
    /// end of the lingering: closed with unread input around, it would be reset, and the reply lost to many clients.
    package var reads: Bool { !isDraining || drained < limits.lingerSize }

    /// Whether the client has to take something for the connection to go on; see ``readerWatched(unread:at:)``.
    package var awaitsReader: Bool { !isWritable || unflushedEnds > 0 }
}

// MARK: - The connection

extension ConnectionState {
    package mutating func opened(at now: NIODeadline) -> [Action] {
        guard !isCounted else { return [] }
        isCounted = true
        return [.enter] + awaitHead(from: now)
    }

    package mutating func ended() -> [Action] {
        (deadline, graceEnd, stall) = (nil, nil, nil)
        guard isCounted else { return [.announceDeparture] }
        isCounted = false
        return [.leave]
    }

    /// The client closed its side, which from here looks like the end of the connection.
    package mutating func inputClosed() -> [Action] {
        isDraining && unanswered == 0 ? [.announceDeparture, .close] : [.announceDeparture]
    }

    /// The census wants the place that was offered.
    package func placeClaimed() -> [Action] {
        // The request may have become whole in the meantime.
        isClosable ? [.close] : []
    }

    package mutating func failed(_ failure: Failure) -> [Action] {
        if failure == .broken { return [.pass] }
        if isDraining {
            if case .bytesAfterFailure(let bytes) = failure { drained += bytes }
            return []
        }
        // The reader of the body learns of it and answers.
        if isReadingRequest { return [.pass] }
        closesAfterReply = true
        if unanswered > 0 {
            // What follows a whole request is not HTTP; the reply in progress is not to suffer for it.
            isDraining = true
            return []
        }
        return [.refuse(failure == .headerTooLarge ? .headerTooLarge : .notHTTP)]
    }
}

// MARK: - Requests

extension ConnectionState {
    package mutating func received(_ input: Input, at now: NIODeadline) -> [Action] {
        guard !isDraining else {
            if case .body(let bytes) = input { drained += bytes }
            return []
        }
        switch input {
        case .head(let closes, let expectsContinue):
            unanswered += 1
            isReadingRequest = true
            deadline = (.body, now + TimeAmount(limits.bodyTime))
            guard unanswered == 1 else { return [.pass] }
            closesAfterReply = closesAfterReply || closes
            return expectsContinue ? [.sendContinue, .pass] : [.pass]
        case .body:
            return [.pass]
        case .end:
            isReadingRequest = false
            deadline = nil
            return (unanswered == 0 ? awaitHead(from: now) : endGrace()) + [.pass]
        }
    }

    private mutating func awaitHead(from now: NIODeadline) -> [Action] {
        defer { graceEnd = now + TimeAmount(limits.requestGrace) }
        deadline = (.head, now + TimeAmount(limits.headerTime))
        return endGrace()
    }

    private mutating func endGrace() -> [Action] {
        graceEnd = nil
        guard isClosable else { return [] }
        isClosable = false
        return [.keepPlace]
    }
}

// MARK: - Replies

extension ConnectionState {
    package mutating func replyBegan(closes: Bool) {
        closesAfterReply = closesAfterReply || closes
    }

    /// The end of a reply is about to be written.
    ///
    /// - Returns: Whether it is the last one of the connection, to be told to ``replyLeft(isLast:isOpen:at:)``.
    package mutating func replyEnded() -> Bool {
        unanswered = max(0, unanswered - 1)
        unflushedEnds += 1
        if closesAfterReply { isDraining = true }
        return closesAfterReply
    }

    /// The end of a reply has gone to the system, and with it all that was written before.
    ///
    /// Only now begins the time for the next request, not when the end was written: a slow reader would have to take
    /// what is buffered within it.
    package mutating func replyLeft(isLast: Bool, isOpen: Bool, at now: NIODeadline) -> [Action] {
        unflushedEnds -= 1
        guard isOpen, unflushedEnds == 0 else { return [] }
        if isWritable { stall = nil }
        if isLast {
            deadline = (.linger, now + TimeAmount(limits.lingerTime))
            return [.closeOutput]
        }
        return unanswered == 0 && !isReadingRequest ? awaitHead(from: now) : []
    }

    package mutating func writabilityChanged(to isWritable: Bool) {
        self.isWritable = isWritable
        if !awaitsReader { stall = nil }
    }

    /// Begins to measure anew whether the client reads, as what was written just now is unread too.
    ///
    /// - Parameter unread: Bytes that wait for the client.
    package mutating func readerWatched(unread: Int, at now: NIODeadline) {
        stall = WriteStall(limit: TimeAmount(limits.writeStall), unread: unread, at: now)
    }
}

// MARK: - Times

extension ConnectionState {
    /// The first thing whose time has come, to be asked for until there is none.
    ///
    /// - Parameter unread: Bytes that wait for the client.
    package mutating func due(at now: NIODeadline, unread: @autoclosure () -> Int) -> Action? {
        if let (reason, time) = deadline, time <= now {
            deadline = nil
            // After an early reply nobody reads the body, and nobody would hear of it.
            return reason == .body && unanswered > 0 ? .failBody : .close
        }
        if let time = graceEnd, time <= now {
            graceEnd = nil
            isClosable = true
            return .offerPlace
        }
        if let time = stall?.nextCheck, time <= now, stall?.isSpent(unread: unread(), at: now) == true {
            stall = nil
            return .abort
        }
        return nil
    }
}
