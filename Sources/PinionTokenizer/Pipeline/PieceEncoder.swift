/// Makes tokens of pieces, keeping scratch memory between them.
struct PieceEncoder {
    /// Longest piece handed to a model, in bytes; a longer one is cut.
    private static let maximumPieceLength = 1 << 30

    /// Apart from what the models need, because taking a model out of its case for each piece costs more than merging it.
    private enum Kind {
        case bytePairs, unigram, wordPiece
    }

    private let kind: Kind
    private let vocabulary: Vocabulary
    private let readsAlphabet: Bool
    private let isByteLevel: Bool
    private let ignoresMerges: Bool
    private var merger: BytePairMerger?
    private var unigram: UnigramModel?
    private var words: WordPieceModel?
    private var ways: [UnigramModel.Way] = []
    private var spelling: [UInt8] = []

    init(_ tokenizer: Tokenizer) {
        vocabulary = tokenizer.vocabulary
        readsAlphabet = tokenizer.preTokenizer.endsInAlphabet
        switch tokenizer.model {
        case .bytePairs(let pairs):
            kind = .bytePairs
            merger = BytePairMerger(pairs)
            isByteLevel = pairs.isByteLevel
            ignoresMerges = pairs.ignoresMerges
        case .unigram(let model):
            kind = .unigram
            unigram = model
            (isByteLevel, ignoresMerges) = (false, false)
        case .wordPiece(let model):
            kind = .wordPiece
            words = model
            (isByteLevel, ignoresMerges) = (false, false)
        }
    }

    /// The first place after `start` where the model lets a piece be cut without changing its tokens.
    func cut(in piece: UnsafeBufferPointer<UInt8>, after start: Int) -> Int {
        guard kind == .bytePairs, !isByteLevel, !ignoresMerges else { return piece.count }
        return merger?.model.cut(in: piece, after: start) ?? piece.count
    }

    /// Appends the tokens of a piece.
    ///
    /// - Throws: What `meter` ends the work with.
    mutating func append(
        _ piece: UnsafeBufferPointer<UInt8>, to tokens: inout [Int32], meter: EncodingMeter
    ) throws(TokenizerError) {
        if readsAlphabet {
            let bytes = ByteAlphabet.decode(Array(piece))
            try bytes.withUnsafeBufferPointer { piece throws(TokenizerError) in
                try appendTokens(of: piece, to: &tokens, meter: meter)
            }
        } else {
            try appendTokens(of: piece, to: &tokens, meter: meter)
        }
    }

    private mutating func appendTokens(
        of piece: UnsafeBufferPointer<UInt8>, to tokens: inout [Int32], meter: EncodingMeter
    ) throws(TokenizerError) {
        guard piece.count <= Self.maximumPieceLength else {
            let head = UnsafeBufferPointer(rebasing: piece[..<Self.maximumPieceLength])
            try appendTokens(of: head, to: &tokens, meter: meter)
            let rest = UnsafeBufferPointer(rebasing: piece[Self.maximumPieceLength...])
            return try appendTokens(of: rest, to: &tokens, meter: meter)
        }
        switch kind {
        case .bytePairs:
            if ignoresMerges, let token = wholeToken(piece) {
                tokens.append(token)
            } else {
                try merger?.append(piece, to: &tokens, meter: meter)
            }
        case .unigram: try unigram?.append(piece, to: &tokens, ways: &ways, meter: meter)
        case .wordPiece: words?.append(piece, to: &tokens)
        }
    }

    /// The ordinary token of a whole piece.
    private mutating func wholeToken(_ piece: UnsafeBufferPointer<UInt8>) -> Int32? {
        guard piece.count <= vocabulary.ordinaryTokens.longest else { return nil }
        let token: Int32
        if isByteLevel {
            spelling.removeAll(keepingCapacity: true)
            for byte in piece { spelling.append(contentsOf: ByteAlphabet.texts[Int(byte)]) }
            token = spelling.withUnsafeBufferPointer { vocabulary.ordinaryTokens.find($0) }
        } else {
            token = vocabulary.ordinaryTokens.find(piece)
        }
        return token >= 0 ? token : nil
    }
}
