import Foundation
import PinionPattern

/// Cuts text into the pieces that byte-pair merges never cross.
///
/// The patterns are those of the models' own tokenizer files.
struct PreTokenizer: Sendable {
    let pattern: Pattern
    /// A piece that is a token as a whole is taken at once, without merging.
    let ignoresMerges: Bool
    /// Text is brought to Unicode's composed form (NFC) first.
    let composes: Bool

    /// Throws `invalid` for a name that is not known.
    static func named(_ name: String) throws(TokenizerError) -> PreTokenizer {
        let found: PreTokenizer?
        do {
            found = try known(name)
        } catch {
            throw TokenizerError(.invalid, "the pattern of the pre-tokenizer '\(name)' is not usable: \(error)")
        }
        guard let found else {
            throw TokenizerError(
                .invalid, "unsupported pre-tokenizer '\(name)'; expected gpt-2, default, smollm, llama-bpe or qwen2")
        }
        return found
    }

    private static func known(_ name: String) throws(PatternError) -> PreTokenizer? {
        switch name {
        case "gpt-2", "gpt2", "default":
            try PreTokenizer(
                pattern: Pattern(#"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#),
                ignoresMerges: false, composes: false)
        case "smollm":
            // Numeric characters are first cut out one by one and the GPT-2 pattern runs on what lies between them. In
            // one pattern: a number takes no space before it, and white space before one counts as the end of a piece.
            try PreTokenizer(
                pattern: Pattern(
                    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?![^\s\p{N}])|\s+"#),
                ignoresMerges: false, composes: false)
        case "llama-bpe", "llama3", "llama-v3":
            try PreTokenizer(
                pattern: Pattern(modern(numbers: #"\p{N}{1,3}"#)), ignoresMerges: true, composes: false)
        case "qwen2":
            try PreTokenizer(pattern: Pattern(modern(numbers: #"\p{N}"#)), ignoresMerges: false, composes: true)
        default: nil
        }
    }

    private static func modern(numbers: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    /// The end of the piece that begins at `start`; text no piece of the pattern covers is a piece of its own.
    ///
    /// - Parameter matcher: a matcher of ``pattern`` without a step limit: every pattern here matches in time linear in
    ///   what it looks at.
    static func endOfPiece(
        in text: UnsafeBufferPointer<UInt8>, from start: Int, matcher: inout PatternMatcher
    ) -> Int {
        // After a failed match the rest stays one piece: it is still tokenized, only with other boundaries.
        guard let match = try? matcher.firstMatch(in: text, from: start) else { return text.count }
        if match.lowerBound > start { return match.lowerBound }
        return match.isEmpty ? text.count : match.upperBound
    }

    /// Longest run of combining marks that is still composed. Written text has a handful; composing takes time quadratic
    /// in the length of a run, so a text with more is hostile and stays as it is.
    private static let maximumMarkRun = 256

    /// Bytes that are composed at once.
    private static let composedBytes = 32 << 10

    /// The composed form of UTF-8 text, or nil if it needs no change.
    ///
    /// The text is composed in parts, so that the work on a long one can be shared out: parts begin at characters that
    /// never change with what comes before them, so the parts join to what the whole would be.
    ///
    /// - Throws: What `meter` ends the work with.
    static func composed(_ text: UnsafeBufferPointer<UInt8>, meter: EncodingMeter) throws(TokenizerError) -> [UInt8]? {
        // Below U+0300 (lead byte CC) everything is composed already.
        guard text.contains(where: { $0 >= 0xCC }) else { return nil }
        if try hasLongMarkRun(text, meter: meter) { return nil }
        var composed: [UInt8] = []
        composed.reserveCapacity(text.count)
        var start = 0
        while start < text.count {
            let end = composingBoundary(in: text, from: start + composedBytes)
            let part = String(decoding: UnsafeBufferPointer(rebasing: text[start..<end]), as: UTF8.self)
            composed += part.precomposedStringWithCanonicalMapping.utf8
            try meter.count(end - start)
            start = end
        }
        return composed
    }

    private static func hasLongMarkRun(
        _ text: UnsafeBufferPointer<UInt8>, meter: EncodingMeter
    ) throws(TokenizerError) -> Bool {
        var run = 0
        var count = 0
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            run = scalar.value >= 0x300 && isMark(scalar) ? run + 1 : 0
            if run > maximumMarkRun { return true }
            count += 1
            if count % EncodingMeter.stride == 0 { try meter.count(EncodingMeter.stride) }
        }
        return false
    }

    /// The first place at or after `start` before which text may be cut without changing its composed form; the end of
    /// the text if there is none.
    private static func composingBoundary(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var position = start
        while position < text.count {
            if text[position] & 0xC0 != 0x80 {
                let scalar = String(decoding: text[position..<min(position + 4, text.count)], as: UTF8.self)
                    .unicodeScalars.first
                if let scalar, neverComposesBackwards(scalar) { return position }
            }
            position += 1
        }
        return text.count
    }

    /// Whether a character is certain to stand for itself after any other. Marks may join their base, Hangul vowels and
    /// finals their syllable, and some vowel signs of the planes above the first are letters by their category.
    private static func neverComposesBackwards(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x300: true
        case 0x1160...0x11FF, 0x10000..<0x1F000: false
        default: !isMark(scalar) && scalar.properties.canonicalCombiningClass == .notReordered
        }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }
}
