import PinionJSON

extension ComponentReader {
    /// The tokens before and after a text that the section `post_processor` tells.
    static func surroundings(_ value: JSONValue) throws(TokenizerError) -> (prefix: [Int32], suffix: [Int32]) {
        guard let reader = try ComponentReader(value, path: "post_processor") else { return ([], []) }
        return try reader.surroundings()
    }

    private func surroundings() throws(TokenizerError) -> (prefix: [Int32], suffix: [Int32]) {
        switch ProtocolWord(type) {
        case "Sequence":
            var all: (prefix: [Int32], suffix: [Int32]) = ([], [])
            for part in try parts("processors") {
                // A later processor puts its tokens around those of an earlier one.
                let outer = try part.surroundings()
                all = (outer.prefix + all.prefix, all.suffix + outer.suffix)
            }
            return all
        case "ByteLevel": return ([], [])
        case "BertProcessing", "RobertaProcessing": return ([try token("cls")], [try token("sep")])
        case "TemplateProcessing": return try template()
        default:
            throw unsupported("Sequence, ByteLevel, BertProcessing, RobertaProcessing or TemplateProcessing")
        }
    }

    /// `["[CLS]", 101]`.
    private func token(_ name: String) throws(TokenizerError) -> Int32 {
        guard case .array(let pair) = object[name], pair.count == 2, case .integer(let id) = pair[1],
            let token = Int32(exactly: id)
        else { throw wrong(name, "a text and an id") }
        return token
    }

    /// `single` is a list of `{"SpecialToken": {"id": text}}` and one `{"Sequence": {"id": "A"}}`.
    private func template() throws(TokenizerError) -> (prefix: [Int32], suffix: [Int32]) {
        guard case .array(let pieces) = object["single"] else { throw wrong("single", "an array") }
        var prefix: [Int32] = []
        var suffix: [Int32] = []
        var isPastText = false
        for piece in pieces {
            guard case .object(let piece) = piece else { throw wrong("single", "an array of objects") }
            if piece["Sequence"] != nil {
                guard !isPastText else { throw wrong("single", "an array with one 'Sequence'") }
                isPastText = true
            } else if case .object(let special) = piece["SpecialToken"], case .string(let name) = special["id"] {
                let ids = try ids(of: name)
                if isPastText { suffix += ids } else { prefix += ids }
            } else {
                throw wrong("single", "an array of 'SpecialToken' and 'Sequence'")
            }
        }
        return (prefix, suffix)
    }

    private func ids(of name: String) throws(TokenizerError) -> [Int32] {
        guard case .object(let tokens) = object["special_tokens"], case .object(let token) = tokens[name],
            case .array(let values) = token["ids"]
        else { throw wrong("special_tokens", "the ids of '\(JSONValue.quoted(name))'") }
        var ids: [Int32] = []
        for value in values {
            guard case .integer(let id) = value, let token = Int32(exactly: id) else {
                throw wrong("special_tokens", "ids that are integers")
            }
            ids.append(token)
        }
        return ids
    }

    // MARK: - Decoder

    /// The section `decoder`; without one, tokens are joined by spaces.
    static func decoder(_ value: JSONValue) throws(TokenizerError) -> DecoderDescription {
        guard let reader = try ComponentReader(value, path: "decoder") else {
            return DecoderDescription(.wordPiece(prefix: [], cleansUp: false), readsByteTokens: false)
        }
        var decoder = DecoderDescription(.plain, readsByteTokens: false)
        var isFused = false
        try reader.add(to: &decoder, &isFused)
        return decoder
    }

    private func add(to decoder: inout DecoderDescription, _ isFused: inout Bool) throws(TokenizerError) {
        switch ProtocolWord(type) {
        case "Sequence": for part in try parts("decoders") { try part.add(to: &decoder, &isFused) }
        case "ByteLevel": decoder.spelling = .byteLevel
        case "ByteFallback": decoder.readsByteTokens = true
        case "Fuse": isFused = true
        case "Replace":
            guard case .text(let text) = try wanted(), !text.isEmpty else {
                throw wrong("pattern", "a 'String' that is not empty")
            }
            let replacement = DecoderDescription.Replacement(text, with: try literal("content"))
            switch decoder.spelling {
            case .plain: decoder.spelling = .replacing([replacement])
            case .replacing(let others): decoder.spelling = .replacing(others + [replacement])
            case .byteLevel, .wordPiece: throw unsupported("no Replace after ByteLevel or WordPiece")
            }
        case "Metaspace":
            let replacement = DecoderDescription.Replacement(try literal("replacement"), with: [0x20])
            decoder.spelling = .replacing([replacement])
            if try prepending() != .never { decoder.beginning = .withoutSpacesOfFirstToken }
        case "Strip":
            let (start, stop) = (try count("start"), try count("stop"))
            if start == 0, stop == 0 { return }
            guard isFused, stop == 0, ProtocolWord(try string("content")) == " " else {
                throw Self.failure(
                    "'\(path)' strips more than spaces at the beginning of a text, which is not supported")
            }
            decoder.beginning = .withoutSpaces(start)
        case "WordPiece":
            decoder.spelling = .wordPiece(
                prefix: try literal("prefix"), cleansUp: try boolean("cleanup", default: true))
        default:
            throw unsupported("Sequence, ByteLevel, ByteFallback, Fuse, Replace, Metaspace, Strip or WordPiece")
        }
    }
}
