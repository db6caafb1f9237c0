/// Words cut into the longest tokens that fit, from the left.
struct WordPieceModel: Sendable {
    /// Tokens that begin a word, and those that continue one, without their marks.
    private let beginnings: ByteTrie
    private let continuations: ByteTrie
    private let unknownToken: Int32?
    private let maximumWordLength: Int

    init(
        _ description: TokenModelDescription.WordPiece, _ vocabulary: Vocabulary, unknownToken: Int32?
    ) throws(TokenizerError) {
        var beginnings: [(text: ArraySlice<UInt8>, token: Int32)] = []
        var continuations: [(text: ArraySlice<UInt8>, token: Int32)] = []
        let mark: [UInt8]
        let marksContinuation: Bool
        switch description.marking {
        case .continuing(let prefix): (mark, marksContinuation) = (prefix, true)
        case .beginning(let prefix): (mark, marksContinuation) = (prefix, false)
        }
        for index in 0..<vocabulary.tokens.count where vocabulary.types[index].isOrdinary {
            try vocabulary.checkLength(of: index)
            let text = vocabulary.tokens[index]
            let isMarked = text.starts(with: mark)
            let rest = isMarked ? text.dropFirst(mark.count) : text
            if isMarked == marksContinuation {
                if !rest.isEmpty { continuations.append((rest, Int32(index))) }
                // A word may be the very text that marks a continuation.
                if marksContinuation { beginnings.append((text, Int32(index))) }
            } else if !rest.isEmpty {
                beginnings.append((rest, Int32(index)))
            }
        }
        self.beginnings = ByteTrie(beginnings)
        self.continuations = ByteTrie(continuations)
        self.unknownToken = unknownToken
        maximumWordLength = description.maximumWordLength
    }

    /// Appends the tokens of a word, or the unknown token if it cannot be cut.
    func append(_ word: UnsafeBufferPointer<UInt8>, to tokens: inout [Int32]) {
        let first = tokens.count
        let length = word.reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
        var position = 0
        while length <= maximumWordLength, position < word.count {
            let trie = position == 0 ? beginnings : continuations
            guard let match = trie.longestMatch(in: word, at: position) else { break }
            tokens.append(match.token)
            position = match.end
        }
        guard position < word.count else { return }
        tokens.removeSubrange(first...)
        if let unknownToken { tokens.append(unknownToken) }
    }
}
