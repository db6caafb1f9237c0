import PinionTensor

/// A GGUF file to be made: its header, and where the bytes of each of its tensors come from.
struct QuantisationPlan {
    enum Content {
        /// As the input has them.
        case copy(StoredTensor)
        /// Matrices, or parts of them, one behind the other: one for most tensors, one for each expert in stacks.
        case matrices([TensorEncoder])
        /// Widened to F32, in the order of the stored elements that is given; nil for theirs.
        case vector(StoredTensor, order: [Int]?)
        case floats([Float])
    }

    var header = GGUFHeader()
    /// One for each of the header's tensors.
    private(set) var contents: [Content] = []
    /// The numbers that the file's readers are to find in it; nil where they are the input's by their bytes.
    var expected: Hyperparameters?
    /// Files that are read while the output is written.
    let inputs: [MappedFile]

    init(inputs: [MappedFile]) {
        self.inputs = inputs
    }

    mutating func add(_ name: String, shape: [Int], type: TensorType, _ content: Content) {
        header.tensors.append(GGUFHeader.Tensor(name: name, shape: shape, type: type))
        contents.append(content)
    }
}

extension QuantisationPlan {
    static let fileTypeKey = "general.file_type"
    static let versionKey = "general.quantization_version"
    /// Of GGML's blocks.
    static let version: UInt32 = 2

    /// Stems of matrices that no kernel multiplies, or that are too small and too sensitive to be worth rounding: learned
    /// positions, convolutions of recurrent layers, and their like.
    private static let floatStems: Set<String> = [
        "position_embd", "token_types", "ssm_conv1d", "shortconv.conv", "attn_rel_b", "enc.attn_rel_b",
        "dec.attn_rel_b", "per_layer_model_proj",
    ]

    /// Whether a tensor is a matrix, or a stack of them, that is rounded.
    ///
    /// A router (`ffn_gate_inp`) is not: another expert is chosen for a small difference of its scores.
    static func isRounded(_ name: String, shape: [Int]) -> Bool {
        let place = TensorPlace(name)
        return place.isWeight && (2...3).contains(shape.count) && !place.stem.hasSuffix("_norm")
            && !place.stem.hasPrefix("ffn_gate_inp") && !place.stem.hasPrefix("time_mix")
            && !floatStems.contains(place.stem)
    }
}

extension QuantisationPlan {
    /// Keys of a file that is one of several, which the output is not.
    private static let splitPrefix = "split."

    /// The plan for a GGUF model: all metadata as its bytes are, but for the kind of file.
    ///
    /// - Throws: ``ModelError`` for a matrix that is rounded already, unless to the type that it is to have: rounded twice,
    ///   it would be worse than its new type promises, and the file would not say so. Then its bytes are copied.
    init(_ model: GGUFModel, _ mix: QuantisationMix) throws(ModelError) {
        self.init(inputs: model.files.map(\.file))
        let first = model.files[0]
        header.alignment = first.alignment
        var replaced: [FileWord: GGUFValue] = [
            FileWord(Self.fileTypeKey): .uint32(mix.fileType), FileWord(Self.versionKey): .uint32(Self.version),
        ]
        for (entry, range) in zip(first.metadata, first.metadataRanges) {
            if let value = replaced.removeValue(forKey: FileWord(entry.key)) {
                header.add(entry.key, value)
            } else if !entry.key.utf8.starts(with: Self.splitPrefix.utf8) {
                header.add(bytes: first.file.bytes[range])
            }
        }
        for key in [Self.fileTypeKey, Self.versionKey] {
            if let value = replaced[FileWord(key)] { header.add(key, value) }
        }
        let outline = ModelOutline(model)
        for tensor in model.tensors {
            guard case .format(let stored) = tensor.type else { throw Self.isRoundedAlready(tensor, mix.rawValue) }
            guard Self.isRounded(tensor.name, shape: tensor.shape) else {
                add(tensor.name, shape: tensor.shape, type: stored, .copy(tensor))
                continue
            }
            let type = mix.type(of: tensor.name, in: outline).filled(by: tensor.shape[0])
            guard stored != type else {
                add(tensor.name, shape: tensor.shape, type: type, .copy(tensor))
                continue
            }
            guard stored.blockElements == 1 else {
                throw Self.isRoundedAlready(tensor, type.name)
            }
            do throws(TensorError) {
                add(tensor.name, shape: tensor.shape, type: type, .matrices([try TensorEncoder(tensor, as: type)]))
            } catch { throw ModelError(error) }
        }
    }
}

extension QuantisationPlan {
    fileprivate static func isRoundedAlready(_ tensor: StoredTensor, _ type: String) -> ModelError {
        ModelError(
            .invalidTensor,
            "\(tensor.file.path): tensor '\(FileWord(tensor.name).shown)' is \(tensor.type.name) already, and rounding it "
                + "again to \(type) would lose more than that says; expected F32, F16 or BF16: give the model's float file "
                + "or folder")
    }
}

extension ModelOutline {
    private static let largestNumber = 1 << 20

    fileprivate init(_ model: GGUFModel) {
        let architecture = model["general.architecture"]?.string ?? ""
        func number(_ key: String) -> Int {
            let value = model[architecture + "." + key]
            // Some families have a number for each layer.
            let found = value?.int ?? value?.integers?.max().flatMap { Int(exactly: $0) } ?? 0
            // The file is not one that this build has to run; its numbers only choose types.
            return min(max(found, 0), Self.largestNumber)
        }
        self.init(
            architecture: architecture, layers: number("block_count"), heads: number("attention.head_count"),
            cacheHeads: number("attention.head_count_kv"), experts: number("expert_count"),
            names: model.tensors.map(\.name))
    }

    init(architecture: String, layers: Int, heads: Int, cacheHeads: Int, experts: Int, names: [String]) {
        self.architecture = architecture
        self.layers = layers
        self.heads = heads
        self.cacheHeads = cacheHeads
        self.experts = experts
        hasHead = names.contains { FileWord($0) == "output.weight" }
        valueLayers = QuantisationMix.valueLayers(names)
    }
}
