import Foundation
package import PinionTensor
package import PinionTokenizer

/// A model as its files describe it: numbers, tensors by their place, tokenizer, templates and defaults.
///
/// Above this type no file format is known. Opening reads headers only; weights stay in the mapped files:
///
///     let package = try ModelPackage(path: path)
///     let numbers = try package.hyperparameters()
///     let embedding = try package.tensor(TensorName(.embedding))
package struct ModelPackage: Sendable {
    private enum Files: Sendable {
        case gguf(GGUFModel)
        case folder(ModelFolder)
    }

    /// How the names of weight files end, in lower case.
    package static let fileEndings = [".gguf", ".safetensors"]

    /// The file or folder that was named.
    package let path: String
    private let files: Files

    /// Opens a GGUF file, any file of a split one, or a folder in the layout of the Hugging Face hub.
    ///
    /// - Throws: ``ModelError`` naming the file, what was found and what was expected.
    package init(path: String) throws(ModelError) {
        self.path = path
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            files = .folder(try ModelFolder(path: path))
            return
        }
        do {
            files = .gguf(try GGUFModel(path: path))
        } catch { throw ModelError(error) }
    }

    /// Which family runs the model.
    ///
    /// - Throws: ``ModelError`` for an architecture that this build does not run, with those that it does.
    package func family() throws(ModelError) -> ModelFamily {
        switch files {
        case .gguf(let model): try model.family()
        case .folder(let folder): try folder.family()
        }
    }

    /// - Throws: ``ModelError`` for numbers that are missing, contradict each other or are not known.
    package func hyperparameters() throws(ModelError) -> Hyperparameters {
        switch files {
        case .gguf(let model): try Hyperparameters(model, model.family())
        case .folder(let folder): try folder.hyperparameters()
        }
    }
}

// MARK: - Tensors

extension ModelPackage {
    /// The tensor of a place, as it is to be read; nil when the files have none.
    ///
    /// - Throws: ``ModelError`` when what goes with it, such as its scales, does not fit it.
    package func tensor(_ name: TensorName) throws(ModelError) -> StoredTensor? {
        switch files {
        case .gguf(let model): model.tensor(named: model.name(of: name))
        case .folder(let folder): try folder.tensor(name)
        }
    }

    /// What the files call a place, for messages.
    package func spelling(_ name: TensorName) -> String {
        switch files {
        case .gguf(let model): model.name(of: name)
        case .folder(let folder): folder.spelling(name)
        }
    }

    /// All tensors, in the order of the files.
    package var tensors: [StoredTensor] {
        switch files {
        case .gguf(let model): model.tensors
        case .folder(let folder): folder.tensors
        }
    }

    /// The first tensor that is none of `used` (by the files' names), and that inference needs.
    package func firstUnused(_ used: (String) -> Bool) -> StoredTensor? {
        tensors.first { !used($0.name) && !isSpare($0.name) }
    }

    /// Whether inference does not need a tensor, by the files' name for it.
    package func isSpare(_ name: String) -> Bool {
        switch files {
        case .gguf(let model): model.isSpare(name)
        case .folder(let folder): folder.isSpare(name)
        }
    }

    /// A digest of all that the model's behaviour depends on: weights, numbers, tokenizer and templates.
    package func digest(team: WorkerTeam) -> UInt64 {
        switch files {
        case .gguf(let model): ContentDigest.of(model.files.map(\.file), team: team)
        case .folder(let folder): ContentDigest.of(folder.digestedFiles, team: team)
        }
    }
}

// MARK: - What the text layer reads

extension ModelPackage {
    /// The tokenizer that the files describe.
    ///
    /// - Throws: ``ModelError`` naming the key or file, what was found and what was expected; `TokenizerError` for a
    ///   tokenizer of a kind that is not supported, or that contradicts itself.
    package func tokenizer() throws -> TokenizerDescription {
        switch files {
        case .gguf(let model): return try TokenizerDescription(TokenizerMetadata(model))
        case .folder(let folder): return try folder.tokenizer()
        }
    }

    /// The chat template that counts unless another is asked for.
    package var chatTemplate: String? { chatTemplates.first { $0.name == nil }?.source }

    /// All chat templates; the default one has no name.
    package var chatTemplates: [ChatTemplateSource] {
        switch files {
        case .gguf(let model): model.chatTemplates
        case .folder(let folder): folder.chatTemplates
        }
    }

    /// Where a chat template was looked for, for the message that there is none.
    package var templatePlace: String {
        switch files {
        case .gguf: "tokenizer.chat_template"
        case .folder: "additional_chat_templates, chat_template.jinja, chat_template.json or tokenizer_config.json"
        }
    }

    /// - Throws: ``ModelError`` naming a value of another type than it should have.
    package var generationDefaults: GenerationDefaults {
        get throws(ModelError) {
            switch files {
            case .gguf(let model): model.generationDefaults
            case .folder(let folder): try folder.generationDefaults()
            }
        }
    }

    package var naming: ModelNaming {
        switch files {
        case .gguf(let model): model.naming
        case .folder(let folder): ModelNaming(file: URL(filePath: folder.path).lastPathComponent)
        }
    }

    /// Metadata in the order of the files: keys, and values for tables.
    package var metadata: [(key: String, value: MetadataValue)] {
        switch files {
        case .gguf(let model): model.metadata
        case .folder(let folder): folder.metadata
        }
    }

    /// The format and its version, for people.
    package var format: String {
        switch files {
        case .gguf(let model): "GGUF version \(model.files[0].version)"
        case .folder: "safetensors"
        }
    }

    /// Bytes of all weight files.
    package var byteCount: Int {
        switch files {
        case .gguf(let model): model.files.reduce(0) { $0 + $1.file.bytes.count }
        case .folder(let folder): folder.weightBytes
        }
    }
}
