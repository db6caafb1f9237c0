import PinionJSON
import TextGeneration

/// Fits a conversation to what a template understands, so that nothing of it is dropped or refused.
///
/// A conversation that the template takes as it is stays as it is.
struct ConversationLayout {
    /// Between messages that are merged.
    private static let joint = "\n\n"
    /// Letters and digits of an identifier where the template counts them.
    private static let shortIdentifierLength = 9

    private let traits: TemplateTraits
    private let isGeneric: Bool

    init(_ traits: TemplateTraits, _ choice: ReplyFormat.Choice) {
        self.traits = traits
        isGeneric = choice.isGeneric
    }

    /// Whether the tools are told in a system text of ours, because the template knows none.
    func describesTools(of conversation: Conversation) -> Bool {
        !conversation.tools.isEmpty && (isGeneric || !traits.showsTools)
    }

    func messages(of conversation: Conversation) -> [Message] {
        var messages = conversation.messages
        if describesTools(of: conversation) {
            let text = ToolInstructions.text(of: conversation.tools)
            if let first = messages.first, first.role == .system || first.role == .developer {
                messages[0] = Self.merged(first, Message(.system, text))
            } else {
                messages.insert(Message(.system, text), at: 0)
            }
        }
        messages = written(messages, custom: Set(conversation.tools.filter(\.takesText).map { ProtocolWord($0.name) }))
        messages = withSystem(messages)
        if !traits.allowsRepeatedRoles { messages = Self.merged(messages) }
        return traits.wantsShortIdentifiers ? messages.map(Self.shortened) : messages
    }

    /// Calls and results as text, where the template does not show them.
    private func written(_ messages: [Message], custom: Set<ProtocolWord>) -> [Message] {
        messages.map { message in
            var message = message
            if traits.calls == nil || isGeneric, !message.toolCalls.isEmpty {
                let calls = message.toolCalls.map { call in
                    ToolInstructions.text(of: call, isCustom: custom.contains(ProtocolWord(call.name)))
                }
                let texts = (message.text.isEmpty ? [] : [message.text]) + calls
                message.content = [.text(texts.joined(separator: "\n"))]
                message.toolCalls = []
            }
            if message.role == .tool, !traits.showsResults {
                message = Message(.user, ToolInstructions.result(message.text))
            }
            return message
        }
    }

    /// System messages where the template takes them.
    private func withSystem(_ messages: [Message]) -> [Message] {
        func isSystem(_ message: Message) -> Bool { message.role == .system || message.role == .developer }
        let leading = messages.prefix(while: isSystem).count
        let hasLater = messages.dropFirst(leading).contains(where: isSystem)
        switch traits.system {
        case .anywhere:
            guard let last = messages.last, isSystem(last), !traits.allowsLastSystem, leading < messages.count
            else { return messages }
            return messages.dropLast() + [Message(.user, last.text)]
        case .first:
            guard hasLater || leading > 1 else { return messages }
            let systems = messages.filter(isSystem)
            let whole = systems.dropFirst().reduce(systems[0]) { Self.merged($0, $1) }
            return [whole] + messages.filter { !isSystem($0) }
        case .nowhere:
            guard hasLater || leading > 0 else { return messages }
            // In front of the next user turn, which is the place where it was said.
            var result: [Message] = []
            var waiting: [Message] = []
            for message in messages {
                if isSystem(message) {
                    waiting.append(message)
                } else if message.role == .user, !waiting.isEmpty {
                    let whole = (waiting + [message]).dropFirst().reduce(waiting[0]) { Self.merged($0, $1) }
                    result.append(Message(.user, whole.text, name: message.name))
                    waiting = []
                } else {
                    result.append(message)
                }
            }
            for message in waiting { result.append(Message(.user, message.text)) }
            return result
        }
    }

    private static func merged(_ first: Message, _ second: Message) -> Message {
        var whole = first
        let texts = [first.text, second.text].filter { !$0.isEmpty }
        whole.content = [.text(texts.joined(separator: joint))]
        whole.toolCalls += second.toolCalls
        whole.reasoning = [first.reasoning, second.reasoning].compactMap { $0 }.joined(separator: joint)
        if whole.reasoning?.isEmpty == true { whole.reasoning = nil }
        return whole
    }

    /// Neighbours of one role as one message; calls and results stay apart.
    private static func merged(_ messages: [Message]) -> [Message] {
        var result: [Message] = []
        for message in messages {
            if let last = result.last, last.role == message.role, message.role != .tool, last.toolCalls.isEmpty {
                result[result.count - 1] = merged(last, message)
            } else {
                result.append(message)
            }
        }
        return result
    }

    private static func shortened(_ message: Message) -> Message {
        var message = message
        message.toolCallID = message.toolCallID.map(shortIdentifier)
        message.toolCalls = message.toolCalls.map { call in
            ToolCall(id: shortIdentifier(call.id), name: call.name, arguments: call.arguments)
        }
        return message
    }

    /// Nine letters and digits that stand for an identifier; equal ones for equal ones (FNV-1a, 64 bits).
    private static func shortIdentifier(_ id: String) -> String {
        let isShort = id.utf8.count == shortIdentifierLength && id.utf8.allSatisfy(isAlphanumeric)
        if isShort { return id }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        var text = ""
        for _ in 0..<shortIdentifierLength {
            text.append(letters[Int(hash % UInt64(letters.count))])
            hash /= UInt64(letters.count)
        }
        return text
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }
}

/// What a model is told of tools whose template knows none, and how calls and results are then written.
enum ToolInstructions {
    static func text(of tools: [Tool]) -> String {
        var writer = JSONWriter()
        for tool in tools {
            writer.value(tool.declaration)
            writer.raw("\n")
        }
        return """
            You may call functions to help the user. These are the functions, one JSON object a line, between tags:
            <tools>
            \(String(decoding: writer.bytes, as: UTF8.self))</tools>
            To call a function, answer with a block like this, with a call on each line of it:
            ```tool_call
            {"tool": "NAME", "arguments": {"ARGUMENT": "VALUE"}}
            ```
            The result of each call is given to you in a later message.
            """
    }

    static func text(of call: ToolCall, isCustom: Bool) -> String {
        var writer = JSONWriter()
        writer.raw(#"{"tool": "#)
        writer.string(call.name)
        writer.raw(#", "arguments": "#)
        let parsed = isCustom ? nil : try? JSONValue.parse(Array(call.arguments.utf8), limits: ToolTypes.valueLimits)
        if case .object? = parsed {
            writer.raw(Array(call.arguments.utf8))
        } else if call.arguments.isEmpty, !isCustom {
            writer.raw("{}")
        } else {
            writer.value(.object(JSONObject([.init(name: Tool.textArgument, value: .string(call.arguments))])))
        }
        writer.raw("}")
        return "```tool_call\n" + String(decoding: writer.bytes, as: UTF8.self) + "\n```"
    }

    static func result(_ text: String) -> String { "<tool_response>\n\(text)\n</tool_response>" }
}

extension Tool {
    /// The tool as OpenAI's dialect and all templates write it.
    var declaration: JSONValue {
        var function = [JSONObject.Member(name: "name", value: .string(name))]
        // Templates write a text wherever they find the name of one.
        function.append(.init(name: "description", value: .string(description ?? "")))
        switch input {
        case .arguments(let schema, _):
            let none = JSONValue.object(
                JSONObject([
                    .init(name: "type", value: "object"), .init(name: "properties", value: .object(JSONObject())),
                ]))
            function.append(.init(name: "parameters", value: schema ?? none))
        case .text(let format):
            let text = JSONValue.object(
                JSONObject([
                    .init(name: "type", value: "string"),
                    .init(name: "description", value: .string(Self.description(of: format))),
                ]))
            function.append(
                .init(
                    name: "parameters",
                    value: .object(
                        JSONObject([
                            .init(name: "type", value: "object"),
                            .init(
                                name: "properties",
                                value: .object(JSONObject([.init(name: Self.textArgument, value: text)]))),
                            .init(name: "required", value: .array([.string(Self.textArgument)])),
                        ]))))
        }
        return .object(
            JSONObject([
                .init(name: "type", value: "function"), .init(name: "function", value: .object(JSONObject(function))),
            ]))
    }

    private static func description(of format: OutputFormat) -> String {
        switch format {
        case .pattern(let pattern): "A text that this regular expression matches: \(pattern)"
        case .grammar(let grammar, .lark): "A text of this Lark grammar:\n\(grammar)"
        case .grammar(let grammar, .gbnf): "A text of this GBNF grammar:\n\(grammar)"
        default: "A text"
        }
    }
}
