/// The sequence of tokens with the greatest sum of scores, found by the Viterbi algorithm.
///
/// At each place of the text the best way there is kept; of ways of equal score the one that was found first, which is the
/// one with the longer last token. A character that is no token by itself may be unknown, at a score below all others.
struct UnigramModel: Sendable {
    /// How far an unknown character scores below the worst token; the number is the reference's.
    private static let unknownPenalty = 10.0

    private let trie: ByteTrie
    private let scores: [Double]
    private let unknownScore: Double
    private let followsSentencePiece: Bool
    private let unknownToken: Int32?
    private let vocabulary: Vocabulary
    private let byteTokens: [Int32]
    var coversAllBytes: Bool { TokenBound.coversAllBytes(byteTokens) }

    init(
        _ description: TokenModelDescription.Unigram, _ vocabulary: Vocabulary, unknownToken: Int32?
    ) throws(TokenizerError) {
        guard description.scores.count == vocabulary.tokens.count else {
            throw TokenizerError(
                .invalid, "found \(description.scores.count) token scores for \(vocabulary.tokens.count) tokens")
        }
        var texts: [(text: ArraySlice<UInt8>, token: Int32)] = []
        var least = Double.infinity
        for (index, score) in description.scores.prefix(description.ownTokens ?? .max).enumerated() {
            guard score.isFinite else { throw TokenizerError(.invalid, "token \(index) has no finite score") }
            let type = vocabulary.types[index]
            if !description.followsSentencePiece || type == .normal { least = min(least, score) }
            let text = vocabulary.tokens[index]
            guard type.isOrdinary, type != .byte, !text.isEmpty else { continue }
            try vocabulary.checkLength(of: index)
            texts.append((text, Int32(index)))
        }
        trie = ByteTrie(texts)
        var scores = description.scores
        for index in scores.indices where vocabulary.types[index] == .userDefined { scores[index] = 0 }
        self.scores = scores
        unknownScore = (least.isFinite ? least : 0) - Self.unknownPenalty
        followsSentencePiece = description.followsSentencePiece
        self.unknownToken = unknownToken
        self.vocabulary = vocabulary
        byteTokens = description.fallsBackToBytes ? vocabulary.byteTokens : Array(repeating: -1, count: 256)
    }

    /// The best way to a place: where its last token begins, and which it is (-1 for an unknown character).
    struct Way {
        var start: Int32
        var token: Int32
        var score: Double
    }

    /// Appends the tokens of a piece.
    ///
    /// - Parameter ways: Scratch memory, kept between pieces.
    /// - Throws: What `meter` ends the work with.
    func append(
        _ piece: UnsafeBufferPointer<UInt8>, to tokens: inout [Int32], ways: inout [Way], meter: EncodingMeter
    ) throws(TokenizerError) {
        guard !piece.isEmpty else { return }
        ways.removeAll(keepingCapacity: true)
        ways.append(contentsOf: repeatElement(Way(start: -1, token: -1, score: 0), count: piece.count + 1))
        var position = 0
        var counted = 0
        while position < piece.count {
            var scalarEnd = position + 1
            while scalarEnd < piece.count, piece[scalarEnd] & 0xC0 == 0x80 { scalarEnd += 1 }
            findWays(from: position, scalarEnd, piece, &ways)
            position = scalarEnd
            if position - counted >= EncodingMeter.stride {
                try meter.count(position - counted)
                counted = position
            }
        }
        appendBest(piece, ways, to: &tokens)
    }

    @inline(__always)
    private func findWays(
        from position: Int, _ scalarEnd: Int, _ piece: UnsafeBufferPointer<UInt8>, _ ways: inout [Way]
    ) {
        let base = ways[position].score
        var node = ByteTrie.root
        var end = position
        var isKnown = false
        while end < piece.count, let child = trie.child(of: node, piece[end]) {
            node = child
            end += 1
            let token = trie.token(at: node)
            guard token >= 0 else { continue }
            if end == scalarEnd { isKnown = true }
            let score = sum(base, scores[Int(token)])
            if ways[end].start < 0 || score > ways[end].score {
                ways[end] = Way(start: Int32(truncatingIfNeeded: position), token: token, score: score)
            }
        }
        guard !isKnown else { return }
        let score = sum(base, unknownScore)
        if ways[scalarEnd].start < 0 || score > ways[scalarEnd].score {
            ways[scalarEnd] = Way(start: Int32(truncatingIfNeeded: position), token: -1, score: score)
        }
    }

    @inline(__always)
    private func sum(_ base: Double, _ score: Double) -> Double {
        followsSentencePiece ? Double(Float(base) + Float(score)) : base + score
    }

    /// Walks the best way back from the end; unknown neighbours are one unknown text.
    private func appendBest(_ piece: UnsafeBufferPointer<UInt8>, _ ways: [Way], to tokens: inout [Int32]) {
        let first = tokens.count
        var end = piece.count
        while end > 0 {
            let way = ways[end]
            var start = Int(way.start)
            if way.token >= 0 {
                tokens.append(way.token)
            } else {
                while start > 0, ways[start].token < 0 { start = Int(ways[start].start) }
                appendUnknown(piece[start..<end], to: &tokens)
            }
            end = start
        }
        tokens[first...].reverse()
    }

    /// In reverse order, as all of a piece's tokens are.
    private func appendUnknown(_ text: Slice<UnsafeBufferPointer<UInt8>>, to tokens: inout [Int32]) {
        if text.allSatisfy({ byteTokens[Int($0)] >= 0 }) {
            for byte in text.reversed() { tokens.append(byteTokens[Int(byte)]) }
        } else if let unknownToken {
            tokens.append(unknownToken)
        }
    }
}
