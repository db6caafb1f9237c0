import PinionJSON
import PinionWire
import TextGeneration

extension Message {
    /// The roles of the wire, in the order in which an error lists them.
    private enum WireRole: String, CaseIterable {
        case system, user, assistant, developer, tool
        /// OpenAI's older spelling of ``tool``.
        case function

        var role: Role {
            switch self {
            case .system: .system
            case .user: .user
            case .assistant: .assistant
            case .developer: .developer
            case .tool, .function: .tool
            }
        }
    }

    /// What only an assistant's message may hold.
    private static let assistantFields = ["tool_calls", "function_call", "reasoning_content", "reasoning", "refusal"]

    private static let knownFields: Set<ProtocolWord> =
        Set(["role", "content", "name", "tool_call_id"])
        .union(assistantFields.map { ProtocolWord($0) })
        .union(ForeignField.messageTable.map { ProtocolWord($0.name) })

    /// Reads the list under `messages`.
    static func decodeList(
        _ value: JSONValue, at path: String, within body: FieldReader
    ) throws(APIError) -> [Message] {
        guard case .array(let elements) = value else {
            throw .invalidType(path, expected: "an array of objects", got: value.typeName)
        }
        guard !elements.isEmpty else {
            throw .emptyArray(path)
        }
        var messages: [Message] = []
        messages.reserveCapacity(elements.count)
        var oldCalls = OldCallIDs()
        for (index, element) in elements.enumerated() {
            let fields = try FieldReader(element, at: "\(path)[\(index)]", within: body)
            messages.append(try Message(fields, index: index, &oldCalls))
        }
        return messages
    }

    private init(_ fields: FieldReader, index: Int, _ oldCalls: inout OldCallIDs) throws(APIError) {
        try fields.refuseUnknown(Self.knownFields)
        for field in ForeignField.messageTable { try field.check(in: fields) }

        let role = try fields.requiredWord("role", as: WireRole.self)
        if role != .assistant {
            for name in Self.assistantFields where fields.value(name) != nil {
                throw .onlyAllowed(fields.path(of: name), when: "the role is 'assistant'")
            }
        }
        if role != .tool, fields.value("tool_call_id") != nil {
            throw .onlyAllowed(fields.path(of: "tool_call_id"), when: "the role is 'tool'")
        }
        switch role {
        case .system, .user, .developer:
            self.init(role.role, try Self.content(fields), name: try fields.string("name"))
        case .tool:
            let id = try fields.requiredString("tool_call_id")
            self.init(.tool, try Self.content(fields), name: try fields.string("name"), toolCallID: id)
        case .function:
            let name = try fields.requiredString("name")
            self.init(.tool, try Self.content(fields), name: name, toolCallID: oldCalls.answered(by: name))
        case .assistant:
            try self.init(assistant: fields, index: index, &oldCalls)
        }
    }
}

// MARK: - An assistant's message

extension Message {
    private init(assistant fields: FieldReader, index: Int, _ oldCalls: inout OldCallIDs) throws(APIError) {
        let calls = try ToolCall.decodeList(fields)
        let oldCall = try ToolCall(old: fields, id: OldCallIDs.id(at: index))
        if oldCall != nil, !calls.isEmpty {
            throw .invalidValue(
                fields.path(of: "function_call"),
                "'function_call' is the older spelling of 'tool_calls'. Send one of the two.")
        }
        let reasoning = try Self.reasoning(fields)
        let refusal = try fields.string("refusal")
        let isContentOptional = !calls.isEmpty || oldCall != nil || reasoning != nil || refusal != nil
        var content: [Part] = []
        if fields.value("content") != nil || !isContentOptional {
            content = try Self.content(fields, isAssistant: true)
        }
        // A refusal is what the model answered, so that it belongs to what was said.
        if let refusal, !refusal.isEmpty || content.isEmpty { content.append(.text(refusal)) }
        self.init(.assistant, content, name: try fields.string("name"))
        toolCalls = calls
        if let oldCall {
            toolCalls.append(oldCall)
            oldCalls.note(oldCall)
        }
        self.reasoning = reasoning
    }

    /// Both spellings mean the same; a client that sends both has stored the text twice.
    private static func reasoning(_ fields: FieldReader) throws(APIError) -> String? {
        let content = try fields.string("reasoning_content")
        let short = try fields.string("reasoning")
        if let content, let short, !content.utf8.elementsEqual(short.utf8) {
            throw .invalidValue(
                fields.path(of: "reasoning"), "'reasoning' and 'reasoning_content' differ. Send one of them.")
        }
        return content ?? short
    }
}

// MARK: - Content

extension Message {
    /// Parts that OpenAI knows and the models here do not read.
    private static let foreignParts: Set<ProtocolWord> = ["image_url", "input_audio", "file", "refusal"]

    private static func content(_ fields: FieldReader, isAssistant: Bool = false) throws(APIError) -> [Part] {
        let path = fields.path(of: "content")
        switch fields.object["content"] {
        case .string(let text): return [.text(text)]
        case .array(let list): return try parts(list, at: path, within: fields, isAssistant: isAssistant)
        case let other?:
            throw .invalidType(path, expected: "one of a string or array of objects", got: other.typeName)
        case nil: throw .missingParameter(path)
        }
    }

    private static func parts(
        _ list: [JSONValue], at path: String, within message: FieldReader, isAssistant: Bool
    ) throws(APIError) -> [Part] {
        guard !list.isEmpty else {
            throw .emptyArray(path)
        }
        var parts: [Part] = []
        for (index, part) in list.enumerated() {
            let fields = try FieldReader(part, at: "\(path)[\(index)]", within: message)
            parts.append(.text(try text(fields, isAssistant: isAssistant)))
        }
        return parts
    }

    /// The text of a part, or the refusal of an assistant's.
    private static func text(_ part: FieldReader, isAssistant: Bool) throws(APIError) -> String {
        let type = try part.requiredString("type")
        switch ProtocolWord(type) {
        case "text":
            try ForeignField.refuseUnknown(besides: ["type", "text"], and: ForeignField.hints, in: part)
            return try part.requiredString("text")
        case "refusal" where isAssistant:
            try part.refuseUnknown(["type", "refusal"])
            return try part.requiredString("refusal")
        case let word:
            let path = part.path(of: "type")
            if foreignParts.contains(word) {
                throw .unsupportedValue(path, got: "'\(type)'", "Models read text only.")
            }
            throw .invalidValue(path, got: type, supported: isAssistant ? ["text", "refusal"] : ["text"])
        }
    }
}
