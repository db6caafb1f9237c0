import PinionJSON

/// The tokens of a `tokenizer.json`, brought into the order of their ids.
struct FileVocabulary {
    private(set) var texts = ByteStrings()
    private(set) var types: [TokenType] = []
    private(set) var addedTokens: [AddedToken] = []
    /// Where each added token stands in ``addedTokens``.
    private var added: [Int32: Int] = [:]
    private var numbers: ByteStringTable

    /// Ids that may have no token, beyond as many as there are tokens: more would let a small file claim much memory.
    private static let maximumGaps = 64 << 10

    init(_ model: TokenizerFile.Model) throws(TokenizerError) {
        let count = try Self.count(of: model.ids)
        var order = [Int](repeating: -1, count: count)
        for (index, id) in model.ids.enumerated() {
            guard order[Int(id)] < 0 else {
                throw ComponentReader.failure(
                    "the tokens '\(JSONValue.quoted(model.texts.shown(order[Int(id)])))' and "
                        + "'\(JSONValue.quoted(model.texts.shown(index)))' have the same id, \(id)")
            }
            order[Int(id)] = index
        }
        texts.reserve(count: count, bytes: model.texts.bytes.count)
        for index in order { if index >= 0 { texts.append(model.texts[index]) } else { texts.append([]) } }
        types = order.map { $0 >= 0 ? .normal : .unused }
        numbers = ByteStringTable(texts) { order[$0] >= 0 }
    }

    /// One more than the greatest id.
    private static func count(of ids: [Int64]) throws(TokenizerError) -> Int {
        let limit = min(ids.count * 2 + maximumGaps, Tokenizer.maximumVocabularyCount)
        for id in ids where id < 0 || id >= limit {
            throw ComponentReader.failure(
                "a token has the id \(id); expected an id below \(limit) among \(ids.count) tokens")
        }
        return ids.max().map { Int($0) + 1 } ?? 0
    }

    /// Adds tokens in turn; a later entry of the same text counts before an earlier one.
    mutating func add(_ entries: [AddedTokenEntry]) throws(TokenizerError) {
        // Tokens beyond the vocabulary come in any order of their ids.
        var beyond: [Int: AddedTokenEntry] = [:]
        for entry in entries where numbers.find(entry.text) < 0 {
            let limit = min((texts.count + entries.count) * 2 + Self.maximumGaps, Tokenizer.maximumVocabularyCount)
            guard entry.id >= 0, entry.id < limit else {
                throw ComponentReader.failure(
                    "the added token '\(JSONValue.quoted(String(decoding: entry.text, as: UTF8.self)))' has the id "
                        + "\(entry.id); expected an id below \(limit)")
            }
            let id = Int(entry.id)
            guard id >= texts.count || types[id] == .unused && texts.range(of: id).isEmpty else {
                throw ComponentReader.failure(
                    "the added token '\(JSONValue.quoted(String(decoding: entry.text, as: UTF8.self)))' has the id "
                        + "\(id), which is that of '\(JSONValue.quoted(texts.shown(id)))'")
            }
            beyond[id] = entry
        }
        if !beyond.isEmpty { extend(by: beyond) }
        for entry in entries {
            let number = numbers.find(entry.text)
            guard number >= 0, !entry.text.isEmpty else { continue }
            var flags = entry.flags
            flags.token = number
            types[Int(number)] = entry.isSpecial ? .control : .userDefined
            if let place = added[number] {
                addedTokens[place] = flags
            } else {
                added[number] = addedTokens.count
                addedTokens.append(flags)
            }
        }
    }

    private mutating func extend(by entries: [Int: AddedTokenEntry]) {
        let count = max(texts.count, (entries.keys.max() ?? 0) + 1)
        var extended = ByteStrings()
        extended.reserve(count: count, bytes: texts.bytes.count)
        for id in 0..<count {
            if let entry = entries[id] {
                extended.append(entry.text)
            } else if id < texts.count {
                extended.append(texts[id])
            } else {
                extended.append([])
            }
        }
        types += Array(repeating: .unused, count: count - types.count)
        texts = extended
        numbers = ByteStringTable(extended) { !extended.range(of: $0).isEmpty }
    }

    /// Tells byte tokens and the unknown token, which the file tells through its model.
    mutating func markRoles(of model: TokenModelDescription, readsByteTokens: Bool) {
        let unknown = model.unknownToken
        var fallsBackToBytes = readsByteTokens
        switch model {
        case .bytePairs(let pairs): fallsBackToBytes = readsByteTokens || pairs.fallsBackToBytes
        case .unigram(let unigram): fallsBackToBytes = readsByteTokens || unigram.fallsBackToBytes
        case .wordPiece: break
        }
        if let unknown, types[Int(unknown)] != .control { types[Int(unknown)] = .unknown }
        guard fallsBackToBytes else { return }
        for index in types.indices where types[index] == .normal && Vocabulary.byte(named: texts[index]) != nil {
            types[index] = .byte
        }
    }

    /// The token of a text.
    func token(_ text: [UInt8]) -> Int32? {
        let number = numbers.find(text)
        return number >= 0 ? number : nil
    }
}
