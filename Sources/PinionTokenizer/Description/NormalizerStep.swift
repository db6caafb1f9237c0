/// One change that a normaliser makes to text before it is cut into pieces.
package enum NormalizerStep: Sendable, Equatable {
    package enum Form: Sendable {
        case composed, decomposed, compatibilityComposed, compatibilityDecomposed
    }

    /// NFC, NFD, NFKC or NFKD.
    case form(Form)
    /// Each scalar by its own lower case.
    case lowercase
    /// Drops non-spacing marks.
    case stripAccents
    case strip(left: Bool, right: Bool)
    /// Puts a text before a segment that is not empty.
    case prepend([UInt8])
    case replace([UInt8], with: [UInt8])
    case replacePattern(String, with: [UInt8])
    /// Control characters become nothing, white space becomes a space.
    case cleanText
    /// Puts spaces around ideographs, so that each is a word.
    case spaceIdeographs
    /// The filter of `Nmt`: control characters become nothing, kinds of white space a space.
    case filterControls
    /// A map that SentencePiece compiled; `byGrapheme` applies it to whole graphemes first, as `tokenizers` does, rather
    /// than to the longest prefix that it knows.
    case characterMap([UInt8], byGrapheme: Bool)
}
