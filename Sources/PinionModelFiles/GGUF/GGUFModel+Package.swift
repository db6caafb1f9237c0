import Foundation

/// What a package tells of a GGUF model beside its tensors.
extension GGUFModel {
    private static let templateKey = "tokenizer.chat_template"

    func family() throws(ModelError) -> ModelFamily {
        guard let name = self["general.architecture"]?.string else {
            throw ModelError(.invalidConfiguration, "\(path): has no general.architecture")
        }
        guard let family = ModelFamily.allCases.first(where: { FileWord($0.rawValue) == FileWord(name) }) else {
            throw ModelError(
                .unsupportedArchitecture,
                "\(path): architecture '\(FileWord(name).shown)' is not supported, expected one of \(ModelFamily.names)"
            )
        }
        return family
    }

    /// The tensor's name in the file.
    func name(of place: TensorName) -> String {
        guard let family = try? family() else { return place.inGGUF }
        return TensorName(
            family.part(place.part), layer: place.layer, expert: place.expert, isBias: place.isBias
        ).inGGUF
    }

    /// Whether a tensor belongs to one of the layers for multi-token prediction, which follow the model's own layers.
    func isSpare(_ name: String) -> Bool {
        guard let prefix = self["general.architecture"]?.string,
            let guessing = self[prefix + ".nextn_predict_layers"]?.int,
            guessing > 0, let blocks = self[prefix + ".block_count"]?.int
        else { return false }
        let parts = name.utf8.split(separator: UInt8(ascii: "."), maxSplits: 2)
        guard parts.count == 3, parts[0].elementsEqual("blk".utf8), let layer = Int(String(parts[1]) ?? "") else {
            return false
        }
        return layer >= blocks - guessing
    }

    var chatTemplates: [ChatTemplateSource] {
        metadata.compactMap { key, value in
            guard let source = value.string else { return nil }
            if FileWord(key) == FileWord(Self.templateKey) { return ChatTemplateSource(name: nil, source: source) }
            guard key.utf8.starts(with: (Self.templateKey + ".").utf8) else { return nil }
            let name = String(key.dropFirst(Self.templateKey.count + 1))
            return ChatTemplateSource(name: name, source: source)
        }
    }

    var generationDefaults: GenerationDefaults {
        var defaults = GenerationDefaults()
        defaults.temperature = self["general.sampling.temp"]?.double
        defaults.topP = self["general.sampling.top_p"]?.double
        defaults.topK = self["general.sampling.top_k"]?.int
        defaults.minP = self["general.sampling.min_p"]?.double
        defaults.repetitionPenalty = self["general.sampling.penalty_repeat"]?.double
        return defaults
    }

    var naming: ModelNaming {
        ModelNaming(
            file: URL(filePath: path).deletingPathExtension().lastPathComponent,
            base: self["general.basename"]?.string ?? self["general.name"]?.string,
            sizeLabel: self["general.size_label"]?.string, finetune: self["general.finetune"]?.string,
            version: self["general.version"]?.string)
    }
}
