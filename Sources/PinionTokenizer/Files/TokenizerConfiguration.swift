import PinionJSON

/// What `tokenizer_config.json` and `special_tokens_map.json` say of special tokens.
struct TokenizerConfiguration {
    var beginText: [UInt8]?
    var endText: [UInt8]?
    var unknownText: [UInt8]?
    var paddingText: [UInt8]?
    /// `add_bos_token` and `add_eos_token`.
    var addsBegin: Bool?
    var addsEnd: Bool?
    var addedTokens: [AddedTokenEntry] = []
    var specialTexts = SpecialTexts()

    /// - Throws: `invalid` naming the file, what was found and what was expected.
    init(_ files: TokenizerFiles) throws(TokenizerError) {
        let configuration = try Self.object(files.configuration, "tokenizer_config.json")
        var specials = try Self.object(files.specialTokens, "special_tokens_map.json")
        // Written with its list of added tokens, the configuration says all. The map beside an older one counts first.
        if let tokens = configuration["added_tokens_decoder"], tokens != .null { specials = JSONObject() }
        func text(_ name: String) throws(TokenizerError) -> [UInt8]? {
            if let value = specials[name], let text = try Self.text(value, name, "special_tokens_map.json") {
                return text
            }
            return try configuration[name].flatMap { value throws(TokenizerError) in
                try Self.text(value, name, "tokenizer_config.json")
            }
        }
        func flag(_ name: String) throws(TokenizerError) -> Bool? {
            switch configuration[name] {
            case nil, .null: return nil
            case .bool(let value): return value
            case .some(let value):
                throw TokenizerError(
                    .invalid, "tokenizer_config.json: '\(name)' is \(value.typeName); expected a boolean")
            }
        }
        beginText = try text("bos_token")
        endText = try text("eos_token")
        unknownText = try text("unk_token")
        paddingText = try text("pad_token")
        for name in SpecialTexts.commonNames { specialTexts.add(name, try text(name)) }
        for (object, file) in [(configuration, "tokenizer_config.json"), (specials, "special_tokens_map.json")] {
            for name in [SpecialTexts.listName, "extra_special_tokens", "model_specific_special_tokens"] {
                try specialTexts.read(object[name], name, file)
            }
        }
        specialTexts.addNamed(in: configuration)
        addsBegin = try flag("add_bos_token")
        addsEnd = try flag("add_eos_token")
        switch configuration["added_tokens_decoder"] {
        case nil, .null: break
        case .object(let tokens):
            for member in tokens.members {
                addedTokens.append(
                    try AddedTokenEntry(
                        member.value, id: Int64(member.name),
                        path: "tokenizer_config.json: 'added_tokens_decoder.\(JSONValue.quoted(member.name))'"))
            }
        case .some(let value):
            throw TokenizerError(
                .invalid,
                "tokenizer_config.json: 'added_tokens_decoder' is \(value.typeName); expected an object")
        }
    }

    private static func object(_ bytes: [UInt8]?, _ file: String) throws(TokenizerError) -> JSONObject {
        guard let bytes else { return JSONObject() }
        do {
            let value = try JSONValue.parse(bytes, limits: TokenizerFiles.limits)
            guard case .object(let object) = value else {
                throw TokenizerError(.invalid, "\(file): found \(value.typeName), expected an object")
            }
            return object
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw TokenizerError(.invalid, "\(file): \(error)")
        }
    }

    /// A token is written as its text, or as an object with its text under `content`.
    fileprivate static func text(
        _ value: JSONValue, _ name: String, _ file: String
    ) throws(TokenizerError) -> [UInt8]? {
        switch value {
        case .null: return nil
        case .string(let text): return Array(text.utf8)
        case .object(let object):
            if case .string(let text) = object["content"] { return Array(text.utf8) }
        default: break
        }
        throw TokenizerError(.invalid, "\(file): '\(name)' is \(value.typeName); expected a text or an added token")
    }
}

extension SpecialTexts {
    /// What the names of special tokens end with.
    private static let suffix = Array("_token".utf8)

    /// Adds the tokens of a model's own that stand beside the common ones, such as `image_token`.
    fileprivate mutating func addNamed(in object: JSONObject) {
        for member in object.members where member.name.utf8.reversed().starts(with: Self.suffix.reversed()) {
            guard named.count < Self.maximumCount else { return }
            // Settings such as `add_bos_token` end with the word as well, and are no texts.
            add(member.name, (try? TokenizerConfiguration.text(member.value, member.name, "")) ?? nil)
        }
    }

    /// Reads a list of tokens, or an object of tokens with names of the model's own.
    fileprivate mutating func read(_ value: JSONValue?, _ name: String, _ file: String) throws(TokenizerError) {
        switch value {
        case nil, .null: break
        case .array(let tokens):
            try Self.check(tokens.count, name, file)
            for token in tokens {
                if let text = try TokenizerConfiguration.text(token, name, file) { addUnnamed(text) }
            }
        case .object(let tokens):
            try Self.check(tokens.members.count, name, file)
            for token in tokens.members { add(token.name, try TokenizerConfiguration.text(token.value, name, file)) }
        case .some(let value):
            throw TokenizerError(.invalid, "\(file): '\(name)' is \(value.typeName); expected an array or an object")
        }
    }

    private static func check(_ count: Int, _ name: String, _ file: String) throws(TokenizerError) {
        guard count <= maximumCount else {
            throw TokenizerError(
                .invalid, "\(file): '\(name)' has \(count) tokens; at most \(maximumCount) are allowed")
        }
    }
}

/// An added token as files write it.
struct AddedTokenEntry {
    var id: Int64
    var text: [UInt8]
    var isSpecial: Bool
    var flags: AddedToken

    /// - Parameter id: from elsewhere; nil reads it from the entry.
    init(_ value: JSONValue, id: Int64?, path: String) throws(TokenizerError) {
        func failure(_ message: String) -> TokenizerError { TokenizerError(.invalid, "\(path) \(message)") }
        guard case .object(let object) = value else { throw failure("is \(value.typeName); expected an object") }
        func flag(_ name: String, default value: Bool = false) throws(TokenizerError) -> Bool {
            switch object[name] {
            case nil, .null: return value
            case .bool(let found): return found
            case .some(let found): throw failure("has a '\(name)' that is \(found.typeName); expected a boolean")
            }
        }
        guard case .string(let text) = object["content"] else { throw failure("has no 'content'") }
        if let id {
            self.id = id
        } else {
            guard case .integer(let id) = object["id"] else { throw failure("has no 'id'") }
            self.id = id
        }
        self.text = Array(text.utf8)
        isSpecial = try flag("special")
        flags = AddedToken(
            0, isSingleWord: try flag("single_word"), stripsLeft: try flag("lstrip"), stripsRight: try flag("rstrip"),
            isNormalized: try flag("normalized", default: !isSpecial))
    }

    /// The section `added_tokens`.
    static func list(_ value: JSONValue) throws(TokenizerError) -> [AddedTokenEntry] {
        switch value {
        case .null: return []
        case .array(let values):
            var entries: [AddedTokenEntry] = []
            for (index, value) in values.enumerated() {
                entries.append(
                    try AddedTokenEntry(value, id: nil, path: "tokenizer.json: 'added_tokens[\(index)]'"))
            }
            return entries
        default: throw ComponentReader.failure("'added_tokens' is \(value.typeName); expected an array")
        }
    }
}
