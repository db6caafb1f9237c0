import PinionJSON
import PinionWire
import TextGeneration

/// Reads the blocks of a message's content. A block's unknown field passes if it is null, because SDKs add such fields to
/// blocks that they send back.
enum ContentBlocks {
    /// Before what a tool told of its failure: the contract has no other place for `is_error`, and templates show it
    /// nowhere.
    static let errorPrefix = "Error: "
    /// What a tool that failed without a word is taken to have said.
    static let bareError = "Error"

    /// Blocks that Anthropic knows and this server does not, and why.
    private static let foreign: [ProtocolWord: String] = {
        let unread = "Models read text only."
        let hosted = "The server runs no tools of its own."
        let edits = "The server does not edit conversations."
        return [
            "image": unread, "document": unread, "search_result": unread, "container_upload": unread,
            "browser_state": unread,
            "server_tool_use": hosted, "web_search_tool_result": hosted, "web_fetch_tool_result": hosted,
            "code_execution_tool_result": hosted, "bash_code_execution_tool_result": hosted,
            "text_editor_code_execution_tool_result": hosted, "tool_search_tool_result": hosted,
            "tool_reference": hosted, "mcp_tool_use": hosted, "mcp_tool_result": hosted, "mcp_tool_listing": hosted,
            "advisor_tool_result": hosted,
            "compaction": edits, "tool_addition": edits, "tool_removal": edits, "fallback": edits,
        ]
    }()

    /// The error for a block of a type that messages of the role do not hold.
    static func refusal(of type: String, at path: String, in role: Turn.Role) -> APIError {
        if let reason = foreign[ProtocolWord(type)] { return .unsupportedValue(path, got: "'\(type)'", reason) }
        let supported =
            switch role {
            case .user: ["text", "tool_result"]
            case .assistant: ["text", "thinking", "redacted_thinking", "tool_use"]
            case .system: ["text"]
            }
        return .invalidValue(path, got: type, supported: supported)
    }

    /// Reads `{type: "text", text}`.
    static func text(_ block: FieldReader) throws(APIError) -> String {
        try ForeignField.refuseUnknown(
            besides: ["type", "text"], and: ForeignField.textTable, in: block, ignoresNull: true)
        return try block.requiredString("text")
    }

    /// Reads `{type: "tool_use", id, name, input}`. The name is taken as it is, as in a chat completion: a model may
    /// have called what no tool is called, and its client could not go on after such a reply.
    static func call(_ block: FieldReader) throws(APIError) -> ToolCall {
        try ForeignField.refuseUnknown(
            besides: ["type", "id", "name", "input"], and: ForeignField.callTable, in: block, ignoresNull: true)
        let (id, name) = (try block.requiredString("id"), try block.requiredString("name"))
        var writer = JSONWriter()
        writer.value(.object(try block.requiredNested("input").object))
        return ToolCall(id: id, name: name, arguments: String(decoding: writer.bytes, as: UTF8.self))
    }

    /// Reads `{type: "tool_result", tool_use_id, content, is_error}`.
    static func result(_ block: FieldReader) throws(APIError) -> Message {
        try ForeignField.refuseUnknown(
            besides: ["type", "tool_use_id", "content", "is_error"], and: ForeignField.resultTable, in: block,
            ignoresNull: true)
        let id = try block.requiredString("tool_use_id")
        var texts = try resultTexts(block)
        if try block.boolean("is_error") ?? false {
            let said = texts.first ?? ""
            texts = [said.isEmpty ? bareError : errorPrefix + said] + texts.dropFirst()
        }
        // A result without content still answers its call: templates need a text for it.
        if texts.isEmpty { texts = [""] }
        return Message(.tool, texts.map { .text($0) }, toolCallID: id)
    }

    private static func resultTexts(_ block: FieldReader) throws(APIError) -> [String] {
        switch block.value("content") {
        case nil: return []
        case .string(let text)?: return [text]
        case .array?:
            var texts: [String] = []
            for part in try block.objects("content") ?? [] {
                let type = try part.requiredString("type")
                guard ProtocolWord(type) == "text" else {
                    throw refusal(of: type, at: part.path(of: "type"), in: .system)
                }
                texts.append(try text(part))
            }
            return texts
        case let other?:
            throw .invalidType(
                block.path(of: "content"), expected: "one of a string or array of objects", got: other.typeName)
        }
    }
}

// MARK: - Thinking

extension ContentBlocks {
    /// Reads `{type: "thinking", thinking, signature}` or `{type: "redacted_thinking", data}`.
    ///
    /// A text that can be read counts as it stands, whatever its signature: other servers and clients have none. The
    /// seal then only tells which model thought it.
    ///
    /// - Returns: nil for what is sealed and cannot be opened.
    static func thought(
        _ block: FieldReader, _ type: String, pointer: String, seal: any ReasoningSeal
    ) throws(APIError) -> Thought? {
        let (sealed, shown): (String?, String)
        if ProtocolWord(type) == "thinking" {
            try ForeignField.refuseUnknown(
                besides: ["type", "thinking", "signature"], and: [ForeignField.cacheControl], in: block,
                ignoresNull: true)
            shown = try block.requiredString("thinking")
            sealed = try block.string("signature")
        } else {
            try ForeignField.refuseUnknown(
                besides: ["type", "data"], and: [ForeignField.cacheControl], in: block, ignoresNull: true)
            shown = ""
            sealed = try block.requiredString("data")
        }
        let opened = sealed.flatMap { seal.open($0) }
        guard !shown.isEmpty || opened != nil else { return nil }
        return Thought(
            message: 0, pointer: pointer, text: shown.isEmpty ? opened?.text ?? "" : shown, model: opened?.model)
    }

    static func unopened(at pointer: String) -> GenerationWarning {
        GenerationWarning(
            keyword: "messages", pointer: pointer,
            message: "the thinking was not sealed by this server, or was changed, and is left out")
    }
}
