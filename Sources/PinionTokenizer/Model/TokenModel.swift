/// What makes tokens of pieces.
enum TokenModel: Sendable {
    case bytePairs(BytePairModel)
    case unigram(UnigramModel)
    case wordPiece(WordPieceModel)

    /// - Parameter isSteering: Whether a token has another meaning than being unknown; such a token is never made of text.
    init(
        _ description: TokenModelDescription, _ vocabulary: Vocabulary, isSteering: (Int32) -> Bool
    ) throws(TokenizerError) {
        func unknown(_ token: Int32?) throws(TokenizerError) -> Int32? {
            guard let token else { return nil }
            guard token >= 0, Int(token) < vocabulary.tokens.count else {
                throw TokenizerError(
                    .invalid, "the model's unknown token is \(token); expected an id below \(vocabulary.tokens.count)")
            }
            return isSteering(token) ? nil : token
        }
        switch description {
        case .bytePairs(let pairs):
            self = .bytePairs(try BytePairModel(pairs, vocabulary, unknownToken: unknown(pairs.unknownToken)))
        case .unigram(let unigram):
            self = .unigram(try UnigramModel(unigram, vocabulary, unknownToken: unknown(unigram.unknownToken)))
        case .wordPiece(let pieces):
            self = .wordPiece(try WordPieceModel(pieces, vocabulary, unknownToken: unknown(pieces.unknownToken)))
        }
    }
}
