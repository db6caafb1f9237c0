/// The merge rules of a vocabulary of pairs, looked up by the ids of two neighbours.
struct MergeTable: Sendable {
    /// A rule's rank is its place in the list; the least goes first.
    static let noRank = UInt32.max
    /// No rule: ``noRank`` in the upper half.
    static let noRule = UInt64(noRank) << 32

    private let table: IntegerTable

    init(_ rules: IntegerTable) {
        table = rules
    }

    static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    static func value(rank: UInt32, result: Int32) -> UInt64 {
        UInt64(rank) << 32 | UInt64(UInt32(bitPattern: result))
    }

    /// The rank and result of merging two tokens, rank in the upper half; ``noRule`` if no rule applies.
    @inline(__always)
    func rule(_ left: Int32, _ right: Int32) -> UInt64 {
        table[Self.key(left, right)] ?? Self.noRule
    }
}

extension MergeTable {
    /// Resolves listed merges to token ids.
    ///
    /// A pair listed twice takes its last rank. A merge that involves a control token is left out: no text may produce one.
    init(pairs: ByteStrings, _ vocabulary: Vocabulary) throws(TokenizerError) {
        let count = pairs.count / 2
        guard count <= Tokenizer.maximumVocabularyCount else {
            throw TokenizerError(
                .invalid, "found \(count) merges; at most \(Tokenizer.maximumVocabularyCount) are allowed")
        }
        var rules = IntegerTable(minimumCapacity: count)
        for index in 0..<count {
            let sides = pairs.offsets[2 * index]..<pairs.offsets[2 * index + 2]
            let (left, right) = (pairs[2 * index], pairs[2 * index + 1])
            guard let leftToken = try Self.token(left, index, vocabulary),
                let rightToken = try Self.token(right, index, vocabulary),
                let result = try Self.token(pairs.bytes[sides], index, vocabulary)
            else { continue }
            rules.set(Self.key(leftToken, rightToken), to: Self.value(rank: UInt32(index), result: result))
        }
        self.init(rules)
    }

    /// The ordinary token of a merge's piece; nil if only a control token has that text.
    private static func token(
        _ piece: ArraySlice<UInt8>, _ merge: Int, _ vocabulary: Vocabulary
    ) throws(TokenizerError) -> Int32? {
        if let token = vocabulary.ordinary(piece) { return token }
        if vocabulary.special(piece) != nil { return nil }
        throw TokenizerError(
            .invalid,
            "merge \(merge) names '\(String(decoding: piece.prefix(256), as: UTF8.self))', which is not in the vocabulary"
        )
    }

    /// Makes a rule for each two tokens whose texts make a third: the higher the score of the third, the less its rank.
    ///
    /// Tokens of equal score have equal ranks, so that the leftmost goes first, as SentencePiece does.
    init(scores: [Float], _ vocabulary: Vocabulary) throws(TokenizerError) {
        let tokens = vocabulary.tokens
        var order: [Int32] = []
        for index in 0..<tokens.count {
            guard !scores[index].isNaN else {
                throw TokenizerError(.invalid, "token \(index) has no number for a score")
            }
            let isText = vocabulary.types[index].isOrdinary && vocabulary.types[index] != .byte
            guard isText else { continue }
            try vocabulary.checkLength(of: index)
            // Of equal texts the last token counts.
            if tokens.range(of: index).count > 1, vocabulary.ordinaryTokens.find(tokens[index]) == index {
                order.append(Int32(index))
            }
        }
        order.sort { scores[Int($0)] == scores[Int($1)] ? $0 < $1 : scores[Int($0)] > scores[Int($1)] }
        var rules = IntegerTable(minimumCapacity: order.count * 2)
        var rank: UInt32 = 0
        tokens.bytes.withUnsafeBufferPointer { bytes in
            for (place, token) in order.enumerated() {
                if place > 0, scores[Int(token)] != scores[Int(order[place - 1])] { rank += 1 }
                let range = tokens.range(of: Int(token))
                for middle in (range.lowerBound + 1)..<range.upperBound where bytes[middle] & 0xC0 != 0x80 {
                    let left = vocabulary.ordinaryTokens.find(
                        UnsafeBufferPointer(rebasing: bytes[range.lowerBound..<middle]))
                    guard left >= 0 else { continue }
                    let right = vocabulary.ordinaryTokens.find(
                        UnsafeBufferPointer(rebasing: bytes[middle..<range.upperBound]))
                    guard right >= 0 else { continue }
                    rules.set(Self.key(left, right), to: Self.value(rank: rank, result: token))
                }
            }
        }
        self.init(rules)
    }
}
