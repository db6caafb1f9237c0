import Foundation
import PinionGeneration
import PinionTemplate

/// What `--chat-template` asked for, and of which model.
struct TemplateReference: Equatable, Sendable {
    /// The id of the model; nil for the only one.
    let model: String?
    /// A file, or the name of a variant.
    let text: String

    /// Reads `FILE`, `NAME` or `ID=FILE`. An existing file wins over every other reading.
    ///
    /// - Throws: ``CommandFailure`` when it is not clear for which model the template is.
    init(_ text: String, for models: [ModelReference]) throws {
        if !FileManager.default.fileExists(atPath: text), let equals = text.firstIndex(of: "=") {
            let id = String(text[..<equals])
            if models.contains(where: { $0.servedID == id }) {
                (model, self.text) = (id, String(text[text.index(after: equals)...]))
                return
            }
        }
        guard models.count == 1 else {
            throw CommandFailure(
                "--chat-template \(text) does not say for which of the \(models.count) models it is: name the model with "
                    + "--model ID=FILE, and the template with --chat-template ID=FILE")
        }
        (model, self.text) = (nil, text)
    }

    /// - Parameter file: A file, or the name of a variant.
    init(file: String) {
        (model, text) = (nil, file)
    }

    /// The template's text where it is a file, else a variant's name.
    func choice() throws -> ServedTemplate.Choice {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: text, isDirectory: &isFolder), !isFolder.boolValue else {
            return .variant(text)
        }
        let data = try FileContents.of(text, kind: "chat template", limit: TemplateLimits.sourceLength)
        guard let source = String(validating: data, as: UTF8.self) else {
            throw CommandFailure("the chat template \(text) is not UTF-8")
        }
        return .source(source, file: text)
    }
}
