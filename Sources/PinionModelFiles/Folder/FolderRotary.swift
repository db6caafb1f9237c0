import Foundation
import PinionTensor

/// Reads how positions are rotated, from `rope_parameters` or the older `rope_theta` and `rope_scaling`.
struct FolderRotary {
    private static let parameters = "rope_parameters"
    private static let scaling = "rope_scaling"

    private let keys: KeyReader
    private let configuration: FolderConfiguration
    private let row: FolderFamily
    /// The path under which the configuration has the frequencies of layers without a window.
    private let full: String
    /// The path of the frequencies of layers with a window; nil where the configuration has none of their own.
    private let windowed: String?
    /// Whether the configuration says nothing at all of rotation.
    private let isUntold: Bool

    init(_ keys: KeyReader, _ configuration: FolderConfiguration, _ row: FolderFamily) {
        self.keys = keys
        self.configuration = configuration
        self.row = row
        let outer = configuration.hasObject(Self.scaling) ? Self.scaling : Self.parameters
        let nested = Self.parameters + ".full_attention"
        let local = Self.parameters + ".sliding_attention"
        let isNested = configuration.hasObject(nested)
        full = configuration.hasObject(Self.scaling) ? Self.scaling : isNested ? nested : outer
        windowed = configuration.hasObject(local) ? local : nil
        isUntold = !configuration.hasObject(outer) && configuration["rope_theta"] == nil
    }

    mutating func rotary(headDimension: Int, contextLength: Int) throws(ModelError) -> Rotary {
        let share = try keys.positiveIfAny(full + ".partial_rotary_factor")
        let outerShare = try keys.positiveIfAny("partial_rotary_factor")
        let part = share ?? outerShare ?? 1
        guard part <= 1 else {
            throw keys.wrong("partial_rotary_factor", .float(part), "a number up to 1")
        }
        let dimensions = Int(Double(headDimension) * part)
        let base = try base(full, "rope_theta")
        var rotary = Rotary(
            dimensions: dimensions, pairing: row.family == .glm4 ? .adjacent : .halves,
            frequencies: Rotary.Frequencies(
                base: base, scaling: try scaling(full, contextLength: contextLength)))
        switch row.modelType {
        case "gemma3_text":
            rotary.windowedFrequencies = try local("rope_local_base_freq", contextLength: contextLength)
        case "olmo3":
            let local = try local("rope_theta", contextLength: contextLength)
            if local != rotary.frequencies { rotary.windowedFrequencies = local }
        default: break
        }
        return rotary
    }

    /// Of layers with a window: unscaled unless they say otherwise.
    private func local(_ older: String, contextLength: Int) throws(ModelError) -> Rotary.Frequencies {
        guard let windowed else { return Rotary.Frequencies(base: try keys.positive(older)) }
        _ = keys.value(older)
        _ = keys.value(windowed + ".partial_rotary_factor")
        return Rotary.Frequencies(
            base: try base(windowed, older), scaling: try scaling(windowed, contextLength: contextLength))
    }

    private func base(_ place: String, _ older: String) throws(ModelError) -> Double {
        let outer = try keys.positive(older)
        return try keys.positiveIfAny(place + ".rope_theta") ?? outer
    }

    /// Ministral 3's queries grow with their positions.
    func temperature(contextLength: Int) throws(ModelError) -> Hyperparameters.Temperature? {
        guard row.modelType == "ministral3" else { return nil }
        let beta = try keys.positiveIfAny(full + ".llama_4_scaling_beta")
        guard let factor = beta ?? (isUntold ? Self.defaultBeta : nil) else { return nil }
        return Hyperparameters.Temperature(factor: factor, length: try original(full, contextLength))
    }

    private static let defaultBeta = 0.1
    /// What Ministral 3's configuration means when it says nothing of rotation.
    private static let defaultYarn = Rotary.Yarn(
        factor: 16, original: 16384, fast: 32, slow: 1, isTruncated: true, amplitude: 1)
    /// What gpt-oss's configuration means when it says nothing of rotation.
    private static let gptOssYarn = Rotary.Yarn(
        factor: 32, original: 4096, fast: 32, slow: 1, isTruncated: false, amplitude: Rotary.Yarn.amplitude(32))

    private func original(_ place: String, _ contextLength: Int) throws(ModelError) -> Int {
        let key = "original_max_position_embeddings"
        let range = 1...Hyperparameters.maximumContext
        let inner = try keys.int(
            place + "." + key, in: range,
            default: isUntold && row.modelType == "ministral3" ? Self.defaultYarn.original : contextLength)
        if row.modelType == "gpt_oss" {
            // The release's own configuration says it twice.
            let told = try keys.int("initial_context_length", in: range, default: inner)
            guard told == inner else {
                throw keys.wrong("initial_context_length", .unsigned(UInt64(told)), "\(place).\(key), \(inner)")
            }
        }
        // Phi 3 tells it beside the scaling, where it counts first.
        return row.family == .phi3 ? try keys.int(key, in: range, default: inner) : inner
    }

    private func scaling(_ place: String, contextLength: Int) throws(ModelError) -> Rotary.Scaling {
        func key(_ name: String) -> String { place + "." + name }
        if isUntold && row.modelType == "ministral3" { return .yarn(Self.defaultYarn) }
        if isUntold && row.modelType == "gpt_oss" { return .yarn(Self.gptOssYarn) }
        let older = try keys.text(key("type"))
        let name = try keys.text(key("rope_type")) ?? older ?? "default"
        let original = try original(place, contextLength)
        _ = keys.value(key("max_position_embeddings"))
        switch FileWord(name) {
        case "default": return .none
        case "linear": return .linear(try keys.positive(key("factor")))
        case "dynamic": return .dynamic(factor: try keys.positive(key("factor")), context: contextLength)
        case "yarn" where row.family != .phi3: return .yarn(try yarn(place, original, contextLength))
        case "llama3":
            return .llama3(
                factor: try keys.positive(key("factor")), low: try keys.positive(key("low_freq_factor")),
                high: try keys.positive(key("high_freq_factor")), original: original)
        case "longrope", "su", "yarn":
            let factor = try keys.positive(key("factor"), default: Double(contextLength) / Double(original))
            let told = try keys.positiveIfAny(key("attention_factor"))
            let own = factor <= 1 ? 1 : (1 + log(factor) / log(Double(original))).squareRoot()
            guard let short = try keys.floats(key("short_factor")) else { throw keys.missing(key("short_factor")) }
            guard let long = try keys.floats(key("long_factor")) else { throw keys.missing(key("long_factor")) }
            return .longRope(
                Rotary.LongRope(short: short, long: long, original: original, amplitude: told ?? own))
        default:
            throw keys.unsupported(
                key("rope_type"), .string(name), "default, linear, dynamic, yarn, llama3 or longrope")
        }
    }

    private func yarn(_ place: String, _ original: Int, _ contextLength: Int) throws(ModelError) -> Rotary.Yarn {
        func key(_ name: String) -> String { place + "." + name }
        let factor = try keys.positive(key("factor"), default: Double(contextLength) / Double(original))
        let (weight, all) = (try weight(key("mscale")), try weight(key("mscale_all_dim")))
        var amplitude = Rotary.Yarn.amplitude(factor)
        if let weight, let all {
            amplitude = Rotary.Yarn.amplitude(factor, weight: weight) / Rotary.Yarn.amplitude(factor, weight: all)
        }
        let told = try keys.positiveIfAny(key("attention_factor"))
        return Rotary.Yarn(
            factor: factor, original: original, fast: try keys.positive(key("beta_fast"), default: 32),
            slow: try keys.positive(key("beta_slow"), default: 1),
            isTruncated: try keys.flag(key("truncate"), default: true), amplitude: told ?? amplitude)
    }

    /// A weight of which 0 means that there is none.
    private func weight(_ key: String) throws(ModelError) -> Double? {
        guard let value = keys.value(key) else { return nil }
        return value.double == 0 ? nil : try keys.positiveIfAny(key)
    }
}
