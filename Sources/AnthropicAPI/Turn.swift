import PinionJSON
import PinionWire
import TextGeneration

/// What one role says until another one speaks: one message of the wire, or several in a row.
///
/// Anthropic takes consecutive messages of a role for one, and many templates refuse two. The results of tools stand in
/// messages of the user; in the contract each is a message of its own, and all of a turn come before what the user says
/// in it, because they answer the turn before.
struct Turn {
    /// The roles of the wire, in the order in which an error lists them.
    enum Role: String, CaseIterable {
        case user, assistant, system
    }

    let role: Role
    /// Of the content of the latest message.
    var path: String
    var texts: [Message.Part] = []
    private(set) var results: [Message] = []
    private(set) var calls: [ToolCall] = []
    private(set) var thoughts: [Thought] = []
    /// How many blocks of thinking there were, those included that were left out.
    private var thinkingBlocks = 0

    init(_ role: Role, path: String) {
        self.role = role
        self.path = path
    }

    /// The turn in the contract's words; the thoughts belong to the only message of an assistant's turn.
    var messages: [Message] {
        switch role {
        case .system: return [Message(.system, texts)]
        case .user: return results + (texts.isEmpty ? [] : [Message(.user, texts)])
        case .assistant:
            var message = Message(.assistant, texts)
            message.toolCalls = calls
            message.reasoning = Thought.joined(thoughts.map(\.text))
            return [message]
        }
    }

    /// The turn as the beginning of the reply.
    ///
    /// - Throws: `invalid_value` for what no reply can begin with: a call, thinking, or a text with white space at its
    ///   end, after which tokenizers go on badly and which Anthropic refuses, too.
    func prefill() throws(APIError) -> ConversationFields.Prefill {
        guard calls.isEmpty else {
            throw .invalidValue(
                path, "'tool_use' blocks have to be answered by 'tool_result' blocks in a next message.")
        }
        guard thinkingBlocks == 0 else {
            throw .invalidValue(path, "the reply can begin with the text of a last message, but not with its thinking.")
        }
        let text = Message(.assistant, texts).text
        if let last = text.unicodeScalars.last, last.properties.isWhitespace {
            throw .invalidValue(path, "final assistant content cannot end with trailing whitespace.")
        }
        return ConversationFields.Prefill(text: text.isEmpty ? nil : text, path: path)
    }
}

// MARK: - Reading

extension Turn {
    /// Adds the content of a message: a string, or a list of blocks.
    ///
    /// - Parameter pointer: Of the content, as a JSON pointer.
    mutating func read(
        _ message: FieldReader, pointer: String, seal: any ReasoningSeal, _ warnings: inout [GenerationWarning]
    ) throws(APIError) {
        switch message.object["content"] {
        case .string(let text)?:
            // An assistant that said nothing has no text, as its reply had no block.
            if role != .assistant || !text.isEmpty { texts.append(.text(text)) }
        case .array?:
            let blocks = try message.objects("content") ?? []
            // A reply may be empty, and comes back as it was.
            if blocks.isEmpty, role != .assistant {
                throw .emptyArray(path)
            }
            for (index, block) in blocks.enumerated() {
                try read(block: block, pointer: "\(pointer)/\(index)", seal: seal, &warnings)
            }
        case let other?:
            throw .invalidType(path, expected: "one of a string or array of objects", got: other.typeName)
        case nil: throw .missingParameter(path)
        }
    }

    private mutating func read(
        block: FieldReader, pointer: String, seal: any ReasoningSeal, _ warnings: inout [GenerationWarning]
    ) throws(APIError) {
        let type = try block.requiredString("type")
        switch ProtocolWord(type) {
        case "text": texts.append(.text(try ContentBlocks.text(block)))
        case "tool_use":
            try require(.assistant, block)
            calls.append(try ContentBlocks.call(block))
        case "tool_result":
            try require(.user, block)
            results.append(try ContentBlocks.result(block))
        case "thinking", "redacted_thinking":
            try require(.assistant, block)
            thinkingBlocks += 1
            if let thought = try ContentBlocks.thought(block, type, pointer: pointer, seal: seal) {
                thoughts.append(thought)
            } else {
                warnings.append(ContentBlocks.unopened(at: pointer))
            }
        default: throw ContentBlocks.refusal(of: type, at: block.path(of: "type"), in: role)
        }
    }

    private func require(_ role: Role, _ block: FieldReader) throws(APIError) {
        if self.role != role { throw .onlyAllowed(block.path, when: "the role is '\(role.rawValue)'") }
    }
}
