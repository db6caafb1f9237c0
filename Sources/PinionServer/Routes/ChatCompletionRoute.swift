import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OpenAIAPI

/// `POST /v1/chat/completions`.
struct ChatCompletionRoute: Sendable {
    let models: ModelRegistry
    let readiness: Readiness
    let metrics: ServerMetrics
    /// Fires when requests in flight have had their time.
    let stopped: OneShotSignal
    let configuration: ServerConfiguration
    let bodies: BodyBudget

    func add(to group: RouterGroup<ServerRequestContext>) {
        group.post("/v1/chat/completions") { request, context in
            try await reply(to: request, context)
        }
    }

    private func reply(to request: Request, _ context: ServerRequestContext) async throws -> Response {
        guard let tenant = context.tenant else { throw APIError.missingKey }
        // The body is whole and valid before the generator hears of it, so that a slow sender holds no place there.
        let (completion, room) = try await decode(request, tenant)
        let generator = try models.generator(for: completion.model)
        context.record.model = generator.model.id
        switch readiness.state {
        case .ready: break
        case .loading: throw APIError.loading
        case .stopping: throw APIError.stopping
        }
        let meter = CompletionMeter(metrics.model(generator.model.id), record: context.record)
        let run = CompletionRun(
            completion, by: generator, for: tenant, meter: meter, closed: ClientConnection.closed,
            stopped: stopped)
        let created = Int(Date().timeIntervalSince1970)
        if completion.stream {
            let stream = CompletionStream(completion, by: generator.model, created: created)
            return try await self.stream(run, stream, room, context)
        }
        defer { run.cancel() }
        var assembly = CompletionAssembly(completion)
        while case .events(let events) = try await run.next() {
            room.release()
            for event in events { try assembly.add(event) }
        }
        return Response(json: try assembly.completion(by: generator.model, created: created).body)
    }

    /// - Returns: The request, and the room of its body, which is held until the prompt is made: what is decoded takes more
    ///   memory than the body, and waits its turn with others.
    private func decode(
        _ request: Request, _ tenant: Tenant
    ) async throws -> (completion: ChatCompletionRequest, room: BodyRoom) {
        try checkContentType(request.headers[.contentType])
        let (body, room) = try await bodies.collect(request, upTo: configuration.limits.bodySize, for: tenant)
        let completion = try ChatCompletionRequest.decode(
            body, options: .init(allowsUnknownFields: configuration.allowsUnknownFields))
        return (completion, room)
    }

    /// Takes JSON, whatever its parameters; where a key was asked for, also a body that does not say what it is.
    ///
    /// Without a key the type has to be said: a browser lets any page post a body that says nothing, and asks the server
    /// first before it posts JSON.
    private func checkContentType(_ header: String?) throws(APIError) {
        guard let header, !header.isEmpty else {
            guard configuration.requiresAuthentication else { throw .missingContentType }
            return
        }
        let type = Substring(header.utf8.prefix { $0 != UInt8(ascii: ";") }.trimmingBlanks())
        let suffix = "+json"
        guard type.matchesWord(ReplyHeaders.json) || Substring(type.utf8.suffix(suffix.utf8.count)).matchesWord(suffix)
        else { throw .unsupportedContentType(header) }
    }
}

// MARK: - Streaming

extension ChatCompletionRoute {
    /// Answers once the first event is there: until then an error still has a status of its own.
    private func stream(
        _ run: CompletionRun, _ stream: CompletionStream, _ room: BodyRoom, _ context: ServerRequestContext
    ) async throws -> Response {
        let first = try await run.next()
        room.release()
        let headers: HTTPFields = [
            .contentType: ServerSentEvents.contentType, .cacheControl: "no-cache", .accelBuffering: "no",
        ]
        let body = ResponseBody { writer in
            let silence = run.announceSilence(every: configuration.limits.pingInterval)
            defer {
                silence.cancel()
                run.cancel()
            }
            try await write(run, from: first, stream, context, to: &writer)
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    private func write(
        _ run: CompletionRun, from first: EventMailbox.Delivery, _ stream: CompletionStream,
        _ context: ServerRequestContext, to writer: inout any ResponseBodyWriter
    ) async throws {
        var stream = stream
        var delivery = first
        var buffer = ByteBuffer()
        stream.writeOpening(to: &buffer)
        while true {
            do {
                try stream.write(delivery, to: &buffer)
            } catch {
                return try await fail(error, after: &buffer, context, to: &writer)
            }
            if buffer.readableBytes > 0 { try await writer.write(buffer) }
            if delivery == .end { return }
            buffer = ByteBuffer()
            do {
                delivery = try await run.next()
            } catch {
                return try await fail(error, after: &buffer, context, to: &writer)
            }
        }
    }

    /// Ends a stream with an error event; for a client that is gone, with the error itself, which closes the connection.
    private func fail(
        _ error: any Error, after buffer: inout ByteBuffer, _ context: ServerRequestContext,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        let wireError = context.wireError(for: error, bodySize: configuration.limits.bodySize)
        if wireError == .clientClosed { throw error }
        buffer.writeBytes(ServerSentEvents.error(wireError))
        try await writer.write(buffer)
    }
}
