/// What a folder's `model_type` means: the family that runs it, what a missing key stands for, and the names of its tensors.
struct FolderFamily: Sendable {
    /// The tensors of one layer and of the model, after the model's prefix.
    typealias Names = [TensorName.Part: String]

    let modelType: String
    let family: ModelFamily
    /// Values of keys that a configuration may leave out, as the reference implementation fills them in.
    let defaults: [String: MetadataValue]
    /// Names of tensors that differ from Llama's.
    var names: Names = [:]
    /// Whole names of tensors that a layer has once for all experts, if they differ from the common ones.
    var stacks: Names = [:]
    /// Whole names of biases that a layer has once for all experts.
    var stackBiases: Names = [:]
    /// Whole names that count where the first ones are not there: how transformers 5 spells older models.
    var newerNames: Names = [:]
    /// What stands before the names; the first whose embedding is there counts.
    var prefixes = ["model.", "language_model.model.", "model.language_model.", ""]
    /// The folder that a layer's names begin with.
    var layerFolder = "layers"
    /// Whether norm weights are stored less 1.
    var normsLackOne = false
    /// Whether projections are stored on their side.
    var isTransposed = false
    /// Whether experts' float matrices are stored transposed, with the columns of gate and up interleaved; the same folders
    /// may have MXFP4 in two tensors instead.
    var hasTransposedExperts = false

    /// Names as Llama has them.
    private static let common: Names = [
        .embedding: "embed_tokens", .finalNorm: "norm", .attentionNorm: "input_layernorm",
        .query: "self_attn.q_proj", .key: "self_attn.k_proj", .value: "self_attn.v_proj",
        .queryKeyValue: "self_attn.qkv_proj", .queryNorm: "self_attn.q_norm", .keyNorm: "self_attn.k_norm",
        .attentionOutput: "self_attn.o_proj", .feedForwardNorm: "post_attention_layernorm", .gate: "mlp.gate_proj",
        .up: "mlp.up_proj", .gateUp: "mlp.gate_up_proj", .down: "mlp.down_proj", .router: "mlp.gate",
        .expertGate: "mlp.experts.#.gate_proj", .expertUp: "mlp.experts.#.up_proj",
        .expertDown: "mlp.experts.#.down_proj", .sharedGate: "mlp.shared_expert.gate_proj",
        .sharedUp: "mlp.shared_expert.up_proj", .sharedDown: "mlp.shared_expert.down_proj",
        .sharedScale: "mlp.shared_expert_gate",
    ]
    /// Names that need no ending.
    private static let wholeNames: Names = [
        .expertGateUp: "mlp.experts.gate_up_proj", .expertDown: "mlp.experts.down_proj",
        .choiceBias: "mlp.gate.e_score_correction_bias", .sinks: "self_attn.sinks",
    ]

    /// The name after the prefix that counts where ``name(_:)`` is not there.
    func newerName(_ name: TensorName) -> String? {
        guard name.expert == nil, !name.isBias, let layer = name.layer else { return nil }
        return newerNames[name.part].map { "\(layerFolder).\(layer).\($0)" }
    }

    /// The name after the prefix; nil when the family has no such tensor.
    func name(_ name: TensorName) -> String? {
        guard var stem = stem(name), !stem.isEmpty else { return nil }
        if let expert = name.expert {
            stem = stem.split(separator: "#", omittingEmptySubsequences: false).joined(separator: String(expert))
        }
        return name.layer.map { "\(layerFolder).\($0).\(stem)" } ?? stem
    }

    /// The name within a layer, with the place of an expert's number.
    private func stem(_ name: TensorName) -> String? {
        if name.expert == nil, !name.isBias, let whole = stacks[name.part] ?? Self.wholeNames[name.part] {
            return whole
        }
        if name.expert == nil, name.isBias, let whole = stackBiases[name.part] { return whole }
        guard let stem = names[name.part] ?? Self.common[name.part], !stem.isEmpty else { return nil }
        return stem + (name.isBias ? ".bias" : ".weight")
    }

    static func of(_ modelType: String) -> FolderFamily? {
        all.first { FileWord($0.modelType) == FileWord(modelType) }
    }
}
