import Foundation
import PinionTensor

/// The metadata of a GGUF file that say a decoder's numbers.
///
/// Keys are those of llama.cpp's converter. What a family's readers take for granted is not written, so that a reader which
/// knows a key by another type than ours is not asked to.
struct NumbersInGGUF {
    private let numbers: Hyperparameters
    private let family: ModelFamily
    private(set) var entries: [(key: String, value: GGUFValue)] = []

    /// - Throws: ``ModelError`` for numbers that the format has no key for.
    init(_ numbers: Hyperparameters, _ family: ModelFamily, path: String) throws(ModelError) {
        self.numbers = numbers
        self.family = family
        addSizes()
        for entry in try ExpertsInGGUF(numbers, family, path: path).entries { add(entry.key, entry.value) }
        if let rotary = numbers.rotary {
            try addRotary(rotary, path)
        }
        addAttention()
        if family.hasFactors { addFactors() }
    }

    private mutating func add(_ key: String, _ value: GGUFValue) {
        entries.append((family.rawValue + "." + key, value))
    }

    private mutating func add(_ key: String, _ value: Int) { add(key, .uint32(UInt32(value))) }
    private mutating func add(_ key: String, _ value: Double) { add(key, .float32(Float(value))) }

    private mutating func addSizes() {
        add("block_count", numbers.layers)
        add("context_length", numbers.contextLength)
        add("embedding_length", numbers.width)
        add("feed_forward_length", numbers.feedForward)
        add("attention.head_count", numbers.heads)
        add("attention.head_count_kv", numbers.cacheHeads)
        add("attention.key_length", numbers.headDimension)
        add("attention.value_length", numbers.headDimension)
        let epsilon = family.hasLayerNorm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"
        add(epsilon, .float32(numbers.normEpsilon))
        add("vocab_size", numbers.vocabulary)
    }

    private mutating func addRotary(_ rotary: Rotary, _ path: String) throws(ModelError) {
        add("rope.dimension_count", rotary.dimensions)
        add("rope.freq_base", rotary.frequencies.base)
        if let windowed = rotary.windowedFrequencies { add("rope.freq_base_swa", windowed.base) }
        switch rotary.frequencies.scaling {
        case .none, .llama3: break
        case .linear(let factor):
            add("rope.scaling.type", .text("linear"))
            add("rope.scaling.factor", factor)
        case .yarn(let yarn): addYarn(yarn)
        case .longRope(let long):
            add("rope.scaling.original_context_length", long.original)
            add("rope.scaling.attn_factor", long.amplitude)
        case .dynamic:
            throw ModelError(
                .unsupportedArchitecture,
                "\(path): 'dynamic' rotary scaling cannot be said in a GGUF file; serve the folder itself, with --quantize"
            )
        }
    }

    private mutating func addYarn(_ yarn: Rotary.Yarn) {
        add("rope.scaling.type", .text("yarn"))
        add("rope.scaling.factor", yarn.factor)
        add("rope.scaling.original_context_length", yarn.original)
        add("rope.scaling.yarn_beta_fast", yarn.fast)
        add("rope.scaling.yarn_beta_slow", yarn.slow)
        if yarn.amplitude == 1 {
            add("rope.scaling.yarn_log_multiplier", 1.0)
        } else if yarn.amplitude != Rotary.Yarn.amplitude(yarn.factor) {
            add("rope.scaling.yarn_attn_factor", yarn.amplitude)
        }
    }

    private mutating func addAttention() {
        if let window = numbers.window {
            add("attention.sliding_window", window.length)
            if window.layers != Hyperparameters.windowed(numbers.layers, period: family.windowPeriod) {
                add("attention.sliding_window_pattern", .bools(window.layers))
            }
        } else if family.defaultWindow > 0 || family == .phi3 {
            // llama.cpp refuses a file of Phi 3 without it.
            add("attention.sliding_window", 0)
        }
        if let cap = numbers.attentionSoftCap { add("attn_logit_softcapping", .float32(cap)) }
        if let cap = numbers.logitSoftCap { add("final_logit_softcapping", .float32(cap)) }
        if let scale = numbers.attentionScale, scale != family.readScale(numbers) {
            add("attention.scale", .float32(scale))
        }
        if let temperature = numbers.temperature {
            add("attention.temperature_scale", temperature.factor)
            add("attention.temperature_length", temperature.length)
        }
    }

    private mutating func addFactors() {
        add("embedding_scale", .float32(numbers.embeddingFactor ?? 1))
        add("residual_scale", .float32(numbers.residualFactor))
        add("logit_scale", .float32(numbers.logitDivisor))
    }
}

extension ModelFamily {
    /// The factor of scores that readers of a file take which does not tell it.
    fileprivate func readScale(_ numbers: Hyperparameters) -> Float {
        numbers.layers == layersOfWideScale
            ? 1 / Float(numbers.width / numbers.heads).squareRoot() : 1 / Float(numbers.headDimension).squareRoot()
    }

    /// The activation that readers of a file take; none tells it.
    fileprivate var readActivation: ActivationKind {
        switch self {
        case .gemma, .gemma2, .gemma3, .gpt2: .geluTanh
        case .gptOss: .gptOss
        default: .silu
        }
    }
}

extension Hyperparameters {
    /// These numbers as a GGUF file says them: some it leaves to its readers or to tensors, and it holds single precision.
    ///
    /// - Throws: ``ModelError`` for an activation other than the family's.
    func saidInGGUF(_ family: ModelFamily, path: String) throws(ModelError) -> Hyperparameters {
        guard activation == nil || activation == family.readActivation else {
            throw ModelError(
                .unsupportedArchitecture,
                "\(path): the activation is another than the family's, which cannot be said in a GGUF file; serve the folder "
                    + "itself, with --quantize")
        }
        var said = self
        (said.activation, said.isHeadTied, said.attentionBias, said.feedForwardBias) = (nil, nil, nil, nil)
        if attentionScale == family.readScale(self) { said.attentionScale = nil }
        // Readers compute it by themselves for that count of layers.
        if layers == family.layersOfWideScale, said.attentionScale == nil {
            said.attentionScale = family.readScale(self)
        }
        said.rotary?.pairing = family.pairing
        said.rotary?.frequencies.inSinglePrecision()
        said.rotary?.windowedFrequencies?.inSinglePrecision()
        if let factor = temperature?.factor { said.temperature?.factor = Double(Float(factor)) }
        return said
    }

    /// The first number in which another differs, by its name.
    func firstDifference(from other: Hyperparameters) -> String? {
        for (own, others) in zip(Mirror(reflecting: self).children, Mirror(reflecting: other).children)
        where String(describing: own.value) != String(describing: others.value) {
            return own.label
        }
        return nil
    }
}

extension Rotary.Frequencies {
    fileprivate mutating func inSinglePrecision() {
        base = Double(Float(base))
        switch scaling {
        case .none, .dynamic: break
        case .linear(let factor): scaling = .linear(Double(Float(factor)))
        case .llama3: scaling = .none
        case .yarn(var yarn):
            let isOwn = yarn.amplitude == Rotary.Yarn.amplitude(yarn.factor)
            (yarn.factor, yarn.fast, yarn.slow) =
                (Double(Float(yarn.factor)), Double(Float(yarn.fast)), Double(Float(yarn.slow)))
            yarn.amplitude = isOwn ? Rotary.Yarn.amplitude(yarn.factor) : Double(Float(yarn.amplitude))
            scaling = .yarn(yarn)
        case .longRope(var long):
            (long.short, long.long, long.amplitude) = (nil, nil, Double(Float(long.amplitude)))
            scaling = .longRope(long)
        }
    }
}
