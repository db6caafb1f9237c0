import PinionJSON
import PinionWire
import TextGeneration

/// What a body says of the conversation: `system` and `messages`.
struct ConversationFields {
    /// What a last message of the assistant says.
    struct Prefill {
        /// Nil for a message that says nothing, after which the reply begins as it would without it.
        var text: String?
        /// Of the message's content.
        var path: String
    }

    private(set) var messages: [Message] = []
    private(set) var prefill: Prefill?
    private(set) var thoughts: [Thought] = []
    private(set) var warnings: [GenerationWarning] = []
    private let seal: any ReasoningSeal
    /// The turn that the next message may belong to.
    private var turn: Turn?

    private static let messageFields: Set<ProtocolWord> = ["role", "content"]

    /// - Throws: ``APIError`` naming the field at fault.
    init(_ fields: FieldReader, seal: any ReasoningSeal) throws(APIError) {
        self.seal = seal
        let system = try SystemPrompt.parts(fields)
        if !system.isEmpty {
            turn = Turn(.system, path: "system")
            turn?.texts = system
        }
        guard let value = fields.object["messages"] else { throw .missingParameter("messages") }
        guard let list = try fields.objects("messages") else {
            throw .invalidType("messages", expected: "an array of objects", got: value.typeName)
        }
        guard !list.isEmpty else {
            throw .emptyArray("messages")
        }
        for (index, message) in list.enumerated() { try read(message, index) }
        try end()
    }

    private mutating func read(_ message: FieldReader, _ index: Int) throws(APIError) {
        let role = try message.requiredWord("role", as: Turn.Role.self)
        if role == .assistant {
            try ForeignField.refuseUnknown(
                besides: Self.messageFields, and: ForeignField.replyTable, in: message, ignoresNull: true)
        } else {
            try message.refuseUnknown(Self.messageFields)
        }
        if turn?.role != role {
            if let ended = turn { add(ended) }
            turn = Turn(role, path: message.path(of: "content"))
        }
        turn?.path = message.path(of: "content")
        var found: [GenerationWarning] = []
        let seal = seal
        try turn?.read(message, pointer: "/messages/\(index)/content", seal: seal, &found)
        warnings += found
    }

    private mutating func add(_ turn: Turn) {
        for thought in turn.thoughts {
            var thought = thought
            thought.message = messages.count
            thoughts.append(thought)
        }
        messages += turn.messages
    }

    /// Adds the last turn, or makes it what the reply begins with.
    private mutating func end() throws(APIError) {
        guard let turn else { return }
        guard turn.role == .assistant else { return add(turn) }
        prefill = try turn.prefill()
        guard !messages.isEmpty else {
            throw .invalidValue("messages", "a reply needs a message of the role 'user' to answer.")
        }
    }
}
