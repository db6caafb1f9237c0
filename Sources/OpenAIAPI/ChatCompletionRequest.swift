import PinionJSON
package import TextGeneration

/// A chat completion request, fully validated, with every default filled in.
///
/// Made from a body by ``decode(_:options:)``.
package struct ChatCompletionRequest: Sendable, Equatable {
    /// The model as the client spelled it: `name/version`, or a bare name.
    package var model: String
    /// What is asked of the model.
    package var generation: GenerationRequest

    /// The path of the field that the reply's format was read from; nil for plain text.
    package var formatField: String?

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

    /// What ``decode(_:options:)`` lets through.
    package struct DecodingOptions: Sendable {
        /// Ignores fields that nobody knows, instead of refusing the request.
        package var allowsUnknownFields: Bool

        package init(allowsUnknownFields: Bool = false) {
            self.allowsUnknownFields = allowsUnknownFields
        }
    }

    /// Largest `n`.
    package static let maximumChoices = 8
    /// Largest `top_logprobs`.
    package static let maximumTopLogprobs = 20
    /// Most strings in `stop`.
    package static let maximumStopSequences = 4
    /// Longest string in `stop`, in UTF-8 bytes.
    package static let maximumStopLength = 4_096
    /// Most entries in `logit_bias`.
    package static let maximumLogitBiases = 1_024
    /// Largest token count or token id a field takes.
    package static let maximumTokenNumber = Int64(Int32.max)
}
