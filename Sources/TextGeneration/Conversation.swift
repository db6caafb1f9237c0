package import PinionJSON

/// What has been said so far, and the tools that the model may call.
///
///     var conversation = Conversation([Message(.user, "What is the weather in Bern?")])
///     conversation.tools = [Tool(name: "weather", parameters: schema)]
package struct Conversation: Sendable, Equatable {
    package var messages: [Message]
    package var tools: [Tool] = []
    package var toolChoice = ToolChoice.auto
    /// Whether one turn may hold several calls.
    package var allowsParallelToolCalls = true

    package init(_ messages: [Message]) {
        self.messages = messages
    }
}

/// One turn of a conversation.
package struct Message: Sendable, Equatable {
    package enum Role: String, Sendable, CaseIterable {
        case system, developer, user, assistant, tool
    }

    /// A piece of a message's content. Models here read text; a picture or a sound would be another case.
    package enum Part: Sendable, Equatable {
        case text(String)
    }

    package var role: Role
    package var content: [Part]
    /// The participant's name, for templates that show it.
    package var name: String?
    /// What an assistant thought before it answered, as it was told with an earlier reply.
    package var reasoning: String?
    /// Calls that an assistant made.
    package var toolCalls: [ToolCall] = []
    /// Of a ``Role/tool`` message: the call that it answers.
    package var toolCallID: String?

    package init(_ role: Role, _ content: [Part], name: String? = nil, toolCallID: String? = nil) {
        self.role = role
        self.content = content
        self.name = name
        self.toolCallID = toolCallID
    }

    package init(_ role: Role, _ text: String, name: String? = nil, toolCallID: String? = nil) {
        self.init(role, [.text(text)], name: name, toolCallID: toolCallID)
    }

    /// The text parts joined with a newline, as vLLM and llama.cpp join them for templates that take a string.
    package var text: String {
        // Not joined where there is nothing to join: a text may be megabytes long.
        if content.count == 1, case .text(let text) = content[0] { return text }
        return content.map { part in
            switch part {
            case .text(let text): text
            }
        }.joined(separator: "\n")
    }
}

/// A call of a tool, whole.
package struct ToolCall: Sendable, Equatable {
    package var id: String
    package var name: String
    /// The arguments as a JSON text, or the input of a custom tool as it is.
    package var arguments: String

    package init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// Something that the model may call.
package struct Tool: Sendable, Equatable {
    /// What a tool takes.
    package enum Input: Sendable, Equatable {
        /// Arguments, as one JSON object that the schema accepts; without a schema, an object without members.
        ///
        /// `isStrict` says what becomes of an assertion that cannot be enforced: the request is refused, or the assertion is
        /// left out and told of with a ``GenerationWarning``.
        case arguments(schema: JSONValue?, isStrict: Bool)
        /// A text in a format; of the formats only ``OutputFormat/text``, ``OutputFormat/pattern(_:)`` and
        /// ``OutputFormat/grammar(_:_:)``.
        case text(OutputFormat)
    }

    package var name: String
    package var description: String?
    package var input: Input

    package init(name: String, description: String? = nil, input: Input) {
        self.name = name
        self.description = description
        self.input = input
    }

    package init(name: String, description: String? = nil, parameters: JSONValue? = nil, isStrict: Bool = false) {
        self.init(name: name, description: description, input: .arguments(schema: parameters, isStrict: isStrict))
    }

    /// Whether it takes a text, and not arguments.
    package var takesText: Bool {
        if case .text = input { true } else { false }
    }
}

/// Whether the model calls a tool.
package enum ToolChoice: Sendable, Equatable {
    /// As the model decides.
    case auto
    case none
    /// At least one call, of whichever tool.
    case required
    /// One call of this tool.
    case named(String)
    /// As ``auto``, or as ``required``, of these tools alone; the prompt shows all.
    case allowed([String], isRequired: Bool)
}
