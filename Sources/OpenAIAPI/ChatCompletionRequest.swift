import PinionJSON
package import PinionWire
package import TextGeneration

/// A chat completion request, fully validated, with every default filled in.
///
/// Made from a body by ``decode(_:options:)``.
package struct ChatCompletionRequest: Sendable, Equatable {
    /// The model as the client spelled it: `name/version`, or a bare name.
    package var model: String
    /// What is asked of the model.
    package var generation: GenerationRequest

    /// Where in the body the parts of ``generation`` stand.
    package var paths = FieldPaths()
    /// What of the body is left out although the request is answered.
    package var warnings: [GenerationWarning] = []

    /// Whether calls are told in OpenAI's old shape, `function_call`, because the tools came as `functions`.
    package var usesFunctions = false
    /// The name under which the reply tells what the model thought: the server's choice, not the client's.
    package var reasoningField = ReasoningField.reasoningContent

    /// Whether the reply is told in server-sent events.
    package var stream = false
    /// `stream_options.include_usage`; false unless ``stream``.
    package var includeUsage = false

    /// The client's own end user, for its records.
    package var user: String?

    package init(model: String, generation: GenerationRequest) {
        self.model = model
        self.generation = generation
    }

    /// Largest `n`.
    package static let maximumChoices = 8
    /// Largest `top_logprobs`.
    package static let maximumTopLogprobs = 20
    /// Most strings in `stop`.
    package static let maximumStopSequences = 4
    /// Most entries in `logit_bias`.
    package static let maximumLogitBiases = 1_024
    /// Most tools: four times what OpenAI takes, as agents join the tools of several servers.
    package static let maximumTools = 512
    /// Largest token count or token id a field takes.
    package static let maximumTokenNumber = Int64(Int32.max)
}
