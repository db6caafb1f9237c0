import PinionJSON
import TextGeneration

/// Writes the response object and the items in it.
struct ResponseWriter: Sendable {
    enum Status: String, Sendable {
        case inProgress = "in_progress"
        case completed, incomplete, failed
    }

    let id: String
    /// Seconds since 1970.
    private let created: Int
    /// What every object of this response repeats, from `model` on.
    private let fixed: [UInt8]
    private let namespaces: [ProtocolWord: NamespacedName]
    private let summarizesReasoning: Bool

    init(_ request: ResponsesRequest, by model: ServedModel, created: Int) {
        id = ResponseID.random("resp")
        self.created = created
        namespaces = request.namespaces
        summarizesReasoning = request.summarizesReasoning
        var writer = JSONWriter()
        writer.echo(request.echo, model: model)
        writer.transformations(request.transformations)
        fixed = writer.bytes
    }

    /// The response object.
    ///
    /// - Parameters:
    ///   - items: nil before there are any.
    ///   - completed: Seconds since 1970.
    func response(
        _ status: Status, items: [ResponseItem] = [], usage: Usage? = nil, completed: Int? = nil,
        error: (code: String, message: String)? = nil
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: fixed.count + 1024)
        writer.raw(#"{"id":"#)
        writer.string(id)
        writer.raw(#","object":"response","created_at":"#)
        writer.integer(created)
        writer.raw(#","status":"#)
        writer.string(status.rawValue)
        writer.raw(#","completed_at":"#)
        if let completed { writer.integer(completed) } else { writer.raw("null") }
        writer.raw(#","error":"#)
        if let error {
            writer.raw(#"{"code":"#)
            writer.string(error.code)
            writer.raw(#","message":"#)
            writer.string(error.message)
            writer.raw("}")
        } else {
            writer.raw("null")
        }
        writer.raw(#","incomplete_details":"#)
        writer.raw(status == .incomplete ? #"{"reason":"max_output_tokens"}"# : "null")
        writer.raw(#","output":["#)
        writer.list(items) { $0.raw(item($1)) }
        writer.raw(#"],"usage":"#)
        if let usage { writer.responseUsage(usage) } else { writer.raw("null") }
        writer.raw(fixed)
        writer.raw("}")
        return writer.bytes
    }

    /// An item as it stands now.
    func item(_ item: ResponseItem) -> [UInt8] {
        var writer = JSONWriter(capacity: item.text.utf8.count + 256)
        writer.raw(#"{"id":"#)
        writer.string(item.id)
        writer.raw(#","type":"#)
        switch item.kind {
        case .message:
            writer.raw(#""message","status":"#)
            writer.string(item.status.rawValue)
            writer.raw(#","role":"assistant","content":["#)
            if item.status != .inProgress { writer.raw(part(item)) }
            writer.raw("]")
        case .reasoning:
            writer.raw(#""reasoning","status":"#)
            writer.string(item.status.rawValue)
            let isWhole = item.status != .inProgress
            writer.raw(#","summary":["#)
            if isWhole, summarizesReasoning { writer.raw(part(item)) }
            writer.raw(#"],"content":["#)
            if isWhole, !summarizesReasoning { writer.raw(part(item)) }
            writer.raw(#"],"encrypted_content":"#)
            writer.stringOrNull(item.encrypted)
        case .functionCall(let start):
            writer.raw(#""function_call","status":"#)
            writer.string(item.status.rawValue)
            writer.call(start, namespaces[ProtocolWord(start.name)], item.text, field: "arguments")
        case .customCall(let start):
            writer.raw(#""custom_tool_call","status":"#)
            writer.string(item.status.rawValue)
            writer.call(start, namespaces[ProtocolWord(start.name)], item.text, field: "input")
        }
        writer.raw("}")
        return writer.bytes
    }

    /// The one part of a message or of reasoning.
    func part(_ item: ResponseItem, isEmpty: Bool = false) -> [UInt8] {
        var writer = JSONWriter(capacity: isEmpty ? 96 : item.text.utf8.count + 96)
        switch item.kind {
        case .message: writer.raw(#"{"type":"output_text","text":"#)
        case .reasoning where summarizesReasoning: writer.raw(#"{"type":"summary_text","text":"#)
        case .reasoning, .functionCall, .customCall: writer.raw(#"{"type":"reasoning_text","text":"#)
        }
        writer.string(isEmpty ? "" : item.text)
        if item.kind == .message {
            writer.raw(#","annotations":[],"logprobs":["#)
            if !isEmpty { writer.reports(item.reports) }
            writer.raw("]")
        }
        writer.raw("}")
        return writer.bytes
    }

    /// The tool's own name, without its namespace.
    func name(of start: ToolCallDelta.Start) -> String { namespaces[ProtocolWord(start.name)]?.name ?? start.name }
}

extension JSONWriter {
    /// What a response repeats of its request; each member begins with its comma.
    fileprivate mutating func echo(_ echo: ResponseEcho, model: ServedModel) {
        func member(_ name: StaticString, _ value: JSONValue) {
            raw(name)
            self.value(value)
        }
        func text(_ name: StaticString, _ value: String?) {
            raw(name)
            stringOrNull(value)
        }
        text(#","model":"#, model.id)
        member(#","instructions":"#, echo.instructions)
        member(#","max_output_tokens":"#, echo.maximumOutputTokens.map { .integer(Int64($0)) } ?? .null)
        member(#","max_tool_calls":"#, echo.maximumToolCalls)
        member(#","metadata":"#, echo.metadata)
        member(#","parallel_tool_calls":"#, .bool(echo.parallelToolCalls))
        text(#","prompt_cache_key":"#, echo.promptCacheKey)
        member(#","reasoning":"#, echo.reasoningObject)
        text(#","safety_identifier":"#, echo.safetyIdentifier)
        member(#","temperature":"#, echo.temperature.map { .decimal($0) } ?? .null)
        member(#","top_p":"#, echo.topP.map { .decimal($0) } ?? .null)
        member(#","presence_penalty":"#, .decimal(echo.presencePenalty))
        member(#","frequency_penalty":"#, .decimal(echo.frequencyPenalty))
        member(#","text":"#, echo.textObject)
        member(#","tool_choice":"#, echo.toolChoice)
        member(#","tools":"#, .array(echo.tools))
        member(#","top_logprobs":"#, .integer(Int64(echo.topLogprobs)))
        text(#","user":"#, echo.user)
        raw(#","background":false,"previous_response_id":null,"service_tier":"default""#)
        raw(#","store":false,"truncation":"disabled""#)
        text(#","system_fingerprint":"#, model.fingerprint)
    }

    fileprivate mutating func transformations(_ transformations: [InputTransformation]) {
        guard !transformations.isEmpty else { return }
        raw(#","input_transformations":["#)
        list(transformations) { writer, transformation in
            writer.raw(#"{"id":"#)
            // Clients' types have no null here, and no item without an id.
            writer.string(transformation.id ?? "")
            writer.raw(#","type":"reasoning","action":"removed","reason":"#)
            writer.string(transformation.reason.rawValue)
            writer.raw("}")
        }
        raw("]")
    }

    fileprivate mutating func call(
        _ start: ToolCallDelta.Start, _ namespaced: NamespacedName?, _ input: String, field: StaticString
    ) {
        raw(#","call_id":"#)
        string(start.id)
        raw(#","name":"#)
        string(namespaced?.name ?? start.name)
        if let namespaced {
            raw(#","namespace":"#)
            string(namespaced.namespace)
        }
        raw(#",""#)
        raw(field)
        raw(#"":"#)
        string(input)
    }

    fileprivate mutating func responseUsage(_ usage: Usage) {
        raw(#"{"input_tokens":"#)
        integer(usage.promptTokens)
        raw(#","input_tokens_details":{"cached_tokens":"#)
        integer(usage.cachedTokens ?? 0)
        // Writing into the cache costs nothing here and is not counted.
        raw(#","cache_write_tokens":0},"output_tokens":"#)
        integer(usage.completionTokens)
        raw(#","output_tokens_details":{"reasoning_tokens":"#)
        integer(usage.reasoningTokens)
        raw(#"},"total_tokens":"#)
        integer(usage.totalTokens)
        raw("}")
    }
}

extension ResponseEcho {
    /// `reasoning` with the members that clients expect, null where the request says nothing of them.
    fileprivate var reasoningObject: JSONValue {
        completed(reasoning, with: [.init(name: "effort", value: .null), .init(name: "summary", value: .null)])
    }

    /// `text`, which has a format always.
    fileprivate var textObject: JSONValue {
        let plain = JSONObject([.init(name: "type", value: "text")])
        return completed(
            text, with: [.init(name: "format", value: .object(plain)), .init(name: "verbosity", value: "medium")])
    }

    private func completed(_ value: JSONValue, with members: [JSONObject.Member]) -> JSONValue {
        let object = if case .object(let object) = value { object } else { JSONObject() }
        return .object(object.completed(with: members))
    }
}

extension JSONObject {
    /// The object, completed with the given members where it has no member of their name.
    func completed(with members: [Member]) -> JSONObject {
        var object = self
        object.members += members.filter { self[$0.name] == nil }
        return object
    }
}
