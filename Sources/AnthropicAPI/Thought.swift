import PinionJSON
import PinionWire
package import TextGeneration

/// One block of thinking that a client sent back.
struct Thought: Sendable, Equatable {
    /// The message of the contract's conversation that it belongs to.
    var message: Int
    /// Where the block stands in the body, as a JSON pointer.
    var pointer: String
    var text: String
    /// The id of the model that thought it; nil where no seal says so.
    var model: String?

    /// Between the blocks of one message, which templates take as one text.
    static let separator = "\n\n"

    static func joined(_ texts: [String]) -> String? {
        texts.isEmpty ? nil : texts.joined(separator: separator)
    }
}

extension MessagesRequest {
    /// Removes the reasoning that another model sealed, and warns of each block removed.
    ///
    /// It cannot be done as the body is decoded, because a client may name a model by an alias.
    ///
    /// - Complexity: Linear in the conversation.
    package mutating func bind(to model: ServedModel) {
        let own = ProtocolWord(model.id)
        var changed: Set<Int> = []
        var kept: [Thought] = []
        for thought in thoughts {
            guard let other = thought.model, ProtocolWord(other) != own else {
                kept.append(thought)
                continue
            }
            changed.insert(thought.message)
            warnings.append(
                GenerationWarning(
                    keyword: "messages", pointer: thought.pointer,
                    message: "the thinking is that of the model '\(APIError.quoted(other))' and is left out"))
        }
        guard !changed.isEmpty else { return }
        thoughts = kept
        let texts = Dictionary(grouping: kept, by: \.message)
        for index in changed {
            generation.conversation.messages[index].reasoning = Thought.joined((texts[index] ?? []).map(\.text))
        }
    }
}
