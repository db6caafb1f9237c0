import PinionJSON

/// What `tokenizer.json` holds: the model's long lists as flat byte strings, the rest as trees.
struct TokenizerFile {
    var addedTokens = JSONValue.null
    var normalizer = JSONValue.null
    var preTokenizer = JSONValue.null
    var postProcessor = JSONValue.null
    var decoder = JSONValue.null
    var model = Model()

    /// The section `model`.
    struct Model {
        /// All members but the lists.
        var options = JSONObject()
        /// The texts of `vocab` in the order of the file, the id of each, and the score of each if it has scores.
        var texts = ByteStrings()
        var ids: [Int64] = []
        var scores: [Double] = []
        /// Left and right text of each merge, one after the other.
        var merges = ByteStrings()
        var hasVocabulary = false
        var hasMerges = false
        /// The first thing that is no JSON error and yet cannot be read.
        var fault: String?
    }

    /// - Throws: `invalid` with what was found and expected.
    init(_ bytes: [UInt8]) throws(TokenizerError) {
        var file = TokenizerFile()
        do {
            try JSONReader.read(bytes, limits: TokenizerFiles.limits) { (reader) throws(JSONError) in
                try reader.beginObject()
                while try reader.nextName() {
                    if reader.isText("model") {
                        try file.model.read(&reader)
                    } else if reader.isText("added_tokens") {
                        file.addedTokens = try reader.readValue()
                    } else if reader.isText("normalizer") {
                        file.normalizer = try reader.readValue()
                    } else if reader.isText("pre_tokenizer") {
                        file.preTokenizer = try reader.readValue()
                    } else if reader.isText("post_processor") {
                        file.postProcessor = try reader.readValue()
                    } else if reader.isText("decoder") {
                        file.decoder = try reader.readValue()
                    } else {
                        // The version, and truncation and padding of batches, which tell nothing of a text's tokens.
                        try reader.skipValue()
                    }
                }
            }
        } catch {
            throw TokenizerError(.invalid, "tokenizer.json: \(error)")
        }
        if let fault = file.model.fault { throw TokenizerError(.invalid, "tokenizer.json: \(fault)") }
        guard file.model.hasVocabulary else {
            throw TokenizerError(.invalid, "tokenizer.json: found no 'model.vocab', expected the texts of the tokens")
        }
        self = file
    }

    private init() {}
}

extension TokenizerFile.Model {
    fileprivate mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        self = TokenizerFile.Model()
        try reader.beginObject()
        while try reader.nextName() {
            if reader.isText("vocab") {
                try readVocabulary(&reader)
            } else if reader.isText("merges") {
                try readMerges(&reader)
            } else {
                let name = reader.textString
                options.members.append(.init(name: name, value: try reader.readValue()))
            }
        }
    }

    /// `{"text": id, ...}`, or `[["text", score], ...]` in the order of the ids.
    private mutating func readVocabulary(_ reader: inout JSONReader) throws(JSONError) {
        hasVocabulary = true
        (texts, ids, scores) = (ByteStrings(), [], [])
        guard try reader.nextKind() == .array else {
            try reader.beginObject()
            while try reader.nextName() {
                reader.withText { texts.append($0) }
                guard case .integer(let id) = try reader.readNumber() else {
                    note("the token \(shown(texts.count - 1)) has an id that is no integer")
                    continue
                }
                ids.append(id)
            }
            return
        }
        try reader.beginArray()
        while try reader.nextElement() {
            try reader.beginArray()
            guard try reader.nextElement() else {
                note("token \(ids.count) of 'model.vocab' is an empty array; expected a text and a score")
                continue
            }
            try reader.readText()
            reader.withText { texts.append($0) }
            ids.append(Int64(ids.count))
            var score: Double?
            while try reader.nextElement() { score = try reader.readNumber().double }
            if let score { scores.append(score) } else { note("token \(ids.count - 1) of 'model.vocab' has no score") }
        }
    }

    /// `["left right", ...]` or `[["left", "right"], ...]`.
    private mutating func readMerges(_ reader: inout JSONReader) throws(JSONError) {
        hasMerges = true
        merges = ByteStrings()
        try reader.beginArray()
        while try reader.nextElement() {
            let number = merges.count / 2
            if try reader.nextKind() == .string {
                try reader.readText()
                if !reader.withText({ merges.appendMerge($0) }) {
                    note(
                        "merge \(number) is '\(JSONValue.quoted(reader.textString))'; expected two pieces and one space"
                    )
                }
                continue
            }
            var count = 0
            try reader.beginArray()
            while try reader.nextElement() {
                try reader.readText()
                count += 1
                if count <= 2 { reader.withText { merges.append($0) } }
            }
            if count != 2 {
                note("merge \(number) has \(count) pieces; expected two")
                while merges.count % 2 != 0 { merges.append([]) }
            }
        }
    }

    private mutating func note(_ message: String) {
        fault = fault ?? message
    }

    private func shown(_ index: Int) -> String { "'\(JSONValue.quoted(texts.shown(index)))'" }
}
