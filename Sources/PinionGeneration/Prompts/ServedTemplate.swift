package import PinionModelFiles
package import PinionTemplate
package import PinionTokenizer
package import TextGeneration

/// The chat template that a model is served with, and where it comes from.
package struct ServedTemplate: Sendable {
    /// Where a template comes from.
    package enum Origin: Sendable, Equatable {
        /// The model's own files; `name` is that of a variant, nil for the default one.
        case model(name: String?)
        /// A text that was given for the model.
        case given(String)
        /// The format that the model's control tokens belong to.
        case family(String)
    }

    /// What is asked for instead of the model's own default template.
    package enum Choice: Sendable, Equatable {
        /// A variant by its name.
        case variant(String)
        /// A template's text, and the file that it is from.
        case source(String, file: String)
    }

    /// Variants that a message names.
    private static let maximumListed = 16

    package let origin: Origin
    package let template: ChatTemplate
    /// The template's text.
    package let source: String

    /// The template that was chosen for a model, or its own; nil where there is neither.
    ///
    /// - Throws: ``GenerationError`` naming the file of a template that cannot be parsed, or a variant that is not there.
    package init?(_ package: ModelPackage, choice: Choice? = nil) throws(GenerationError) {
        switch choice {
        case .source(let source, let file):
            origin = .given(source)
            self.source = source
            template = try Self.parsed(source, of: file)
        case .variant(let name):
            let word = ChatTemplateSource.variant(name).map { FileWord($0) }
            guard let variant = package.chatTemplates.first(where: { $0.name.map { FileWord($0) } == word })
            else { throw Self.unknownVariant(name, package) }
            origin = .model(name: variant.name)
            source = variant.source
            template = try Self.parsed(variant.source, of: package.path)
        case nil:
            guard let source = package.chatTemplate else { return nil }
            origin = .model(name: nil)
            self.source = source
            template = try Self.parsed(source, of: package.path)
        }
    }

    /// The format that a model's control tokens belong to; nil where none is certain, or the model has templates of which
    /// none is the default one.
    ///
    /// - Throws: `ModelError` for an unknown architecture.
    package init?(guessedFor package: ModelPackage, _ tokenizer: Tokenizer) throws {
        guard package.chatTemplates.isEmpty, let format = FamilyTemplate.certain(try package.family(), tokenizer)
        else { return nil }
        origin = .family(format.name)
        source = format.source
        template = try Self.parsed(format.source, of: format.name)
    }

    /// What the operator chose, for the fingerprint: a template's text, or a variant's name; nil for the model's own
    /// default. The files' digest does not cover it.
    var choiceText: String? {
        switch origin {
        case .given(let source): source
        case .model(let name): name
        case .family: nil
        }
    }

    private static func parsed(_ source: String, of file: String) throws(GenerationError) -> ChatTemplate {
        do {
            return try ChatTemplate(source: source)
        } catch { throw GenerationError(.model, "\(file): \(error)") }
    }

    /// The names of a model's variants, for messages; nil when there are none.
    package static func names(_ package: ModelPackage) -> String? {
        let names = package.chatTemplates.compactMap(\.name).prefix(maximumListed).map { FileWord($0).shown }
        return names.isEmpty ? nil : names.joined(separator: ", ")
    }

    private static func unknownVariant(_ name: String, _ package: ModelPackage) -> GenerationError {
        let found = names(package).map { "the model's are \($0)" } ?? "the model has no named chat templates"
        return GenerationError(
            .model, "\(package.path): there is no file '\(name)', nor a chat template of that name: \(found)")
    }
}
