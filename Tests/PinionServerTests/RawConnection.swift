import NIOCore
import NIOPosix
import PinionServer

/// A server on a socket, with what a test may do to it.
struct LiveServer: Sendable {
    let port: Int
    let readiness: Readiness
    private let stopRequests: AsyncStream<Void>.Continuation

    /// Asks the server to stop, as a signal would.
    func stop() {
        stopRequests.yield()
    }

    /// Runs a server while a test uses it, and stops it at once afterwards.
    static func run<Value: Sendable>(
        _ fixture: ServerFixture, _ test: @escaping @Sendable (LiveServer) async throws -> Value
    ) async throws -> Value {
        let (ports, portFound) = AsyncStream.makeStream(of: Int.self)
        let (requests, stop) = AsyncStream.makeStream(of: Void.self)
        let application = try fixture.application { portFound.yield($0) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await application.run(stopRequests: requests)
                portFound.finish()
            }
            var iterator = ports.makeAsyncIterator()
            guard let port = await iterator.next() else {
                try await group.waitForAll()
                throw ChannelError.operationUnsupported
            }
            let server = LiveServer(port: port, readiness: fixture.readiness, stopRequests: stop)
            let result: Result<Value, any Error>
            do {
                result = .success(try await test(server))
            } catch {
                result = .failure(error)
            }
            stop.yield()
            stop.yield()
            stop.finish()
            try await group.waitForAll()
            return try result.get()
        }
    }
}

/// A connection that sends and receives bytes as they are.
struct RawConnection {
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    let channel: any Channel
    private(set) var received = ""

    /// Opens a connection for the time of a closure and closes it at its end.
    ///
    /// - Parameter receiveBuffer: size of the socket's buffer, small for a client that does not read.
    static func open<Value>(
        port: Int, receiveBuffer: Int? = nil, _ body: (inout RawConnection) async throws -> Value
    ) async throws -> Value {
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBuffer))
        }
        let channel = try await bootstrap.connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            var connection = RawConnection(
                inbound: inbound.makeAsyncIterator(), outbound: outbound, channel: channel.channel)
            return try await body(&connection)
        }
    }

    func send(_ text: String) async throws {
        try await outbound.write(ByteBuffer(string: text))
    }

    /// Sends a POST of a completion with the good key.
    func sendChat(_ body: String) async throws {
        try await send(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(FixedKeys.good)\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Receives until a text is there; false when the server closes first.
    ///
    /// - Parameter pause: Runs before each reading.
    mutating func receives(_ text: String, pause: () async throws -> Void = {}) async throws -> Bool {
        guard !received.contains(text) else { return true }
        while true {
            try await pause()
            guard let bytes = try await inbound.next() else { return false }
            // What was searched before holds at most the text's beginning; searched again each time, a long reply would
            // take quadratic time, and the client would be slower than it means to be.
            let searched = received.utf8.suffix(text.utf8.count).count
            received += String(buffer: bytes)
            let unsearched = received.utf8.suffix(bytes.readableBytes + searched)
            if String(decoding: unsearched, as: UTF8.self).contains(text) { return true }
        }
    }

    /// Receives until a byte is the last one; false when the server closes first. For hostile text, which is slow to search.
    mutating func receives(lastByte: UInt8) async throws -> Bool {
        while received.utf8.last != lastByte {
            guard let bytes = try await inbound.next() else { return false }
            received += String(buffer: bytes)
        }
        return true
    }

    /// Receives until the server closes its side or breaks the connection.
    mutating func receiveAll() async throws -> String {
        while let bytes = try? await inbound.next() { received += String(buffer: bytes) }
        return received
    }

    mutating func forget() {
        received = ""
    }
}
