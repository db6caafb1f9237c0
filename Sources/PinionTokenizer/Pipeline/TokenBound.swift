/// Knows how few tokens a text can become, from its bytes alone.
///
/// No token stands for more bytes than the longest of the vocabulary. Bytes that the vocabulary has no token for are left
/// out of every prompt, so they do not count.
struct TokenBound: Sendable {
    /// Composing (NFC) shortens UTF-8 text to no less than a third: three Hangul letters of 3 bytes each become one of 3,
    /// and U+1FEF becomes U+0060.
    static let composedShrinkage = 3
    /// Bytes that UTF-8 never holds.
    private static let impossible: Set<UInt8> = [
        0xC0, 0xC1, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF,
    ]

    /// Bytes of text that a token stands for at most; nil when nothing is known.
    let bytesPerToken: Int?
    /// Bytes of text to one of normalised text, at most; nil when nothing is known.
    let shrinkage: Int?
    private let isCounted: [Bool]
    private let countsAll: Bool

    /// Nothing is known: a token may stand for any number of bytes.
    static let unknown = TokenBound(longestToken: 0, byteTokens: Array(repeating: 0, count: 256), shrinkage: nil)

    init(longestToken: Int, byteTokens: [Int32], shrinkage: Int?) {
        isCounted = byteTokens.map { $0 >= 0 }
        countsAll = Self.coversAllBytes(byteTokens)
        self.shrinkage = shrinkage
        // Normalising may turn bytes that count into bytes that do not.
        bytesPerToken = shrinkage == 1 || countsAll ? shrinkage.map { max(longestToken, 1) * $0 } : nil
    }

    /// Whether each byte that a text may hold has a token.
    static func coversAllBytes(_ byteTokens: [Int32]) -> Bool {
        (UInt8.min...UInt8.max).allSatisfy { byteTokens[Int($0)] >= 0 || impossible.contains($0) }
    }

    /// Bytes of a text that have a token.
    func weight(of text: UnsafeBufferPointer<UInt8>) -> Int {
        countsAll ? text.count : text.reduce(0) { isCounted[Int($1)] ? $0 + 1 : $0 }
    }

    /// The fewest tokens that text of this weight becomes.
    func fewestTokens(weight: Int) -> Int {
        guard let bytesPerToken, weight > 0 else { return 0 }
        return (weight - 1) / bytesPerToken + 1
    }
}

extension TokenBound {
    /// The bound of a tokenizer, as far as its parts are known to keep the text.
    init(
        _ description: TokenizerDescription, _ model: TokenModel, _ preTokenizer: PreTokenizer, longestToken: Int
    ) {
        var shrinkage = 1
        for step in description.normalizer {
            switch step {
            case .form(.composed): shrinkage = Self.composedShrinkage
            case .prepend: break
            case .replace(let text, let replacement) where replacement.count >= text.count: break
            default:
                self = .unknown
                return
            }
        }
        let strips = description.addedTokens.contains { $0.stripsLeft || $0.stripsRight }
        guard case .bytePairs(let pairs) = model, preTokenizer.keepsText, !strips,
            pairs.isByteLevel || pairs.coversAllBytes
        else {
            self = .unknown
            return
        }
        self.init(longestToken: longestToken, byteTokens: pairs.byteTokens, shrinkage: shrinkage)
    }
}

extension Tokenizer {
    /// The fewest tokens that these texts can become together: a quick look at their bytes.
    package func fewestTokens(in texts: some Sequence<String>) -> Int {
        var weight = 0
        for var text in texts {
            weight += text.withUTF8 { bound.weight(of: $0) }
        }
        return bound.fewestTokens(weight: weight)
    }
}
