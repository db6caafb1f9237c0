import PinionJSON

/// Reads the section `model` of `tokenizer.json`.
struct ModelReader {
    private let model: TokenizerFile.Model
    private let vocabulary: FileVocabulary

    init(_ model: TokenizerFile.Model, _ vocabulary: FileVocabulary) {
        self.model = model
        self.vocabulary = vocabulary
    }

    func model(isByteLevel: Bool) throws(TokenizerError) -> TokenModelDescription {
        switch ProtocolWord(try kind()) {
        case "BPE": return .bytePairs(try bytePairs(isByteLevel: isByteLevel))
        case "Unigram": return .unigram(try unigram())
        case "WordPiece": return .wordPiece(try wordPiece())
        case let other:
            throw ComponentReader.failure(
                "'model' is of the kind '\(JSONValue.quoted(other.text))', which is not supported; expected BPE, Unigram "
                    + "or WordPiece")
        }
    }

    /// Older files leave the kind to be seen from the lists.
    private func kind() throws(TokenizerError) -> String {
        switch model.options["type"] {
        case .string(let kind): return kind
        case nil, .null: return model.hasMerges ? "BPE" : model.scores.isEmpty ? "WordPiece" : "Unigram"
        case .some(let value):
            throw ComponentReader.failure("'model.type' is \(value.typeName); expected a string")
        }
    }

    private func bytePairs(isByteLevel: Bool) throws(TokenizerError) -> TokenModelDescription.BytePairs {
        guard model.hasMerges else { throw ComponentReader.failure("'model.merges' is missing; expected an array") }
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard try string(name)?.isEmpty ?? true else {
                throw ComponentReader.failure("'model.\(name)' is not empty, which is not supported")
            }
        }
        switch model.options["dropout"] {
        case nil, .null: break
        case .some(let value):
            guard value.double == 0 else {
                throw ComponentReader.failure("'model.dropout' makes tokens by chance, which is not supported")
            }
        }
        var pairs = TokenModelDescription.BytePairs(rules: .pairs(model.merges), isByteLevel: isByteLevel)
        pairs.unknownToken = try string("unk_token").flatMap { vocabulary.token(Array($0.utf8)) }
        pairs.fusesUnknown = try boolean("fuse_unk")
        pairs.fallsBackToBytes = try boolean("byte_fallback")
        pairs.ignoresMerges = try boolean("ignore_merges")
        return pairs
    }

    private func unigram() throws(TokenizerError) -> TokenModelDescription.Unigram {
        guard model.scores.count == model.texts.count else {
            throw ComponentReader.failure("'model.vocab' has no scores; a model of the kind Unigram needs them")
        }
        var unknown: Int32?
        switch model.options["unk_id"] {
        case nil, .null: break
        case .integer(let id) where (0..<Int64(model.texts.count)).contains(id): unknown = Int32(id)
        case .some(let value):
            throw ComponentReader.failure("'model.unk_id' is \(value.typeName) that is no token's id")
        }
        // Added tokens beyond the model's own have no score: the model never makes one.
        let missing = vocabulary.texts.count - model.scores.count
        var unigram = TokenModelDescription.Unigram(
            scores: model.scores + Array(repeating: 0, count: max(missing, 0)), unknownToken: unknown)
        unigram.ownTokens = model.scores.count
        unigram.fallsBackToBytes = try boolean("byte_fallback")
        return unigram
    }

    private func wordPiece() throws(TokenizerError) -> TokenModelDescription.WordPiece {
        let prefix = try string("continuing_subword_prefix") ?? "##"
        var pieces = TokenModelDescription.WordPiece(
            marking: .continuing(Array(prefix.utf8)),
            unknownToken: try string("unk_token").flatMap { vocabulary.token(Array($0.utf8)) })
        switch model.options["max_input_chars_per_word"] {
        case nil, .null: break
        case .integer(let length) where (0...Int64(Int32.max)).contains(length): pieces.maximumWordLength = Int(length)
        case .some(let value):
            throw ComponentReader.failure("'model.max_input_chars_per_word' is \(value.typeName); expected a count")
        }
        return pieces
    }

    private func string(_ name: String) throws(TokenizerError) -> String? {
        switch model.options[name] {
        case nil, .null: return nil
        case .string(let text): return text
        case .some(let value):
            throw ComponentReader.failure("'model.\(name)' is \(value.typeName); expected a string")
        }
    }

    private func boolean(_ name: String) throws(TokenizerError) -> Bool {
        switch model.options[name] {
        case nil, .null: return false
        case .bool(let value): return value
        case .some(let value):
            throw ComponentReader.failure("'model.\(name)' is \(value.typeName); expected a boolean")
        }
    }
}
