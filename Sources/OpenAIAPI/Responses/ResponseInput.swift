import PinionJSON
import PinionWire
import TextGeneration

/// Makes messages of the items of a request's `input`.
///
/// What one turn of the model said stands there as several items, thoughts, texts and calls, which are one message of the
/// conversation.
struct ResponseInput {
    private(set) var messages: [Message] = []
    /// What the model thought, in the order of the items; the messages are given it at the end of ``read(_:)``.
    private(set) var thoughts: [ResponsesRequest.Thought] = []
    private(set) var removed: [InputTransformation] = []
    private let seal: any ReasoningSeal
    /// Whether the last message is an assistant's that further items may belong to.
    private var isOpen = false

    private enum Role: String, CaseIterable {
        case user, assistant, system, developer
    }

    init(_ seal: any ReasoningSeal) {
        self.seal = seal
    }

    mutating func append(_ message: Message) {
        messages.append(message)
        isOpen = false
    }

    /// Reads `input`: a text, or a list of items.
    ///
    /// - Throws: ``APIError`` naming the item at fault.
    mutating func read(_ fields: FieldReader) throws(APIError) {
        switch fields.object["input"] {
        case .string(let text): append(Message(.user, text))
        case .array(let items):
            guard !items.isEmpty else {
                throw .emptyArray("input")
            }
            for (index, item) in items.enumerated() {
                try read(item: FieldReader(item, at: "input[\(index)]", within: fields))
            }
            // At the end: item by item, many thoughts of one message would be copied as often as there are items.
            ResponsesRequest.Thought.join(thoughts, into: &messages)
        case let other?:
            throw .invalidType("input", expected: "one of a string or array of objects", got: other.typeName)
        case nil: throw .missingParameter("input")
        }
    }

    private mutating func read(item: FieldReader) throws(APIError) {
        let type = try item.string("type") ?? Self.defaultType(item)
        switch ProtocolWord(type) {
        case "message": try readMessage(item)
        case "function_call": try readCall(item, input: "arguments")
        case "custom_tool_call": try readCall(item, input: "input")
        case "function_call_output", "custom_tool_call_output": try readOutput(item)
        case "reasoning": try readReasoning(item)
        default: throw Self.refusal(of: type, at: item.path(of: "type"))
        }
    }

    /// What an item is that does not say it: a message, or the mere id of an item.
    private static func defaultType(_ item: FieldReader) -> String {
        let isReference = item.value("id") != nil && item.value("role") == nil && item.value("content") == nil
        return isReference ? "item_reference" : "message"
    }

    /// Items that OpenAI knows and this server does not take.
    private static func refusal(of type: String, at path: String) -> APIError {
        let word = ProtocolWord(type)
        if word == "item_reference" {
            return .unsupportedValue(
                path, got: "'\(type)'", "Nothing is stored here ('store: false'): send the item itself.")
        }
        if foreignItems.contains(word) {
            return .unsupportedValue(path, got: "'\(type)'", "There are no such items on this server.")
        }
        return .invalidValue(
            path, got: type,
            supported: [
                "message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output",
                "reasoning",
            ])
    }

    private static let foreignItems: Set<ProtocolWord> = [
        "compaction", "compaction_trigger", "configuration_update", "additional_tools", "program", "program_output",
        "tool_search_call", "tool_search_output", "web_search_call",
        "file_search_call", "code_interpreter_call", "image_generation_call", "computer_call", "computer_call_output",
        "mcp_call", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response", "local_shell_call",
        "local_shell_call_output", "shell_call", "shell_call_output", "apply_patch_call", "apply_patch_call_output",
    ]
}

// MARK: - What was said

extension ResponseInput {
    private mutating func readMessage(_ item: FieldReader) throws(APIError) {
        try item.refuseUnknown(["type", "id", "role", "content", "status", "phase"], ignoresNull: true)
        try Self.checkLabels(item)
        let role = try item.requiredWord("role", as: Role.self)
        let content = try Self.content(item, "content", isAssistant: role == .assistant)
        switch role {
        case .assistant:
            openTurn { _ in true }
            messages[messages.count - 1].content += content
        case .user: append(Message(.user, content))
        case .system: append(Message(.system, content))
        case .developer: append(Message(.developer, content))
        }
    }

    /// What an item carries along and means nothing here.
    private static func checkLabels(_ item: FieldReader) throws(APIError) {
        for name in ["id", "status", "phase"] { _ = try item.string(name) }
    }

    /// Makes the last message an assistant's that a further item may be added to.
    private mutating func openTurn(_ takesMore: (Message) -> Bool) {
        if isOpen, let last = messages.last, takesMore(last) { return }
        messages.append(Message(.assistant, []))
        isOpen = true
    }

    private static func content(
        _ item: FieldReader, _ name: String, isAssistant: Bool = false
    ) throws(APIError) -> [Message.Part] {
        let path = item.path(of: name)
        switch item.object[name] {
        case .string(let text): return [.text(text)]
        case .array(let list):
            var parts: [Message.Part] = []
            for (index, part) in list.enumerated() {
                let fields = try FieldReader(part, at: "\(path)[\(index)]", within: item)
                parts.append(.text(try text(of: fields, isAssistant: isAssistant)))
            }
            return parts
        case let other?:
            throw .invalidType(path, expected: "one of a string or array of objects", got: other.typeName)
        case nil: throw .missingParameter(path)
        }
    }

    /// The text of a part; the words of `input_text` and `output_text` are taken in every role, as clients mix them up.
    private static func text(of part: FieldReader, isAssistant: Bool) throws(APIError) -> String {
        let type = try part.requiredString("type")
        switch ProtocolWord(type) {
        case "input_text", "output_text", "text":
            try ForeignField.refuseUnknown(
                besides: ["type", "text", "annotations", "logprobs", "parsed"], and: ForeignField.hints, in: part,
                ignoresNull: true)
            return try part.requiredString("text")
        case "refusal" where isAssistant:
            try part.refuseUnknown(["type", "refusal"])
            return try part.requiredString("refusal")
        case "input_image", "input_file", "input_audio":
            throw .unsupportedValue(part.path(of: "type"), got: "'\(type)'", "Models read text only.")
        default:
            throw .invalidValue(
                part.path(of: "type"), got: type, supported: isAssistant ? ["output_text", "refusal"] : ["input_text"])
        }
    }
}

// MARK: - Calls and reasoning

extension ResponseInput {
    /// - Parameter input: The field that holds what the tool was given.
    private mutating func readCall(_ item: FieldReader, input: String) throws(APIError) {
        try item.refuseUnknown(
            [
                "type", "id", "call_id", "name", "namespace", "status", "caller", ProtocolWord(input),
                "parsed_arguments",
            ], ignoresNull: true)
        try Self.checkLabels(item)
        var name = try item.requiredString("name")
        if let namespace = try item.string("namespace") {
            name = NamespacedName(namespace: namespace, name: name).flat
        }
        let text = try item.requiredString(input)
        let call = ToolCall(
            id: try item.requiredString("call_id"), name: name,
            // Templates read the arguments of a function as JSON.
            arguments: text.isEmpty && input == "arguments" ? "{}" : text)
        openTurn { _ in true }
        messages[messages.count - 1].toolCalls.append(call)
    }

    private mutating func readOutput(_ item: FieldReader) throws(APIError) {
        // The call has the names as well.
        try item.refuseUnknown(
            ["type", "id", "call_id", "output", "status", "caller", "name", "namespace"], ignoresNull: true)
        try Self.checkLabels(item)
        for name in ["name", "namespace"] { _ = try item.string(name) }
        let id = try item.requiredString("call_id")
        append(Message(.tool, try Self.content(item, "output"), toolCallID: id))
    }

    /// Reads what the model thought: from the seal if there is one, which a client may send without the text.
    private mutating func readReasoning(_ item: FieldReader) throws(APIError) {
        try item.refuseUnknown(
            ["type", "id", "summary", "content", "encrypted_content", "status"], ignoresNull: true)
        try Self.checkLabels(item)
        let id = try item.string("id")
        let content = try Self.texts(item, "content", type: "reasoning_text")
        let summary = try Self.texts(item, "summary", type: "summary_text")
        var text = content ?? summary ?? ""
        var model: String?
        if let encrypted = try item.string("encrypted_content") {
            if let opened = seal.open(encrypted) {
                (text, model) = (opened.text, opened.model)
            } else {
                return removed.append(InputTransformation(id: id, reason: .organizationMismatch))
            }
        }
        guard !text.isEmpty else { return }
        // Thoughts come before what they led to, so that those behind a text are another turn's; but not while calls wait
        // for their results, which have to follow the calls.
        openTurn { $0.content.isEmpty || !$0.toolCalls.isEmpty }
        thoughts.append(.init(message: messages.count - 1, id: id, text: text, model: model))
    }

    private static func texts(_ item: FieldReader, _ name: String, type: ProtocolWord) throws(APIError) -> String? {
        guard let parts = try item.objects(name), !parts.isEmpty else { return nil }
        var texts: [String] = []
        for part in parts {
            try part.refuseUnknown(["type", "text"])
            let found = try part.requiredString("type")
            guard ProtocolWord(found) == type else {
                throw .invalidValue(part.path(of: "type"), got: found, supported: [type.description])
            }
            texts.append(try part.requiredString("text"))
        }
        return texts.joined(separator: "\n")
    }
}
