package import PinionModelFiles
package import PinionTemplate
package import PinionTokenizer
import TextGeneration

/// The chat template that a model is served with, and where it comes from.
package struct ServedTemplate: Sendable {
    /// Where a template comes from.
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

    package let origin: Origin
    /// What the operator chose, for the fingerprint: a template's text, or a variant's name; nil for the model's own
    /// default. The files' digest does not cover it.
    package let choiceText: String?
    package let template: ChatTemplate

    /// The template of a model; nil where its files have none and no format is certain.
    ///
    /// - Throws: `TemplateError` for a template that cannot be parsed, ``GenerationError`` for a variant that is not there,
    ///   `ModelError` for an unknown architecture.
    package init?(_ package: ModelPackage, _ tokenizer: Tokenizer, choice: Choice? = nil) throws {
        let templates = package.chatTemplates
        switch choice {
        case .source(let source):
            (origin, choiceText) = (.given, source)
            template = try ChatTemplate(source: source)
        case .variant(let name):
            guard let variant = templates.first(where: { $0.name.map { FileWord($0) == FileWord(name) } ?? false })
            else { throw Self.unknownVariant(name, package) }
            (origin, choiceText) = (.model(name: name), name)
            template = try ChatTemplate(source: variant.source)
        case nil:
            choiceText = nil
            if let source = package.chatTemplate {
                origin = .model(name: nil)
                template = try ChatTemplate(source: source)
            } else if let format = FamilyTemplate.certain(try package.family(), tokenizer) {
                origin = .family(format.name)
                template = try ChatTemplate(source: format.source)
            } else {
                return nil
            }
        }
    }

    private static func unknownVariant(_ name: String, _ package: ModelPackage) -> GenerationError {
        let names = package.chatTemplates.compactMap(\.name)
        let found =
            names.isEmpty ? "the model has no named chat templates" : "the model's are \(names.joined(separator: ", "))"
        return GenerationError(
            .model, "there is no file '\(name)', nor a chat template of that name: \(found)")
    }
}
