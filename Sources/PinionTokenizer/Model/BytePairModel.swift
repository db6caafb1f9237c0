/// Merges of neighbours, and how text becomes the symbols that they begin with.
struct BytePairModel: Sendable {
    let merges: MergeTable
    let isByteLevel: Bool
    /// A piece that is a token as a whole is taken at once, without merging.
    let ignoresMerges: Bool
    /// The token of each byte: of the byte-level alphabet, or what a character without a token falls back to; -1 if the
    /// vocabulary has none.
    let byteTokens: [Int32]
    /// Whether every byte of any text has a token.
    var coversAllBytes: Bool { TokenBound.coversAllBytes(byteTokens) }

    private let unknownToken: Int32?
    private let fusesUnknown: Bool
    private let asciiTokens: [Int32]
    /// Tokens of single scalars beyond ASCII.
    private let scalarTokens: IntegerTable
    /// For each byte, whether text may be cut between a character that ends with it and `▁`: no token spans such a place,
    /// so merges never cross it, and short pieces merge faster than long ones.
    private let endsWord: [Bool]

    init(
        _ description: TokenModelDescription.BytePairs, _ vocabulary: Vocabulary, unknownToken: Int32?
    ) throws(TokenizerError) {
        switch description.rules {
        case .pairs(let pairs): merges = try MergeTable(pairs: pairs, vocabulary)
        case .scores(let scores): merges = try MergeTable(scores: scores, vocabulary)
        }
        isByteLevel = description.isByteLevel
        ignoresMerges = description.ignoresMerges
        self.unknownToken = unknownToken
        fusesUnknown = description.fusesUnknown
        if description.isByteLevel {
            byteTokens = ByteAlphabet.texts.map { vocabulary.ordinary($0) ?? -1 }
            asciiTokens = []
            scalarTokens = IntegerTable()
            endsWord = []
        } else {
            byteTokens = description.fallsBackToBytes ? vocabulary.byteTokens : Array(repeating: -1, count: 256)
            (asciiTokens, scalarTokens) = Self.scalars(of: vocabulary)
            endsWord = Self.wordEnds(of: vocabulary)
        }
    }

    private static func scalars(of vocabulary: Vocabulary) -> ([Int32], IntegerTable) {
        var ascii = [Int32](repeating: -1, count: 0x80)
        var others = IntegerTable()
        let tokens = vocabulary.tokens
        for index in 0..<tokens.count where tokens.range(of: index).count <= 4 {
            guard vocabulary.types[index].isOrdinary, vocabulary.types[index] != .byte else { continue }
            let text = tokens[index]
            guard let lead = text.first, text.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 }) else { continue }
            if lead < 0x80 {
                ascii[Int(lead)] = Int32(index)
            } else {
                others.set(key(of: text), to: UInt64(index))
            }
        }
        return (ascii, others)
    }

    /// A scalar's bytes as a number.
    @inline(__always)
    private static func key(of scalar: some Sequence<UInt8>) -> UInt64 {
        scalar.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func wordEnds(of vocabulary: Vocabulary) -> [Bool] {
        let mark = DecoderDescription.metaspace
        guard vocabulary.ordinary(mark) != nil else { return Array(repeating: false, count: 256) }
        var ends = [Bool](repeating: true, count: 256)
        // `▁` itself is never an end: runs of it are tokens.
        ends[Int(mark[2])] = false
        let tokens = vocabulary.tokens
        tokens.bytes.withUnsafeBufferPointer { bytes in
            for index in 0..<tokens.count where vocabulary.types[index].isOrdinary {
                let range = tokens.range(of: index)
                guard range.count > mark.count else { continue }
                for place in (range.lowerBound + 1)...(range.upperBound - mark.count)
                where bytes[place] == mark[0] && bytes[place + 1] == mark[1] && bytes[place + 2] == mark[2] {
                    ends[Int(bytes[place - 1])] = false
                }
            }
        }
        return ends
    }

    /// The first place after `start` where a piece may be cut without changing its tokens.
    func cut(in piece: UnsafeBufferPointer<UInt8>, after start: Int) -> Int {
        var position = start + 1
        while position + 2 < piece.count {
            if piece[position] == 0xE2, piece[position + 1] == 0x96, piece[position + 2] == 0x81,
                endsWord[Int(piece[position - 1])]
            {
                return position
            }
            position += 1
        }
        return piece.count
    }

    /// Appends the tokens that merging a piece begins with.
    func appendSymbols(of piece: UnsafeBufferPointer<UInt8>, to symbols: inout [Int32]) {
        if isByteLevel {
            for byte in piece {
                let token = byteTokens[Int(byte)]
                if token >= 0 { symbols.append(token) } else { appendUnknown(to: &symbols) }
            }
            return
        }
        var position = 0
        while position < piece.count {
            let byte = piece[position]
            if byte < 0x80 {
                let token = asciiTokens[Int(byte)]
                if token >= 0 {
                    symbols.append(token)
                } else {
                    appendFallback(piece[position..<position + 1], to: &symbols)
                }
                position += 1
            } else {
                var end = position + 1
                while end < piece.count, piece[end] & 0xC0 == 0x80 { end += 1 }
                if let token = scalarTokens[Self.key(of: piece[position..<end])] {
                    symbols.append(Int32(truncatingIfNeeded: token))
                } else {
                    appendFallback(piece[position..<end], to: &symbols)
                }
                position = end
            }
        }
    }

    /// The bytes' tokens if there is one for each.
    private func appendFallback(_ scalar: Slice<UnsafeBufferPointer<UInt8>>, to symbols: inout [Int32]) {
        if scalar.allSatisfy({ byteTokens[Int($0)] >= 0 }) {
            for byte in scalar { symbols.append(byteTokens[Int(byte)]) }
        } else {
            appendUnknown(to: &symbols)
        }
    }

    private func appendUnknown(to symbols: inout [Int32]) {
        guard let unknownToken, !fusesUnknown || symbols.last != unknownToken else { return }
        symbols.append(unknownToken)
    }
}
