package import PinionJSON

/// A chat completion request, fully validated, with every default filled in.
///
/// Made from a body by ``decode(_:options:)``.
package struct ChatCompletionRequest: Sendable, Equatable {
    /// The model as the client spelled it: `name/version`, or a bare name.
    package var model: String
    package var messages: [ChatMessage]

    /// In [0, 2]; 0 is greedy.
    package var temperature: Double = 1
    /// In (0, 1].
    package var topP: Double = 1
    /// At least 1; nil off.
    package var topK: Int?
    /// In (0, 1]; nil off.
    package var minP: Double?
    /// In [-2, 2].
    package var presencePenalty: Double = 0
    /// In [-2, 2].
    package var frequencyPenalty: Double = 0
    /// In (0, 10]; nil off.
    package var repetitionPenalty: Double?
    /// Token id to a value in [-100, 100]; whether the ids exist in the model is not known here.
    package var logitBias: [Int32: Double] = [:]
    package var seed: Int64?

    /// At least 1; nil until the model stops or its context is full, which ends a reply that asked for more, too.
    package var maxTokens: Int?
    /// At most ``maximumStopSequences``, none empty.
    package var stop: [String] = []
    package var ignoreEOS = false
    /// Completions to make, in 1...``maximumChoices``.
    package var n = 1

    package var logprobs = false
    /// In 0...``maximumTopLogprobs``; 0 unless ``logprobs``.
    package var topLogprobs = 0

    package var stream = false
    /// `stream_options.include_usage`; false unless ``stream``.
    package var includeUsage = false

    /// The client's own end user, for its records.
    package var user: String?
    /// Variables handed to the chat template.
    package var chatTemplateArguments: [ProtocolWord: JSONValue] = [:]

    package init(model: String, messages: [ChatMessage]) {
        self.model = model
        self.messages = messages
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
    /// Largest `repetition_penalty`; beyond it logits leave the range of a float for no use.
    package static let maximumRepetitionPenalty: Double = 10
    /// Smaller ones would take logits beyond the floats.
    package static let minimumRepetitionPenalty = 0.01
}
