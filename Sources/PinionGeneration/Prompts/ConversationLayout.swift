import PinionTemplate
import TextGeneration

/// Fits a conversation to what a template understands, so that nothing of it is dropped or refused.
///
/// A conversation that the template takes as it is stays as it is. Each step cures one thing that templates do;
/// ``TemplateTraits`` tells which of these things the template does.
struct ConversationLayout {
    /// Between messages that are merged.
    static let joint = "\n\n"
    /// What an assistant says where a template wants an answer and there is none: some refuse an empty text.
    static let blank = " "

    let traits: TemplateTraits
    let choice: ReplyFormat.Choice

    init(_ traits: TemplateTraits, _ choice: ReplyFormat.Choice) {
        self.traits = traits
        self.choice = choice
    }

    /// Whether the tools are told in a system text of ours, because the template knows none.
    func describesTools(of conversation: Conversation) -> Bool {
        !conversation.tools.isEmpty && (choice.isGeneric || !traits.showsTools)
    }

    func messages(of conversation: Conversation) -> [Message] {
        let describesTools = describesTools(of: conversation)
        let hasTools = !conversation.tools.isEmpty && !describesTools
        var messages = conversation.messages
        if describesTools { messages = withInstructions(messages, conversation.tools) }
        // Calls and results that become texts come first, because the order of roles counts these.
        messages = withWrittenCalls(messages, conversation.tools)
        messages = withResultsBehindCalls(messages)
        messages = withLoneResultsAsText(messages)

        messages = withUserFirst(messages, hasTools: hasTools)
        messages = withSystem(messages, hasTools: hasTools)

        messages = withSingleCalls(messages)
        messages = withTextBeforeCalls(messages)
        messages = withContentAsThought(messages)

        messages = withOneAnswer(messages)
        messages = withMergedRoles(messages)
        messages = withAnswersBehindResults(messages)
        messages = withSystemInLastUser(messages)
        messages = withoutEmptyAnswers(messages)

        messages = withResultNames(messages)
        return traits.wantsShortIdentifiers ? messages.map(Self.shortened) : messages
    }

    // MARK: - System messages

    /// For templates that show no tools: ours are told in the system message.
    private func withInstructions(_ messages: [Message], _ tools: [Tool]) -> [Message] {
        let instructions = Message(.system, ToolInstructions.text(of: tools, choice.format.calls))
        guard let first = messages.first, first.isSystem else { return [instructions] + messages }
        return [Self.merged(first, instructions)] + messages.dropFirst()
    }

    /// For templates that take a system message only at the beginning, or none, or none alone.
    private func withSystem(_ messages: [Message], hasTools: Bool) -> [Message] {
        let leading = messages.prefix(while: \.isSystem).count
        if leading == messages.count, !traits.allowsSystemAlone[hasTools: hasTools] {
            return messages.isEmpty ? [] : [Message(.user, Self.merged(of: messages).text)]
        }
        let hasLater = messages.dropFirst(leading).contains(where: \.isSystem)
        switch traits.system {
        case .anywhere:
            guard let last = messages.last, last.isSystem, !traits.allowsLastSystem, leading < messages.count
            else { return messages }
            return messages.dropLast() + [Message(.user, last.text)]
        case .first:
            guard hasLater || leading > 1 else { return messages }
            return [Self.merged(of: messages.filter(\.isSystem))] + messages.filter { !$0.isSystem }
        case .nowhere:
            guard hasLater || leading > 0 else { return messages }
            return Self.withSystemInUsers(messages)
        }
    }

    /// Each system message in front of the next user turn, which is the place where it was said.
    private static func withSystemInUsers(_ messages: [Message]) -> [Message] {
        var result: [Message] = []
        var waiting: [Message] = []
        for message in messages {
            if message.isSystem {
                waiting.append(message)
            } else if message.role == .user, !waiting.isEmpty {
                result.append(Message(.user, merged(of: waiting + [message]).text, name: message.name))
                waiting = []
            } else {
                result.append(message)
            }
        }
        for message in waiting { result.append(Message(.user, message.text)) }
        return result
    }

    /// For templates that show the system message only with a user's message at the end, which the result of a tool is
    /// not: it then stands in the last user's message.
    private func withSystemInLastUser(_ messages: [Message]) -> [Message] {
        guard !traits.showsSystemInSteps, let first = messages.first, first.isSystem,
            messages.last?.role != .user, let place = messages.lastIndex(where: { $0.role == .user })
        else { return messages }
        var messages = messages
        let user = messages[place]
        messages[place] = Message(.user, Self.merged(first, user).text, name: user.name)
        messages.removeFirst()
        return messages
    }

    // MARK: - Parts

    /// The content of a message with a thought, for templates that read it as a part of the content.
    static func parts(thought: String, text: String) -> TemplateValue {
        let thinking = TemplateValue([("type", TemplateValue("thinking")), ("thinking", TemplateValue(thought))])
        let answer = TemplateValue([("type", TemplateValue("text")), ("text", TemplateValue(text))])
        return .list(text.isEmpty ? [thinking] : [thinking, answer])
    }

    // MARK: - Merging

    static func merged(_ first: Message, _ second: Message) -> Message { merged(of: [first, second]) }

    /// One message of the first one's role, with all texts, thoughts and calls.
    ///
    /// - Precondition: There is a message.
    /// - Complexity: Linear in the texts: a conversation may have many short messages.
    static func merged(of messages: [Message]) -> Message {
        var whole = messages[0]
        guard messages.count > 1 else { return whole }
        whole.content = [.text(messages.map(\.text).filter { !$0.isEmpty }.joined(separator: joint))]
        whole.toolCalls = messages.flatMap(\.toolCalls)
        let thoughts = messages.compactMap(\.reasoning).filter { !$0.isEmpty }
        whole.reasoning = thoughts.isEmpty ? nil : thoughts.joined(separator: joint)
        return whole
    }
}

extension Message {
    var isSystem: Bool { role == .system || role == .developer }
    /// Whether it is an assistant's message with calls.
    var isCalling: Bool { !toolCalls.isEmpty }
    /// Whether it is an assistant's message without calls.
    var isAnswer: Bool { role == .assistant && toolCalls.isEmpty }
}
