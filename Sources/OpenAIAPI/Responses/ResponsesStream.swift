import PinionJSON
package import PinionWire
package import TextGeneration

/// Turns the events of a generation into the events of a streamed response.
///
/// Every event has its type as its name, too, and a number that counts from 0; the last but one event tells the whole
/// response again.
package struct ResponsesStream: Sendable {
    private let writer: ResponseWriter
    private var output: ResponseOutput
    private let summarizesReasoning: Bool
    private var sequence = 0

    /// - Parameters:
    ///   - created: Seconds since 1970.
    ///   - seal: Closes what the model thought.
    package init(_ request: ResponsesRequest, by model: ServedModel, created: Int, seal: any ReasoningSeal) {
        writer = ResponseWriter(request, by: model, created: created)
        output = ResponseOutput(request, by: model, seal: seal)
        summarizesReasoning = request.summarizesReasoning
    }

    /// What tells that the response has begun.
    package mutating func opening() -> [UInt8] {
        let response = writer.response(.inProgress)
        return event("response.created", response: response) + event("response.in_progress", response: response)
    }

    /// An event that changes nothing: clients give up on a stream without events, and take no comment for one.
    package mutating func ping() -> [UInt8] {
        event("response.in_progress", response: writer.response(.inProgress))
    }

    /// The bytes of one event, none for an event that the dialect does not tell.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` for an event out of order.
    package mutating func encode(_ event: GenerationEvent) throws(GenerationError) -> [UInt8] {
        var bytes: [UInt8] = []
        for change in try output.add(event) {
            switch change {
            case .added(let index, let item): bytes += added(item, at: index)
            case .text(let index, let text, let reports):
                bytes += delta(text, reports, of: output.items[index], at: index)
            case .done(let index): bytes += done(output.items[index], at: index)
            }
        }
        return bytes
    }

    /// What follows the last event.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` when events are missing.
    package mutating func end() throws(GenerationError) -> [UInt8] {
        let response = try writer.response(of: output)
        let type: StaticString = output.status == .completed ? "response.completed" : "response.incomplete"
        return event(type, response: response) + ServerSentEvents.done
    }

    /// The end of a response that failed; nothing follows it. The item that was open stands in it as far as it was told.
    package mutating func failure(_ error: APIError) -> [UInt8] {
        output.cut()
        let response = writer.response(.failed, items: output.items, error: (Self.code(of: error), error.message))
        return event("response.failed", response: response)
    }

    /// Codes by which agents know what to do next.
    private static let knownCodes: Set<ProtocolWord> = [
        "context_length_exceeded", "insufficient_quota", "rate_limit_exceeded", "server_is_overloaded",
    ]

    /// The code of a failure: agents repeat a request that failed with a code which they do not know, so that a mistake
    /// of the client's has to be `invalid_prompt`, and all else is `server_error`, as clients' types list them.
    private static func code(of error: APIError) -> String {
        if let code = error.code, knownCodes.contains(ProtocolWord(code)) { return code }
        return error.status == 400 ? "invalid_prompt" : "server_error"
    }
}

// MARK: - Events

extension ResponsesStream {
    private mutating func added(_ item: ResponseItem, at index: Int) -> [UInt8] {
        var bytes = event("response.output_item.added", item: item, at: index)
        if let place = place(of: item) {
            bytes += event(place.added) { [writer] in
                $0.place(item, index, place.index)
                $0.raw(#","part":"#)
                $0.raw(writer.part(item, isEmpty: true))
            }
        }
        return bytes
    }

    private mutating func delta(_ text: String, _ reports: [TokenReport], of item: ResponseItem, at index: Int)
        -> [UInt8]
    {
        let type: StaticString
        let place = place(of: item)
        switch item.kind {
        case .message: type = "response.output_text.delta"
        case .reasoning:
            type = summarizesReasoning ? "response.reasoning_summary_text.delta" : "response.reasoning_text.delta"
        case .functionCall: type = "response.function_call_arguments.delta"
        case .customCall: type = "response.custom_tool_call_input.delta"
        }
        return event(type, capacity: text.utf8.count) { writer in
            writer.place(item, index, place?.index)
            writer.raw(#","delta":"#)
            writer.string(text)
            guard item.kind == .message else { return }
            writer.raw(#","logprobs":["#)
            writer.reports(reports)
            writer.raw("]")
        }
    }

    private mutating func done(_ item: ResponseItem, at index: Int) -> [UInt8] {
        let place = place(of: item)
        let names: (type: StaticString, field: StaticString)
        switch item.kind {
        case .message: names = ("response.output_text.done", #","text":"#)
        case .reasoning where summarizesReasoning: names = ("response.reasoning_summary_text.done", #","text":"#)
        case .reasoning: names = ("response.reasoning_text.done", #","text":"#)
        case .functionCall: names = ("response.function_call_arguments.done", #","arguments":"#)
        case .customCall: names = ("response.custom_tool_call_input.done", #","input":"#)
        }
        var bytes = event(names.type, capacity: item.text.utf8.count) { [responseWriter = writer] writer in
            writer.place(item, index, place?.index)
            writer.raw(names.field)
            writer.string(item.text)
            switch item.kind {
            case .message:
                writer.raw(#","logprobs":["#)
                writer.reports(item.reports)
                writer.raw("]")
            case .functionCall(let start):
                writer.raw(#","name":"#)
                writer.string(responseWriter.name(of: start))
            case .reasoning, .customCall: break
            }
        }
        if let place {
            bytes += event(place.done, capacity: item.text.utf8.count) { [writer] in
                $0.place(item, index, place.index)
                $0.raw(#","part":"#)
                $0.raw(writer.part(item))
            }
        }
        return bytes + event("response.output_item.done", item: item, at: index)
    }

    /// The part that a message or reasoning has, and the events that begin and end it.
    private struct Place {
        var index: StaticString
        var added: StaticString
        var done: StaticString
    }

    private func place(of item: ResponseItem) -> Place? {
        switch item.kind {
        case .functionCall, .customCall: nil
        case .reasoning where summarizesReasoning:
            Place(
                index: "summary_index", added: "response.reasoning_summary_part.added",
                done: "response.reasoning_summary_part.done")
        case .message, .reasoning:
            Place(index: "content_index", added: "response.content_part.added", done: "response.content_part.done")
        }
    }

    private mutating func event(_ type: StaticString, response: [UInt8]) -> [UInt8] {
        event(type, capacity: response.count) {
            $0.raw(#","response":"#)
            $0.raw(response)
        }
    }

    private mutating func event(_ type: StaticString, item: ResponseItem, at index: Int) -> [UInt8] {
        event(type, capacity: item.text.utf8.count) { [writer] in
            $0.raw(#","output_index":"#)
            $0.integer(index)
            $0.raw(#","item":"#)
            $0.raw(writer.item(item))
        }
    }

    /// Room for the fixed parts of an event, so that one allocation usually holds it.
    private static let frameLength = 256

    private mutating func event(
        _ type: StaticString, capacity: Int = 0, _ members: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: Self.frameLength + capacity)
        writer.raw("event: ")
        writer.raw(type)
        writer.raw("\ndata: {\"type\":\"")
        writer.raw(type)
        writer.raw(#"","sequence_number":"#)
        writer.integer(sequence)
        sequence += 1
        members(&writer)
        writer.raw("}\n\n")
        return writer.bytes
    }
}

extension JSONWriter {
    /// Where an event belongs.
    ///
    /// - Parameter part: The name of the index of its part, which is the first; nil for an item without parts.
    fileprivate mutating func place(_ item: ResponseItem, _ index: Int, _ part: StaticString?) {
        raw(#","item_id":"#)
        string(item.id)
        raw(#","output_index":"#)
        integer(index)
        guard let part else { return }
        raw(#",""#)
        raw(part)
        raw(#"":0"#)
    }
}
