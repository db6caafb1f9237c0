package import TextGeneration

/// Where in a body those parts of a request stand that a generator may refuse: what its errors name.
///
/// The contract counts tools without those that were left out and knows one spelling of each part, a client wrote
/// another: `functions[0].parameters`, `structured_outputs.json`.
package struct FieldPaths: Sendable, Equatable {
    /// Of the reply's format; nil for plain text.
    package var format: String?
    /// Of what each tool of the conversation takes.
    package var tools: [String] = []
    package var toolChoice = "tool_choice"
    package var messages = "messages"

    package init(format: String? = nil, tools: [String] = []) {
        self.format = format
        self.tools = tools
    }

    /// The path of the field that a parameter was decoded from.
    package func path(of parameter: GenerationError.Parameter) -> String {
        switch parameter {
        case .messages: messages
        case .choices: "n"
        case .logitBias: "logit_bias"
        // Without a format, what the reply is held to are its tools: `tools`, or `functions` in the older spelling.
        case .format: format ?? tools.first.map { String($0.prefix { $0 != "[" }) } ?? "response_format"
        case .tool(let index): tools.indices.contains(index) ? tools[index] : "tools[\(index)]"
        case .toolChoice: toolChoice
        case .templateArgument(let name): "chat_template_kwargs.\(name)"
        }
    }
}
