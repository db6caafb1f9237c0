import Foundation
import PinionTensor

/// A model in a folder as the Hugging Face hub lays it out: configuration, safetensors, tokenizer and templates.
///
/// Symbolic links are followed, because the hub's own cache is made of them.
struct ModelFolder: Sendable {
    /// Files beside the weights that the model's behaviour depends on.
    static let textFiles = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja",
        "chat_template.json",
        "generation_config.json",
    ]
    /// Models of several parts whose text part runs, and what that part is when it does not say.
    private static let outerTypes: [FileWord: String] = ["gemma3": "gemma3_text", "mistral3": "mistral"]
    private static let scaleNames = ["weight_scale_inv", "weight_scale"]
    private static let blockRule = "quantization_config.weight_block_size"

    let path: String
    let configuration: FolderConfiguration
    let weights: WeightFiles
    let texts: FolderTexts
    private let configurationFile: MappedFile
    private let row: Result<FolderFamily, ModelError>
    private let prefix: String
    private let isTied: Bool

    /// - Throws: ``ModelError`` naming the file, what was found and what was expected.
    init(path: String) throws(ModelError) {
        self.path = path
        let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
        let file = folder + "/" + FolderConfiguration.fileName
        guard FileManager.default.fileExists(atPath: file) else {
            throw ModelError(.invalidConfiguration, "\(path): is a folder without \(FolderConfiguration.fileName)")
        }
        do throws(TensorError) {
            configurationFile = try MappedFile(path: file)
        } catch { throw ModelError(error) }
        configuration = try FolderConfiguration(configurationFile)
        weights = try WeightFiles(folder: folder)
        texts = try FolderTexts(folder: folder)
        let row = Self.row(configuration)
        self.row = row
        let family = try? row.get()
        let weights = weights
        prefix =
            family.flatMap { family in
                family.prefixes.first { prefix in
                    family.name(TensorName(.embedding)).map { weights.tensor(named: prefix + $0) != nil } ?? false
                }
            } ?? family?.prefixes.first ?? ""
        let told = configuration["tie_word_embeddings"]?.bool
        let hasHead = Self.headNames.contains { weights.tensor(named: $0) != nil }
        isTied = told ?? (!hasHead && family?.defaults["tie_word_embeddings"] == .bool(true))
    }

    var tensors: [StoredTensor] { weights.tensors }
    var weightBytes: Int { weights.files.reduce(0) { $0 + $1.file.bytes.count } }
    var digestedFiles: [MappedFile] { weights.files.map(\.file) + [configurationFile] + texts.files }
    var metadata: [(key: String, value: MetadataValue)] {
        configuration.entries.compactMap { entry in entry.value.map { (entry.key, $0) } }
    }

    func family() throws(ModelError) -> ModelFamily { try row.get().family }

    func hyperparameters() throws(ModelError) -> Hyperparameters {
        let row = try row.get()
        let tie = "tie_word_embeddings"
        if let value = configuration[tie], value.bool == nil {
            throw ModelError(
                .invalidConfiguration,
                "\(configuration.path): '\(tie)' is \(value.summary) (\(value.typeName)), expected true or false")
        }
        try checkQuantisation(row)
        var numbers = try Hyperparameters(configuration, row)
        let name = spelling(TensorName(.embedding))
        guard let embedding = weights.tensor(named: name), embedding.shape.count == 2,
            (1...Hyperparameters.maximumVocabulary).contains(embedding.shape[1])
        else { throw ModelError(.invalidTensor, "\(path): has no matrix '\(name)'") }
        guard embedding.shape[1] == numbers.vocabulary else {
            throw ModelError(
                .invalidTensor,
                "\(path): tensor '\(name)' has \(embedding.shape[1]) rows, expected vocab_size, which is "
                    + "\(numbers.vocabulary)")
        }
        numbers.isHeadTied = isTied
        return numbers
    }

    private static func row(_ configuration: FolderConfiguration) -> Result<FolderFamily, ModelError> {
        let outer = configuration["outer.model_type"]?.string
        let own = configuration["model_type"]?.string
        let isOuter = own == nil || own.map { FileWord($0) } == outer.map { FileWord($0) }
        let type = isOuter ? outer.flatMap { outerTypes[FileWord($0)] } ?? own : own
        guard let type else {
            return .failure(ModelError(.invalidConfiguration, "\(configuration.path): has no model_type"))
        }
        let isKnownOuter = outer.map { outerTypes[FileWord($0)] != nil } ?? true
        guard isKnownOuter, let row = FolderFamily.of(type) else {
            let expected = FolderFamily.all.map(\.modelType) + outerTypes.keys.map(\.text).sorted()
            return .failure(
                ModelError(
                    .unsupportedArchitecture,
                    "\(configuration.path): model_type '\(FileWord(isKnownOuter ? type : outer ?? type).shown)' is not "
                        + "supported, expected one of \(expected.joined(separator: ", "))"))
        }
        return .success(row)
    }
}

// MARK: - Tensors

extension ModelFolder {
    private static let headNames = ["lm_head.weight", "language_model.lm_head.weight", "model.lm_head.weight"]
    /// Ends of names of tensors that inference does not need: tables that follow from the numbers, and what measured
    /// activations when a model was quantised.
    private static let spareEndings = [
        "rotary_emb.inv_freq", ".attn.masked_bias", ".attn.bias", ".input_scale", ".activation_scale", ".k_scale",
        ".v_scale", ".weight_scale_inv", ".weight_scale", "position_ids",
    ]
    /// Beginnings of names of tensors that see, hear or guess ahead.
    private static let spareBeginnings = [
        "vision_tower.", "multi_modal_projector.", "model.vision_tower.", "model.multi_modal_projector.",
        "vision_model.", "visual.", "model.visual.", "mtp.", "model.mtp.", "audio_tower.", "model.audio_tower.",
    ]

    /// Whether inference does not need a tensor.
    func isSpare(_ name: String) -> Bool {
        func ends(_ ending: String) -> Bool { name.utf8.reversed().starts(with: ending.utf8.reversed()) }
        return Self.spareEndings.contains(where: ends)
            || Self.spareBeginnings.contains { name.utf8.starts(with: $0.utf8) }
            || isTied && Self.headNames.contains(name) || isOfGuessingLayer(name)
    }

    /// Whether a tensor belongs to one of the layers for multi-token prediction, which follow the model's own layers.
    private func isOfGuessingLayer(_ name: String) -> Bool {
        guard let row = try? row.get(), let layers = configuration["num_hidden_layers"]?.int,
            let guessing = configuration["num_nextn_predict_layers"]?.int, guessing > 0
        else { return false }
        let beginning = prefix + row.layerFolder + "."
        guard name.utf8.starts(with: beginning.utf8) else { return false }
        let number = name.utf8.dropFirst(beginning.utf8.count).prefix { $0 != UInt8(ascii: ".") }
        return String(number).flatMap { Int($0) }.map { $0 >= layers } ?? false
    }

    /// Whether the family's folders have such a tensor.
    func mayHave(_ name: TensorName) -> Bool { (try? row.get())?.name(name) != nil }

    func spelling(_ name: TensorName) -> String {
        if name.part == .head {
            return Self.headNames.first { weights.tensor(named: $0) != nil } ?? Self.headNames[0]
        }
        guard let row = try? row.get(), let stem = row.name(name) else { return "\(name.part)" }
        if weights.tensor(named: prefix + stem) == nil, let newer = row.newerName(name),
            weights.tensor(named: prefix + newer) != nil
        {
            return prefix + newer
        }
        return prefix + stem
    }

    func tensor(_ name: TensorName) throws(ModelError) -> StoredTensor? {
        let row = try row.get()
        if name.part == .head && isTied || name.part != .head && row.name(name) == nil { return nil }
        if row.hasTransposedExperts, [.expertGateUp, .expertDown].contains(name.part) {
            return try transposedExperts(name)
        }
        guard var tensor = weights.tensor(named: spelling(name)) else { return nil }
        if row.isTransposed, tensor.shape.count == 2, name.layer != nil { tensor = tensor.transposed() }
        if row.normsLackOne, name.part.isNorm { tensor.addend = 1 }
        if tensor.type == .f8E4M3 { tensor.scales = try scales(of: tensor) }
        return tensor
    }

    /// The factors of a tensor of eight-bit floats: one, one a row, or one a block.
    private func scales(of tensor: StoredTensor) throws(ModelError) -> StoredTensor.BlockScales {
        func wrong(_ what: String) -> ModelError {
            ModelError(.invalidTensor, "\(tensor.file.path): tensor '\(tensor.name)' of F8_E4M3 \(what)")
        }
        guard tensor.shape.count == 2, let dot = tensor.name.lastIndex(of: ".") else { throw wrong("is no matrix") }
        let stem = tensor.name[...dot]
        guard let found = Self.scaleNames.lazy.compactMap({ weights.tensor(named: stem + $0) }).first else {
            throw wrong("has no '\(stem)\(Self.scaleNames[0])' or '\(stem)\(Self.scaleNames[1])'")
        }
        let (columns, rows) = (tensor.shape[0], tensor.shape[1])
        let flat = StoredTensor(
            name: found.name, type: found.type, shape: [found.elementCount], file: found.file, range: found.fileRange)
        let values: [Float]
        do {
            values = try FloatVector(flat).values
        } catch { throw ModelError(error) }
        let block = configuration[Self.blockRule]?.integers?.compactMap { Int(exactly: $0) } ?? []
        var (height, width) = (rows, columns)
        if values.count == rows && values.count > 1 && block.isEmpty {
            height = 1
        } else if values.count > 1 {
            guard block.count == 2, block.allSatisfy({ $0 > 0 }) else {
                throw wrong("has \(values.count) scales, expected 1, \(rows), or a weight_block_size")
            }
            (height, width) = (block[0], block[1])
        }
        guard
            let scales = StoredTensor.BlockScales(
                values: values, blockRows: height, blockColumns: width, rows: rows, columns: columns)
        else { throw wrong("of shape \(tensor.shape) has \(values.count) scales for blocks of \(height) x \(width)") }
        return scales
    }

    /// - Throws: ``ModelError`` naming a kind of quantisation that is not read.
    private func checkQuantisation(_ row: FolderFamily) throws(ModelError) {
        guard configuration.hasObject("quantization_config") else { return }
        let method = configuration["quantization_config.quant_method"]?.string ?? "?"
        let format = configuration["quantization_config.format"]?.string
        let isRead =
            method == "fp8" || method == "compressed-tensors" && format == "float-quantized"
            || method == "mxfp4" && row.hasTransposedExperts
        guard isRead else {
            let name = FileWord(format.map { "\(method) (\($0))" } ?? method).shown
            throw ModelError(
                .unsupportedArchitecture,
                "\(configuration.path): quantization_config is of the kind '\(name)', which is not supported, expected fp8; "
                    + "use the model's float weights, or a GGUF file of it")
        }
    }
}
