package import PinionModelFiles
package import PinionTemplate
package import PinionTokenizer
import TextGeneration

/// The chat templates that a model is served with.
package struct ChatTemplates: Sendable {
    /// Where the templates come from.
    package enum Origin: Sendable, Equatable {
        /// The model's own files; `name` is that of a variant, nil for the default one.
        case model(name: String?)
        /// A text that was given for the model.
        case given
        /// The format that the model's control tokens belong to.
        case family(String)
    }

    /// What is asked for instead of the model's own default template.
    package enum Choice: Sendable, Equatable {
        /// A variant by its name.
        case variant(String)
        /// A template's text.
        case source(String)
    }

    /// The variant for requests with tools, by the name that the hub gives it.
    private static let toolVariant = "tool_use"

    package let origin: Origin
    /// The text of a template that is not among the model's files, which its digest therefore does not cover; and the
    /// name of a variant.
    package let choiceText: String?
    private let `default`: ChatTemplate
    private let withTools: ChatTemplate?

    /// The templates of a model; nil where its files have none and no format is certain.
    ///
    /// - Throws: ``GenerationError`` for a template that cannot be parsed, or a variant that is not there.
    package init?(_ package: ModelPackage, _ tokenizer: Tokenizer, choice: Choice? = nil) throws {
        let templates = package.chatTemplates
        switch choice {
        case .source(let source):
            (origin, choiceText, withTools) = (.given, source, nil)
            self.default = try ChatTemplate(source: source)
        case .variant(let name):
            guard let variant = templates.first(where: { $0.name.map { $0.utf8.elementsEqual(name.utf8) } ?? false })
            else { throw Self.unknownVariant(name, package) }
            (origin, choiceText, withTools) = (.model(name: name), name, nil)
            self.default = try ChatTemplate(source: variant.source)
        case nil:
            choiceText = nil
            if let source = package.chatTemplate {
                origin = .model(name: nil)
                self.default = try ChatTemplate(source: source)
                withTools = try templates.first { $0.name == Self.toolVariant }.map {
                    try ChatTemplate(source: $0.source)
                }
            } else if let format = FamilyTemplate.certain(try package.family(), tokenizer) {
                origin = .family(format.name)
                self.default = try ChatTemplate(source: format.source)
                withTools = nil
            } else {
                return nil
            }
        }
    }

    /// One template for every request.
    package init(_ template: ChatTemplate) {
        (origin, choiceText, withTools, self.default) = (.given, nil, nil, template)
    }

    /// The template for a conversation: the variant for tools where there are tools.
    func template(for conversation: Conversation) -> ChatTemplate {
        conversation.tools.isEmpty ? self.default : withTools ?? self.default
    }

    private static func unknownVariant(_ name: String, _ package: ModelPackage) -> GenerationError {
        let names = package.chatTemplates.compactMap(\.name)
        let found =
            names.isEmpty ? "the model has no named chat templates" : "the model's are \(names.joined(separator: ", "))"
        return GenerationError(
            .model, "there is no file '\(name)', nor a chat template of that name: \(found)")
    }
}
