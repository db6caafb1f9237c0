package import PinionJSON

/// A conversation and how to continue it: what a dialect decodes a body into.
package struct GenerationRequest: Sendable, Equatable {
    package var conversation: Conversation
    package var sampling = SamplingOptions()
    /// Independent continuations.
    package var choices = 1
    /// Tokens of a choice at most. Nil, or more than the context has room for: until the context is full.
    package var maximumTokens: Int?
    /// The text ends before the first occurrence of any of these.
    package var stop: [String] = []
    /// Whether end tokens are ordinary tokens that the text goes on after.
    ///
    /// With a ``format`` they are left out wherever the text may go on: the reply ends only where nothing else can follow.
    package var ignoresEnd = false
    /// What the text may be.
    package var format = OutputFormat.text
    /// Whether the JSON of a ``format`` has no white space between its values, whatever the model would choose.
    package var isFormatCompact = false
    /// Whether, and for how long, the model thinks before it answers.
    package var reasoning = ReasoningOptions()
    /// Alternatives to report for each token; nil for no reports at all.
    package var reportedAlternatives: Int?
    /// What the reply begins with: the model goes on from there, and the reply tells only what follows.
    package var prefill: String?
    /// Further variables for the chat template.
    package var templateArguments = JSONObject()
    /// What the client says of itself, for the ledger; no generator reads it.
    package var client = ClientNote()
    /// The body that it was decoded from, for an engine elsewhere that speaks the same dialect; nil unless the generator
    /// asks for it (``TextGenerator/takesOriginalBody``).
    package var original: OriginalBody?

    package init(_ conversation: Conversation) {
        self.conversation = conversation
    }
}

/// What a client says of itself beside its request.
package struct ClientNote: Sendable, Equatable {
    /// Whom it asks for, in its own words.
    package var user: String?
    package var metadata: JSONObject?

    package init(user: String? = nil, metadata: JSONObject? = nil) {
        (self.user, self.metadata) = (user, metadata)
    }
}

/// Whether, and for how long, a model thinks before it answers.
///
/// What is nil was not asked for: the model's template then decides. A model that cannot think ignores it all.
package struct ReasoningOptions: Sendable, Equatable {
    /// Whether the model thinks at all.
    package var isEnabled: Bool?
    /// How much, in the words of the template: `low`, `medium`, `high` and what else it knows.
    package var effort: String?
    /// Tokens of thinking at most; the reply then goes on as if the model had come to its end.
    package var budget: Int?
    /// Whether the reader is told what the model thought.
    package var isTold = true

    package init() {}
}

/// A request's body as its client wrote it.
package struct OriginalBody: Sendable, Equatable {
    /// The dialect's route, such as `/v1/chat/completions`.
    package var route: String
    package var bytes: [UInt8]

    package init(route: String, bytes: [UInt8]) {
        self.route = route
        self.bytes = bytes
    }
}

/// How the next token is chosen.
///
/// What is nil was not asked for. The generator then takes what the model's files advise, where its operator said so, and
/// else leaves the model's own distribution alone.
package struct SamplingOptions: Sendable, Equatable {
    package static let temperatureRange = 0.0...2.0
    /// 0 is out of it: a share of nothing leaves no token.
    package static let topPRange = 0.0...1.0
    package static let minPRange = 0.0...1.0
    /// Smaller ones would take logits beyond the floats, and larger ones are of no use.
    package static let repetitionPenaltyRange = 0.01...10.0

    /// In [0, 2]; 0 takes the likeliest token.
    package var temperature: Double?
    /// Smallest set of likeliest tokens whose probability reaches it; in (0, 1].
    package var topP: Double?
    /// Only this many likeliest tokens; 0 for all.
    package var topK: Int?
    /// Only tokens at least this times as likely as the likeliest; in [0, 1].
    package var minP: Double?
    /// Taken once off the logit of every token that the reply holds; in [-2, 2].
    package var presencePenalty: Double = 0
    /// Taken off a token's logit for each time that the reply holds it; in [-2, 2].
    package var frequencyPenalty: Double = 0
    /// Divides positive and multiplies negative logits of tokens in prompt or reply; 1 for none.
    package var repetitionPenalty: Double?
    /// Token id to what is added to its logit, in [-100, 100].
    package var logitBias: [Int32: Double] = [:]
    /// Equal seeds give equal text; nil for a random one.
    package var seed: Int64?

    package init() {}
}
