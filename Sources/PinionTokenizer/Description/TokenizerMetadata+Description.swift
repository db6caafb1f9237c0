extension TokenizerMetadata {
    /// The metadata from which readers of GGUF files make the same tokenizer again.
    ///
    /// Those files name a tokenizer's rules and do not hold them, so that the name has to be found: each candidate is
    /// read back as a file would be, and the first counts that makes the same tokens of ``probes``.
    ///
    /// - Parameters:
    ///   - vocabulary: Rows of the embedding; ids without a token get a text that says so.
    ///   - architecture: `general.architecture` of the file.
    /// - Throws: ``TokenizerError`` for a tokenizer that no metadata describe.
    package init(
        describing description: TokenizerDescription, vocabulary: Int, architecture: String
    ) throws(TokenizerError) {
        let original = try Tokenizer(description)
        let plain = try TokenizerMetadata(plain: description, vocabulary: vocabulary, architecture: architecture)
        // A control token between words, so that what follows one is compared as well.
        let control = original.endToken.map { String(decoding: original.bytes(of: $0), as: UTF8.self) } ?? ""
        let expected = Self.probed(original, control)
        for candidate in try plain.candidates(for: description) {
            let own = try TokenizerDescription(candidate)
            guard try Self.probed(Tokenizer(own), control) == expected else { continue }
            try Self.checkAddedTokens(description, own)
            self = candidate
            try nameEnds(of: original)
            return
        }
        throw Self.unsayable(
            "its pre-tokenizer and normalizer are none that GGUF files have a name for, or that make the same tokens")
    }

    /// What both readings have to cut alike: numbers, contractions, scripts, marks, white space and signs.
    private static let probes = [
        "Hello, world! It's 12345678 o'clock; we'LL see, they've DON'T. x=1+2*3/4\\5 #tag @you (a[b]{c})",
        " leading,  two  spaces\tand\ttabs\n\nlines\r\n  more\n   \n trailing   ",
        "caf\u{E9} cafe\u{301} \u{C5}ngstr\u{F6}m na\u{EF}ve \u{1E9E} \u{FB01}ne \u{2126} 1\u{BD} \u{2163} \u{663}\u{664}",
        "\u{4F60}\u{597D}\u{FF0C}\u{4E16}\u{754C}\u{3002}2024\u{5E74} \u{3053}\u{3093}\u{306B}\u{3061}\u{306F} \u{D55C}\u{AD6D}\u{C5B4}",
        "\u{41F}\u{440}\u{438}\u{432}\u{435}\u{442} \u{928}\u{92E}\u{938}\u{94D}\u{924}\u{947} \u{E2A}\u{E27}\u{E31}\u{E2A}\u{E14}\u{E35} \u{5E9}\u{5DC}\u{5D5}\u{5DD}",
        "\u{1F600}\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467} \u{2014}\u{2026}\u{201C}quoted\u{201D} camelCaseWORD snake_case 3.14e-10 0x1F",
        "def f(x):\n    return x ** 2  # it's\n\n\n\tif a!=b: <tag/> && ||\n", "a", " ", "\n", "7", "",
    ]

    private static func probed(_ tokenizer: Tokenizer, _ control: String) -> [[Int32]] {
        let mixed = "one \(control) two\(control)three\n\(control)\n"
        return probes.map { tokenizer.encode($0) } + [tokenizer.encode(mixed, parsingSpecialTokens: true)]
            + [tokenizer.prefix, tokenizer.suffix]
    }

    // MARK: - Candidates

    /// What does not depend on the rules.
    private init(
        plain description: TokenizerDescription, vocabulary: Int, architecture: String
    ) throws(TokenizerError) {
        let count = max(description.tokens.count, vocabulary)
        var tokens: [[UInt8]] = []
        tokens.reserveCapacity(count)
        for id in 0..<count {
            let isNamed = id < description.tokens.count && !description.tokens[id].isEmpty
            tokens.append(isNamed ? Array(description.tokens[id]) : Array("[PAD\(id)]".utf8))
        }
        let padding = [Int32](
            repeating: TokenType.unused.rawValue, count: count - description.tokens.count)
        self.init(
            tokens: tokens, types: description.types.map(\.rawValue) + padding, merges: [],
            beginToken: description.beginToken, endToken: description.endToken,
            unknownToken: description.unknownToken, paddingToken: description.paddingToken)
        self.architecture = architecture
        guard description.prefix.isEmpty || description.prefix == [description.beginToken],
            description.suffix.isEmpty || description.suffix == [description.endToken]
        else { throw Self.unsayable("it puts other tokens around a text than its begin and end token") }
        addsBeginToken = !description.prefix.isEmpty
        addsEndToken = !description.suffix.isEmpty
    }

    private func candidates(for description: TokenizerDescription) throws(TokenizerError) -> [TokenizerMetadata] {
        guard case .bytePairs(let pairs) = description.model, case .pairs(let merges) = pairs.rules else {
            throw Self.unsayable("its model is neither byte-level nor SentencePiece pairs (BPE)")
        }
        return pairs.isByteLevel
            ? try named(description, pairs, merges) : sentencePiece(merges, description)
    }

    /// Byte-level pairs, with each name of a pre-tokenizer; those that say the same in the same words come first.
    private func named(
        _ description: TokenizerDescription, _ pairs: TokenModelDescription.BytePairs, _ merges: ByteStrings
    ) throws(TokenizerError) -> [TokenizerMetadata] {
        guard let list = Self.written(merges) else { throw Self.unsayable("a merge has a space inside of a piece") }
        var copy = self
        (copy.model, copy.merges) = ("gpt2", list)
        func isExact(_ known: KnownPreTokenizer) -> Bool {
            known.steps == description.preTokenizer && known.normalizer == description.normalizer
        }
        let rows = KnownPreTokenizer.distinct.filter { $0.preTokenizer.ignoresMerges == pairs.ignoresMerges }
        let sorted = rows.filter { isExact($0.preTokenizer) } + rows.filter { !isExact($0.preTokenizer) }
        return sorted.map { row in
            copy.preTokenizer = row.name
            return copy
        }
    }

    /// SentencePiece's pairs, with scores where scores can say it, which every reader knows, and with the merges.
    private func sentencePiece(_ merges: ByteStrings, _ description: TokenizerDescription) -> [TokenizerMetadata] {
        var classes: [TokenizerMetadata] = []
        if let scores = scores(of: merges, description) {
            var copy = self
            (copy.model, copy.scores) = ("llama", scores)
            classes.append(copy)
        }
        if let list = Self.written(merges) {
            var copy = self
            (copy.model, copy.merges) = ("gemma4", list)
            classes.append(copy)
        }
        return classes.flatMap { metadata in
            [false, true].map { prefixed in
                var copy = metadata
                copy.addsSpacePrefix = prefixed
                return copy
            }
        }
    }

    /// Merges as the format has them; nil where a piece has a space.
    private static func written(_ merges: ByteStrings) -> [String]? {
        var list: [String] = []
        list.reserveCapacity(merges.count / 2)
        for index in stride(from: 0, to: merges.count, by: 2) {
            guard !merges[index].contains(0x20), !merges[index + 1].contains(0x20) else { return nil }
            list.append("\(merges.shown(index)) \(merges.shown(index + 1))")
        }
        return list
    }

    /// A score for each token: the sooner a merge makes it, the higher. Nil where some pair of tokens makes a token and is
    /// no merge: with scores any such pair merges.
    private func scores(of merges: ByteStrings, _ description: TokenizerDescription) -> [Float]? {
        let table = ByteStringTable(description.tokens) { !description.tokens[$0].isEmpty }
        var ranks: [Int32: Int] = [:]
        var ways: [Int32: Int] = [:]
        for index in stride(from: 0, to: merges.count, by: 2) {
            let token = table.find(Array(merges[index]) + Array(merges[index + 1]))
            guard token >= 0 else { continue }
            if ranks[token] == nil { ranks[token] = ranks.count }
            ways[token, default: 0] += 1
        }
        for (token, count) in ways {
            let text = Array(description.tokens[Int(token)])
            // A token longer than any word would make this quadratic in the file's length.
            guard text.count <= Self.longestMerged else { return nil }
            let pairs = text.indices.dropFirst().count { cut in
                table.find(Array(text[..<cut])) >= 0 && table.find(Array(text[cut...])) >= 0
            }
            guard pairs == count else { return nil }
        }
        // No merge makes a single character; its score counts for nothing.
        let lowest = -Float(ranks.count)
        return tokens.indices.map { id in ranks[Int32(id)].map { -Float($0) } ?? lowest }
    }

    private static let longestMerged = 1024

    // MARK: - Checks

    /// - Throws: ``TokenizerError`` for an added token that takes what stands beside it, which no metadata say.
    private static func checkAddedTokens(
        _ description: TokenizerDescription, _ own: TokenizerDescription
    ) throws(TokenizerError) {
        let read = Dictionary(own.addedTokens.map { ($0.token, $0) }) { first, _ in first }
        for token in description.addedTokens {
            guard let found = read[token.token], found.isSingleWord == token.isSingleWord,
                found.stripsLeft == token.stripsLeft, found.stripsRight == token.stripsRight
            else {
                throw unsayable(
                    "its token '\(description.tokens.shown(Int(token.token)).prefix(80))' has lstrip, rstrip or "
                        + "single_word")
            }
        }
    }

    /// Names ends of a reply that no reader would know by their texts.
    private mutating func nameEnds(of original: Tokenizer) throws(TokenizerError) {
        func missing(_ metadata: TokenizerMetadata) throws(TokenizerError) -> [Int32] {
            original.endOfGenerationTokens.subtracting(try Tokenizer(metadata).endOfGenerationTokens).sorted()
        }
        var rest = try missing(self)
        if !rest.isEmpty { endOfTurnToken = rest.removeFirst() }
        if !rest.isEmpty { endOfMessageToken = rest.removeFirst() }
        guard rest.isEmpty else {
            throw Self.unsayable("it has more than three tokens that end a reply without being known by their texts")
        }
    }

    private static func unsayable(_ what: String) -> TokenizerError {
        TokenizerError(.invalid, "the tokenizer cannot be described in a GGUF file: \(what)")
    }
}
