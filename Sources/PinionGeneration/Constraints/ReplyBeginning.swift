import PinionTokenizer

/// What the first token of a reply stands for, in vocabularies whose decoder drops a space there.
///
/// SentencePiece's models say `▁{` where others say `{`, and their text begins without the space. A grammar is asked for the
/// text that is shown, so the first token is masked by another token that has just those bytes.
struct ReplyBeginning: Sendable {
    /// A token, and the token whose bytes it shows as the first.
    struct Alias: Sendable {
        let token: Int32
        let stands: Int32
    }

    /// By ascending token.
    let aliases: [Alias]
    /// Tokens that show something as the first for which there is no token.
    let nameless: [Int32]
    /// Tokens that show nothing as the first, and behind which text is shown as it is.
    let vanishing: [Int32]

    /// - Parameter texts: `[vocabulary]`, as ``Tokenizer/replyBytes(of:)`` gives them.
    /// - Returns: nil where every token shows as the first what it shows anywhere.
    init?(_ tokenizer: Tokenizer, _ texts: [[UInt8]?]) {
        var changed: [(token: Int32, shown: [UInt8])] = []
        var vanishing: [Int32] = []
        var nameless: [Int32] = []
        for (index, text) in texts.enumerated() {
            guard let text else { continue }
            let (shown, isStillBeginning) = tokenizer.beginning(with: Int32(index))
            if shown.isEmpty {
                // Behind a token that leaves the beginning open, the next one would have to be masked so, too.
                if isStillBeginning { nameless.append(Int32(index)) } else { vanishing.append(Int32(index)) }
            } else if shown != text {
                changed.append((Int32(index), shown))
            }
        }
        guard !changed.isEmpty || !vanishing.isEmpty || !nameless.isEmpty else { return nil }
        var named: [[UInt8]: Int32] = [:]
        let shown = Set(changed.map(\.shown))
        for (index, text) in texts.enumerated() {
            if let text, shown.contains(text), named[text] == nil { named[text] = Int32(index) }
        }
        var aliases: [Alias] = []
        for (token, shown) in changed {
            if let stands = named[shown] {
                aliases.append(Alias(token: token, stands: stands))
            } else {
                nameless.append(token)
            }
        }
        self.aliases = aliases
        self.nameless = nameless
        self.vanishing = vanishing
    }

    /// Turns the mask of the tokens' own bytes into that of what they show as the first.
    ///
    /// A token that shows nothing is allowed only where nothing else is, because the reply would be longer by a token
    /// without a text.
    func adjust(_ words: UnsafeMutableBufferPointer<UInt64>) {
        let own = Array(words)
        for alias in aliases { Self.set(alias.token, Self.isSet(alias.stands, in: own), in: words) }
        for token in nameless { Self.set(token, false, in: words) }
        for token in vanishing { Self.set(token, false, in: words) }
        guard words.allSatisfy({ $0 == 0 }), own.contains(where: { $0 != 0 }) else { return }
        for token in vanishing { Self.set(token, true, in: words) }
    }

    /// The token whose bytes the first token shows; nil for one that shows nothing.
    func meaning(of token: Int32) -> Int32? {
        if vanishing.contains(token) { return nil }
        var low = 0
        var high = aliases.count
        while low < high {
            let middle = (low + high) / 2
            if aliases[middle].token < token { low = middle + 1 } else { high = middle }
        }
        return low < aliases.count && aliases[low].token == token ? aliases[low].stands : token
    }

    private static func isSet(_ token: Int32, in words: [UInt64]) -> Bool {
        words[Int(token) / UInt64.bitWidth] >> (UInt64(token) % UInt64(UInt64.bitWidth)) & 1 == 1
    }

    private static func set(_ token: Int32, _ isAllowed: Bool, in words: UnsafeMutableBufferPointer<UInt64>) {
        let bit = (1 as UInt64) << (UInt64(token) % UInt64(UInt64.bitWidth))
        if isAllowed { words[Int(token) / UInt64.bitWidth] |= bit } else { words[Int(token) / UInt64.bitWidth] &= ~bit }
    }
}
