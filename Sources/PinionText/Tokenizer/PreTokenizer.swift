import Foundation

/// Cuts text into the pieces that byte-pair merges never cross.
///
/// The patterns are those of the models' own tokenizer files.
struct PreTokenizer: Sendable {
    let pattern: Pattern
    /// A piece that is a token as a whole is taken at once, without merging.
    let ignoresMerges: Bool
    /// Text is brought to Unicode's composed form (NFC) first.
    let composes: Bool

    /// Throws `invalidTokenizer` for a name that is not known.
    static func named(_ name: String) throws(TextError) -> PreTokenizer {
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
        default:
            throw TextError(
                .invalidTokenizer,
                "unsupported pre-tokenizer '\(name)'; expected gpt-2, default, smollm, llama-bpe or qwen2")
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

    /// The composed form of UTF-8 text, or nil if it needs no change.
    static func composed(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        // Below U+0300 (lead byte CC) everything is composed already.
        guard text.contains(where: { $0 >= 0xCC }) else { return nil }
        let string = String(decoding: text, as: UTF8.self)
        var run = 0
        for scalar in string.unicodeScalars {
            run = scalar.value >= 0x300 && isMark(scalar) ? run + 1 : 0
            if run > maximumMarkRun { return nil }
        }
        return Array(string.precomposedStringWithCanonicalMapping.utf8)
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }
}
