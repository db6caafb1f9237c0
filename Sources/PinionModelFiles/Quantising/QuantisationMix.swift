package import PinionTensor

/// A kind of file: which type most matrices take, and which take another.
///
/// Names, and what they mean for a tensor, are those of `llama-quantize`, so that a name promises the same file. The
/// tensors that get more bits are those whose rounding costs most: the output head, values of attention, and down
/// projections, the last two in the layers at both ends and in every third between.
package enum QuantisationMix: String, Sendable, CaseIterable {
    case f32, f16, bf16
    case q8_0, q6_k, q5_k_m, q5_k_s, q4_k_m, q4_k_s, q4_0

    /// Names that are short for another.
    private static let aliases: [String: QuantisationMix] = ["q5_k": .q5_k_m, "q4_k": .q4_k_m]

    /// All names that ``init(named:)`` takes.
    package static let names = allCases.map(\.rawValue) + aliases.keys.sorted()

    /// - Returns: nil for an unknown name; upper case is as good as lower.
    package init?(named name: String) {
        let word = name.lowercased()
        guard let mix = QuantisationMix(rawValue: word) ?? Self.aliases[word] else { return nil }
        self = mix
    }

    /// What most matrices are rounded to.
    package var base: TensorType {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        case .q8_0: .q8_0
        case .q6_k: .q6_K
        case .q5_k_m, .q5_k_s: .q5_K
        case .q4_k_m, .q4_k_s: .q4_K
        case .q4_0: .q4_0
        }
    }

    /// `general.file_type`, the number that GGML gives to the kind of file.
    var fileType: UInt32 {
        switch self {
        case .f32: 0
        case .f16: 1
        case .q4_0: 2
        case .q8_0: 7
        case .q4_k_s: 14
        case .q4_k_m: 15
        case .q5_k_s: 16
        case .q5_k_m: 17
        case .q6_k: 18
        case .bf16: 32
        }
    }
}

/// What the choice of a tensor's type depends on, beside the tensor.
struct ModelOutline {
    /// `general.architecture`
    var architecture: String
    var layers: Int
    var heads: Int
    var cacheHeads: Int
    /// 0 where the feed-forward blocks have no experts.
    var experts: Int
    /// Whether a matrix of its own is the output head.
    var hasHead: Bool
    /// The layers that have values of attention, in order.
    var valueLayers: [Int]
}

extension QuantisationMix {
    /// Experts of Mixtral, whose attention is small beside them.
    private static let mixtralExperts = 8
    /// Layers of Llama's models of 70 B, whose values are small beside their queries.
    private static let largeLlamaLayers = 80
    /// The leading layers whose values get a bit more in the small mixes.
    private static let leadingValues = 4
    private static let valueStems: Set<String> = ["attn_v", "attn_qkv", "attn_kv_b"]

    /// The type of a matrix whose columns fill its blocks.
    ///
    /// Source: the types in `llama-quantize`'s files of models made for it: 10, 32 and 80 layers, tied heads, fused and
    /// separate projections, 4, 8 and 16 experts.
    ///
    /// - Parameter name: The tensor's name in a GGUF file.
    func type(of name: String, in model: ModelOutline) -> TensorType {
        guard base.blockElements > 1 else { return base }
        let place = TensorPlace(name)
        switch place.stem {
        case "output": return base == .q8_0 ? .q8_0 : .q6_K
        case "token_embd": return model.hasHead || base == .q8_0 ? base : .q6_K
        case let stem where Self.valueStems.contains(stem): return values(place, model)
        case "attn_k" where model.experts == Self.mixtralExperts: return .q8_0
        case "attn_output" where model.experts == Self.mixtralExperts && base == .q4_K: return .q5_K
        case let stem where stem.hasPrefix("ffn_down"): return down(place, model)
        default: return base
        }
    }

    private func values(_ place: TensorPlace, _ model: ModelOutline) -> TensorType {
        if place.stem == "attn_v" && model.experts == Self.mixtralExperts { return .q8_0 }
        let index = place.layer.flatMap { model.valueLayers.firstIndex(of: $0) } ?? 0
        if getsMoreBits(index, of: model.valueLayers.count) { return .q6_K }
        if self == .q4_k_s && index < Self.leadingValues { return .q5_K }
        let isLarge =
            model.architecture == "llama" && model.layers == Self.largeLlamaLayers && model.heads != model.cacheHeads
        return isLarge && base == .q4_K ? .q5_K : base
    }

    private func down(_ place: TensorPlace, _ model: ModelOutline) -> TensorType {
        let layer = place.layer ?? 0
        if getsMoreBits(layer, of: model.layers) { return .q6_K }
        return self == .q4_k_s && layer < model.layers / 8 ? .q5_K : base
    }

    /// The layers that have values of attention, in order: in a model of several kinds of layers not all.
    static func valueLayers(_ names: [String]) -> [Int] {
        names.compactMap { name in
            let place = TensorPlace(name)
            return place.isWeight && valueStems.contains(place.stem) ? place.layer : nil
        }.sorted()
    }

    /// Whether a layer is among the first or last eighth, or every third between; only in the medium mixes.
    private func getsMoreBits(_ index: Int, of count: Int) -> Bool {
        guard self == .q4_k_m || self == .q5_k_m else { return false }
        return index < count / 8 || index >= 7 * count / 8 || (index - count / 8) % 3 == 2
    }
}

/// A tensor's name in a GGUF file, taken apart: `blk.7.ffn_down.weight`.
struct TensorPlace {
    /// Above any model's; a name may say any number.
    private static let layers = 0..<1 << 20

    /// nil for tensors that the model has once.
    let layer: Int?
    /// Between the layer and the last dot: `ffn_down`.
    let stem: String
    /// Whether the name ends with `.weight`.
    let isWeight: Bool

    init(_ name: String) {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false)
        isWeight = parts.last == "weight"
        if parts.count > 1 { parts.removeLast() }
        if parts.count > 2, parts[0] == "blk", let number = Int(parts[1]), Self.layers.contains(number) {
            layer = number
            parts.removeFirst(2)
        } else {
            layer = nil
        }
        stem = parts.joined(separator: ".")
    }
}

extension TensorType {
    /// The type that takes columns which do not fill this one's blocks: one of 32 columns with a bit more.
    private var fallback: TensorType? {
        switch self {
        case .q4_K: .q5_0
        case .q5_K: .q5_1
        case .q6_K: .q8_0
        default: nil
        }
    }

    /// This type, or what comes nearest to it and has blocks that the columns fill.
    func filled(by columns: Int) -> TensorType {
        if columns % blockElements == 0 { return self }
        if let fallback, columns % fallback.blockElements == 0 { return fallback }
        return .f16
    }
}
