import Foundation
import PinionJSON

extension ComponentReader {
    /// The steps of the section `normalizer`.
    static func normalizer(_ value: JSONValue) throws(TokenizerError) -> [NormalizerStep] {
        guard let reader = try ComponentReader(value, path: "normalizer") else { return [] }
        return try reader.normalizerSteps()
    }

    private func normalizerSteps() throws(TokenizerError) -> [NormalizerStep] {
        switch ProtocolWord(type) {
        case "Sequence":
            var steps: [NormalizerStep] = []
            for part in try parts("normalizers") { steps += try part.normalizerSteps() }
            return steps
        case "NFC": return [.form(.composed)]
        case "NFD": return [.form(.decomposed)]
        case "NFKC": return [.form(.compatibilityComposed)]
        case "NFKD": return [.form(.compatibilityDecomposed)]
        case "Lowercase": return [.lowercase]
        case "StripAccents": return [.stripAccents]
        case "Nmt": return [.filterControls]
        case "Strip":
            return [
                .strip(
                    left: try boolean("strip_left", default: true), right: try boolean("strip_right", default: true))
            ]
        case "Prepend": return [.prepend(try literal("prepend"))]
        case "Replace":
            let content = try literal("content")
            switch try wanted() {
            case .text(let text): return [.replace(text, with: content)]
            case .pattern(let pattern): return [.replacePattern(pattern, with: content)]
            }
        case "BertNormalizer":
            var steps: [NormalizerStep] = []
            if try boolean("clean_text", default: true) { steps.append(.cleanText) }
            if try boolean("handle_chinese_chars", default: true) { steps.append(.spaceIdeographs) }
            let lowercases = try boolean("lowercase", default: true)
            if try optionalBoolean("strip_accents") ?? lowercases { steps += [.form(.decomposed), .stripAccents] }
            if lowercases { steps.append(.lowercase) }
            return steps
        case "Precompiled":
            guard let map = Data(base64Encoded: try string("precompiled_charsmap")) else {
                throw wrong("precompiled_charsmap", "bytes in base 64")
            }
            return map.isEmpty ? [] : [.characterMap(Array(map), byGrapheme: true)]
        default:
            throw unsupported(
                "Sequence, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Nmt, Strip, Prepend, Replace, BertNormalizer "
                    + "or Precompiled")
        }
    }

    /// The steps of the section `pre_tokenizer`.
    static func preTokenizer(_ value: JSONValue) throws(TokenizerError) -> [PreTokenizerStep] {
        guard let reader = try ComponentReader(value, path: "pre_tokenizer") else { return [] }
        return try reader.preTokenizerSteps()
    }

    private func preTokenizerSteps() throws(TokenizerError) -> [PreTokenizerStep] {
        switch ProtocolWord(type) {
        case "Sequence":
            var steps: [PreTokenizerStep] = []
            for part in try parts("pretokenizers") { steps += try part.preTokenizerSteps() }
            return steps
        case "ByteLevel":
            return [
                .byteLevel(
                    addsPrefixSpace: try boolean("add_prefix_space", default: true),
                    usesPattern: try boolean("use_regex", default: true))
            ]
        case "Split":
            let isInverted = try boolean("invert", default: false)
            let behavior = try behavior(default: nil)
            switch try wanted() {
            case .text(let text): return [.splitText(text, behavior, isInverted: isInverted)]
            case .pattern(let pattern):
                if behavior == .isolated, let groups = PreTokenizerStep.digitGroups(writtenAs: pattern) {
                    return [groups]
                }
                return [.split(pattern: pattern, behavior, isInverted: isInverted)]
            }
        case "Digits":
            let isIndividual = try boolean("individual_digits", default: false)
            return [.split(pattern: #"\p{N}"#, isIndividual ? .isolated : .contiguous)]
        case "Punctuation":
            return [.split(pattern: PreTokenizerStep.punctuation, try behavior(default: .isolated))]
        case "Whitespace":
            return [
                .split(
                    pattern:
                        #"[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200C}\x{200D}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200C}\x{200D}\s]+"#,
                    .removed, isInverted: true)
            ]
        case "WhitespaceSplit": return [.split(pattern: #"\s+"#, .removed)]
        case "BertPreTokenizer": return PreTokenizerStep.words
        case "CharDelimiterSplit": return [.splitText(try literal("delimiter"), .removed)]
        case "Metaspace":
            return [
                .metaspace(
                    replacement: try literal("replacement"), try prepending(),
                    splits: try boolean("split", default: true))
            ]
        default:
            throw unsupported(
                "Sequence, ByteLevel, Split, Digits, Punctuation, Whitespace, WhitespaceSplit, BertPreTokenizer, "
                    + "CharDelimiterSplit or Metaspace")
        }
    }

    private func behavior(
        default value: PreTokenizerStep.Behavior?
    ) throws(TokenizerError) -> PreTokenizerStep.Behavior {
        if let value, object["behavior"] == nil { return value }
        let word = ProtocolWord(try string("behavior"))
        guard let behavior = PreTokenizerStep.Behavior.allCases.first(where: { ProtocolWord($0.rawValue) == word })
        else {
            throw wrong("behavior", "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous")
        }
        return behavior
    }

    /// Older files say `add_prefix_space` only.
    func prepending() throws(TokenizerError) -> PreTokenizerStep.Prepending {
        guard object["prepend_scheme"] != nil else {
            return try boolean("add_prefix_space", default: true) ? .always : .never
        }
        let word = ProtocolWord(try string("prepend_scheme"))
        guard let prepending = PreTokenizerStep.Prepending.allCases.first(where: { ProtocolWord($0.rawValue) == word })
        else {
            throw wrong("prepend_scheme", "always, never or first")
        }
        return prepending
    }
}

extension PreTokenizerStep {
    /// The step of a pattern that looks at a whole run of digits for each group of three; nil for other patterns.
    static func digitGroups(writtenAs pattern: String) -> PreTokenizerStep? {
        switch ProtocolWord(pattern) {
        case #"\d{1,3}(?=(?:\d{3})*\b)"#: .digitGroups(anyNumber: false, needsBoundary: true)
        case #"(?=(\d{3})+(?!\d))"#: .digitGroups(anyNumber: false, needsBoundary: false)
        default: nil
        }
    }
}
