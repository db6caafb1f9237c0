import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import PinionWire
import TextGeneration

/// Answers the requests of a dialect's route: body, admission, generation, and a whole or a streamed reply.
struct CompletionHandler<Dialect: CompletionDialect>: Sendable {
    let dialect: Dialect
    let models: ModelRegistry
    let readiness: Readiness
    let metrics: ServerMetrics
    let admission: any Admission
    /// Fires when requests in flight have had their time.
    let stopped: OneShotSignal
    let configuration: ServerConfiguration
    let bodies: BodyBudget
    let seal: any ReasoningSeal

    var route: Route {
        Route(methods: [.post], path: dialect.path, conventions: dialect.conventions) { request, context in
            try await reply(to: request, context)
        }
    }

    private func reply(to request: Request, _ context: ServerRequestContext) async throws -> Response {
        guard let tenant = context.tenant else { throw APIError.missingKey }
        // The body is whole and valid before the generator hears of it, so that a slow sender holds no place there.
        try configuration.checkContentType(request.headers[.contentType])
        let (body, room) = try await bodies.collect(request, upTo: configuration.limits.bodySize, for: tenant)
        let seal = seal.scoped(to: tenant)
        var call = try dialect.decode(body, options: configuration.decodingOptions, seal: seal)
        let generator = try models.generator(for: call.model)
        context.record.model = generator.model.id
        call.bind(to: generator.model)
        switch readiness.state {
        case .ready: break
        case .loading: throw APIError.loading
        case .stopping: throw APIError.stopping
        }
        if generator.takesOriginalBody {
            call.generation.original = OriginalBody(route: dialect.path, bytes: body)
        }
        let created = Int(Date().timeIntervalSince1970)
        let ticket: AdmissionTicket
        do {
            ticket = try await admission.admit(
                AdmissionRequest(
                    generation: call.generation, model: generator.model, tenant: tenant, route: dialect.path,
                    id: context.record.id, retryCount: request.retryCount))
        } catch let error as GenerationError {
            let refusal = call.errors(error) ?? .internalError
            guard call.isStreamed, call.tellsInStream(refusal) else { throw refusal }
            return failed(
                call.streamedReply(by: generator.model, created: created, seal: seal), with: refusal, call.warnings,
                context)
        }
        let meter = CompletionMeter(metrics.model(generator.model.id), record: context.record)
        metrics.activity.began(context.record.id) { [record = context.record, route = dialect.path] in
            SlowRequests.Entry(running: record, route: route)
        }
        let run = CompletionRun(
            call.generation, by: generator, for: tenant, closed: ClientConnection.closed, stopped: stopped,
            allowance: ticket.account
        ) { [conventions = dialect.conventions] outcome in
            meter.settle(outcome)
            ticket.settle(outcome, as: conventions)
        }
        // The room is held until the prompt is made: what is decoded takes more memory than the body, and waits its turn.
        let reader = CompletionReader(
            describe: call.errors, run: run, meter: meter, ticket: ticket, room: room, warnings: call.warnings)
        if call.isStreamed {
            let reply = call.streamedReply(by: generator.model, created: created, seal: seal)
            return try await stream(reader, reply, tellsInStream: call.tellsInStream, context)
        }
        defer { run.cancel() }
        return try await whole(reader, call.wholeReply(by: generator.model, created: created, seal: seal))
    }

    private func whole(_ reader: CompletionReader, _ reply: Dialect.Call.Whole) async throws -> Response {
        var (reader, reply) = (reader, reply)
        var told: [GenerationWarning] = []
        while case .events(let events) = try await reader.next() {
            for event in events {
                try reply.add(event)
                if case .warned(_, let warning) = event { told.append(warning) }
            }
        }
        var response = Response(json: try reply.body())
        response.headers[.warnings] = WarningHeader.value(reader.warnings + told)
        response.headers.add(reader.ticket.account.rates)
        return response
    }
}

extension Request {
    /// How often the client says that it tried before; 0 where it says nothing of use.
    fileprivate var retryCount: Int { headers[.retryCount].flatMap { Int($0) }.map { min(max($0, 0), 1 << 16) } ?? 0 }
}

// MARK: - Streaming

extension CompletionHandler {
    /// Bytes of a stream after which others have their turn on the thread.
    private static var turnBytes: Int { 16 << 10 }

    /// Answers once the first event is there: until then an error still has a status of its own, but for those that the
    /// dialect tells in the stream.
    private func stream(
        _ reader: CompletionReader, _ reply: Dialect.Call.Stream, tellsInStream: (APIError) -> Bool,
        _ context: ServerRequestContext
    ) async throws -> Response {
        var reader = reader
        let first: GenerationQueue.Delivery
        do {
            first = try await reader.next()
        } catch let error as APIError where tellsInStream(error) {
            return failed(reply, with: error, reader.warnings, context)
        }
        reader.ticket.beginReply()
        let body = ResponseBody { [reader] writer in
            let silence = reader.run.announceSilence(every: configuration.limits.pingInterval)
            defer {
                silence.cancel()
                reader.run.cancel()
            }
            try await write(reader, from: first, reply, context, to: &writer)
            try await writer.finish(nil)
        }
        var headers = Self.headers(reader.warnings)
        headers.add(reader.ticket.account.rates)
        return Response(status: .ok, headers: headers, body: body)
    }

    private static func headers(_ warnings: [GenerationWarning]) -> HTTPFields {
        var headers: HTTPFields = [
            .contentType: ServerSentEvents.contentType, .cacheControl: "no-cache", .accelBuffering: "no",
        ]
        headers[.warnings] = WarningHeader.value(warnings)
        return headers
    }

    /// A stream that tells nothing but its beginning and why it failed.
    private func failed(
        _ reply: Dialect.Call.Stream, with error: APIError, _ warnings: [GenerationWarning],
        _ context: ServerRequestContext
    ) -> Response {
        context.record.failure = error
        var reply = reply
        let events = reply.opening() + reply.failure(error, requestID: context.record.id)
        return Response(
            status: .ok, headers: Self.headers(warnings), body: ResponseBody(byteBuffer: ByteBuffer(bytes: events)))
    }

    private func write(
        _ reader: CompletionReader, from first: GenerationQueue.Delivery, _ reply: Dialect.Call.Stream,
        _ context: ServerRequestContext, to writer: inout any ResponseBodyWriter
    ) async throws {
        var (reader, reply, delivery) = (reader, reply, first)
        var buffer = ByteBuffer(bytes: reply.opening())
        while true {
            do {
                try await Self.encode(delivery, of: &reply, into: &buffer, to: &writer)
            } catch let error as GenerationError {
                return try await end(reply, with: error, after: &buffer, context, to: &writer)
            }
            if buffer.readableBytes > 0 { try await writer.write(buffer) }
            if delivery == .end { return }
            buffer = ByteBuffer()
            do {
                delivery = try await reader.next()
            } catch {
                return try await end(reply, with: error, after: &buffer, context, to: &writer)
            }
        }
    }

    /// Ends a stream with an error event; for a client that is gone, with the error itself, which closes the connection.
    private func end(
        _ reply: Dialect.Call.Stream, with error: any Error, after buffer: inout ByteBuffer,
        _ context: ServerRequestContext, to writer: inout any ResponseBodyWriter
    ) async throws {
        var reply = reply
        let wireError = context.wireError(for: error, bodySize: configuration.limits.bodySize)
        if wireError == .clientClosed { throw error }
        context.record.failure = wireError
        buffer.writeBytes(reply.failure(wireError, requestID: context.record.id))
        try await writer.write(buffer)
    }

    /// Appends the bytes of a delivery; those of events before one out of order stand. What is more than a turn's is
    /// written here.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` for an event out of order; what the writer throws.
    private static func encode(
        _ delivery: GenerationQueue.Delivery, of reply: inout Dialect.Call.Stream, into buffer: inout ByteBuffer,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        switch delivery {
        case .events(let events):
            for event in events {
                buffer.writeBytes(try reply.encode(event))
                guard buffer.readableBytes >= turnBytes else { continue }
                // What a reader lags behind may take tens of milliseconds to encode, for which everybody else would wait.
                try await writer.write(buffer)
                buffer = ByteBuffer()
                await Task.yield()
            }
        case .silence: buffer.writeBytes(reply.ping())
        case .end: buffer.writeBytes(try reply.end())
        }
    }
}

/// Takes a generation's events in order, and keeps its account while doing so.
private struct CompletionReader: Sendable {
    /// What a client is told of a failure. Not the call itself: it holds the whole conversation, whose room in the budget
    /// is given back when the reply begins.
    let describe: @Sendable (GenerationError) -> APIError?
    let run: CompletionRun
    var meter: CompletionMeter
    let ticket: AdmissionTicket
    let room: BodyRoom
    /// The decoder's, and those that came with the acceptance, which is the first event. A stream has written its head
    /// before any other comes.
    private(set) var warnings: [GenerationWarning]

    init(
        describe: @escaping @Sendable (GenerationError) -> APIError?, run: CompletionRun, meter: CompletionMeter,
        ticket: AdmissionTicket, room: BodyRoom, warnings: [GenerationWarning]
    ) {
        self.describe = describe
        self.run = run
        self.meter = meter
        self.ticket = ticket
        self.room = room
        self.warnings = warnings
    }

    /// - Throws: `APIError` for a failure that the client is told, or what the run throws.
    mutating func next() async throws -> GenerationQueue.Delivery {
        do {
            let delivery = try await run.next()
            room.release()
            if case .events(let events) = delivery {
                if case .accepted(_, let warnings)? = events.first {
                    self.warnings += warnings + ticket.account.warnings
                }
                // A client hears what it took only when that is kept.
                if case .usage? = events.last { try await ticket.account.recorded() }
                let run = run
                meter.observe(events, run.times)
            }
            return delivery
        } catch let error as GenerationError {
            throw describe(error) ?? error as any Error
        }
    }
}
