/// One cut that a pre-tokenizer makes; each step cuts the pieces of the one before.
package enum PreTokenizerStep: Sendable, Equatable {
    /// What becomes of a match and of the text around it; names as in `tokenizer.json`.
    package enum Behavior: String, Sendable, CaseIterable {
        case removed = "Removed"
        case isolated = "Isolated"
        case mergedWithPrevious = "MergedWithPrevious"
        case mergedWithNext = "MergedWithNext"
        case contiguous = "Contiguous"
    }

    /// Where a ``metaspace`` puts its replacement before a piece.
    package enum Prepending: String, Sendable, CaseIterable {
        case always, never
        /// Before the beginning of the whole text only.
        case first
    }

    /// Cuts at the matches of a pattern; `isInverted` exchanges matches and the text between them.
    case split(pattern: String, Behavior, isInverted: Bool = false)
    /// The same with a literal text.
    case splitText([UInt8], Behavior, isInverted: Bool = false)
    /// The pieces are cut by GPT-2's pattern if `usesPattern`, and later steps see the byte-level alphabet.
    case byteLevel(addsPrefixSpace: Bool, usesPattern: Bool)
    /// Spaces become `replacement`; with `splits`, each begins a piece.
    case metaspace(replacement: [UInt8], Prepending, splits: Bool)

    /// Cuts runs of digits into groups of three, counted from the right; with `needsBoundary` only runs that no letter,
    /// mark, digit or `_` follows. A step of its own, because the patterns that files write for it (`\d{1,3}(?=(?:\d{3})*\b)`)
    /// look at the whole run for each group. `anyNumber` counts all numeric characters as digits.
    case digitGroups(anyNumber: Bool, needsBoundary: Bool)

    /// BERT's cut: words between white space, punctuation character by character.
    static let words: [PreTokenizerStep] = [
        .split(pattern: #"\s+"#, .removed), .split(pattern: punctuation, .isolated),
    ]
    static let punctuation = #"[\p{P}!-/:-@\[-`{-~]"#

    /// GPT-2's pattern.
    static let wordPattern = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
}
