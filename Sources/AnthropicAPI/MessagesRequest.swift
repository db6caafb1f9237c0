import PinionJSON
package import PinionWire
package import TextGeneration

/// A request of the Messages API, fully validated, with every default filled in.
///
/// Made from a body by ``decode(_:options:seal:)``; ``bind(to:)`` follows once it is known which model answers:
///
///     var request = try MessagesRequest.decode(body, seal: seal)
///     request.bind(to: generator.model)
package struct MessagesRequest: Sendable, Equatable {
    /// How a reply tells what the model thought.
    package enum ThinkingDisplay: String, Sendable, CaseIterable {
        /// The text, and a signature that seals it. The text is whole: nothing here summarizes.
        case summarized
        /// No text, and a signature that seals it.
        case omitted
    }

    /// The model as the client spelled it: `name/version`, or a bare name.
    package var model: String
    /// What is asked of the model.
    package var generation: GenerationRequest
    /// Whether the reply is told in server-sent events.
    package var stream = false

    /// Where in the body the parts of ``generation`` stand.
    package var paths = FieldPaths()
    /// What of the body is left out although the request is answered.
    package var warnings: [GenerationWarning] = []

    package var thinkingDisplay = ThinkingDisplay.summarized
    /// What assistants thought in the conversation, in its order.
    var thoughts: [Thought] = []

    init(model: String, generation: GenerationRequest) {
        self.model = model
        self.generation = generation
    }

    /// Most strings in `stop_sequences`.
    package static let maximumStopSequences = 16
    /// Most tools, as in a chat completion: agents join the tools of several servers.
    package static let maximumTools = 512
    /// Largest token count that a field takes.
    package static let maximumTokenNumber = Int64(Int32.max)
    /// The temperatures that Anthropic takes; a chat completion goes up to 2.
    package static let temperatureRange = 0.0...1.0
}
