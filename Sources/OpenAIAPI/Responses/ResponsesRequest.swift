import PinionJSON
package import PinionWire
package import TextGeneration

/// A request of `POST /v1/responses`, fully validated.
///
/// Made from a body by ``decode(_:options:seal:)``.
package struct ResponsesRequest: Sendable, Equatable {
    /// The model as the client spelled it.
    package var model: String
    /// What is asked of the model.
    package var generation: GenerationRequest
    /// Where in the body the parts of ``generation`` stand.
    package var paths = FieldPaths()
    /// What of the body is left out although the request is answered.
    package var warnings: [GenerationWarning] = []
    /// Whether the reply is told in server-sent events.
    package var stream = false

    /// What assistants thought in the conversation, in its order; see ``bind(to:)``.
    var thoughts: [Thought] = []
    /// What was taken out of the input.
    package private(set) var transformations: [InputTransformation] = []
    /// What the reply repeats of the request, as members of its object.
    var echo = ResponseEcho()
    /// Of the tools that stand in namespaces, by the name under which the model knows them.
    var namespaces: [ProtocolWord: NamespacedName] = [:]
    /// Whether what the model thought is told as its summary, and not as its text.
    var summarizesReasoning = false

    init(model: String, generation: GenerationRequest) {
        self.model = model
        self.generation = generation
    }

    /// One reasoning item.
    struct Thought: Sendable, Equatable {
        /// The message of the conversation that it belongs to.
        var message: Int
        /// The item's own, which the client wrote.
        var id: String?
        var text: String
        /// The id of the model that thought it; nil for an item without a seal.
        var model: String?

        /// Gives messages the thoughts that belong to them, joined with newlines.
        ///
        /// - Complexity: Linear in the texts.
        static func join(_ thoughts: [Thought], into messages: inout [Message]) {
            for (message, thoughts) in Dictionary(grouping: thoughts, by: \.message) {
                messages[message].reasoning = thoughts.map(\.text).joined(separator: "\n")
            }
        }
    }

    /// Takes away the reasoning that another model thought, which this one's template would pass off as its own.
    ///
    /// - Parameter model: The served model that ``model`` names.
    /// - Complexity: Linear in the thoughts.
    package mutating func bind(to model: ServedModel) {
        let own = ProtocolWord(model.id)
        var kept: [Thought] = []
        for thought in thoughts {
            guard let other = thought.model, ProtocolWord(other) != own else {
                kept.append(thought)
                continue
            }
            generation.conversation.messages[thought.message].reasoning = nil
            remove(
                InputTransformation(id: thought.id, reason: .modelMismatch),
                because: "it was made by the model '\(JSONValue.quoted(other))'")
        }
        guard kept.count < thoughts.count else { return }
        thoughts = kept
        // Removing a thought cleared its message's reasoning, which may also hold thoughts that stay.
        Thought.join(kept, into: &generation.conversation.messages)
    }

    /// Notes a reasoning item that is left out of the prompt.
    ///
    /// - Parameter clause: For the person who reads the warning.
    mutating func remove(_ removed: InputTransformation, because clause: String) {
        transformations.append(removed)
        warnings.append(
            GenerationWarning(
                keyword: "reasoning", pointer: "/input", message: "a reasoning item is left out: \(clause)"))
    }
}

/// An item of the input that was left out, as the reply reports it.
package struct InputTransformation: Sendable, Equatable {
    /// Of OpenAI's words, which clients' types list, those for what happens here.
    enum Reason: String, Sendable {
        case modelMismatch = "model_mismatch"
        /// Sealed elsewhere, or with a key that this server has no longer, or changed.
        case organizationMismatch = "organization_mismatch"
    }

    var id: String?
    var reason: Reason
}

/// A tool that stands in a namespace.
struct NamespacedName: Sendable, Equatable {
    var namespace: String
    var name: String

    /// The name under which the model knows the tool.
    var flat: String { "\(namespace)__\(name)" }
}

/// What a reply repeats of its request, null where the request says nothing.
struct ResponseEcho: Sendable, Equatable {
    var instructions = JSONValue.null
    var maximumOutputTokens: Int?
    var maximumToolCalls = JSONValue.null
    var metadata = JSONValue.object(JSONObject())
    var parallelToolCalls = true
    var promptCacheKey: String?
    var reasoning = JSONValue.null
    var safetyIdentifier: String?
    var temperature: Double?
    var text = JSONValue.null
    var toolChoice = JSONValue.string("auto")
    /// The tools of the request, without the hosted ones.
    var tools: [JSONValue] = []
    var topLogprobs = 0
    var topP: Double?
    var presencePenalty = 0.0
    var frequencyPenalty = 0.0
    var user: String?
}
