import PinionJSON

/// Reads one of the small sections of `tokenizer.json`, which are objects with a `type` and the settings of that type.
struct ComponentReader {
    /// Where the section stands, for messages: `pre_tokenizer`, `decoder.decoders[1]`.
    let path: String
    let object: JSONObject
    /// The name of the kind; a section without one is refused before.
    let type: String

    /// Nil for a section that is null.
    init?(_ value: JSONValue, path: String) throws(TokenizerError) {
        if case .null = value { return nil }
        guard case .object(let object) = value else {
            throw Self.failure("'\(path)' is \(value.typeName); expected an object with a 'type'")
        }
        guard case .string(let type) = object["type"] else {
            throw Self.failure("'\(path)' has no 'type'")
        }
        self.path = path
        self.object = object
        self.type = type
    }

    static func failure(_ message: String) -> TokenizerError {
        TokenizerError(.invalid, "tokenizer.json: \(message)")
    }

    /// The error of a kind that is not known.
    func unsupported(_ expected: String) -> TokenizerError {
        Self.failure(
            "'\(path)' is of the kind '\(JSONValue.quoted(type))', which is not supported; expected \(expected)")
    }

    func wrong(_ name: String, _ expected: String) -> TokenizerError {
        let found = object[name].map { "is \($0.typeName)" } ?? "is missing"
        return Self.failure("'\(path).\(name)' \(found); expected \(expected)")
    }

    /// The parts of a sequence.
    func parts(_ name: String) throws(TokenizerError) -> [ComponentReader] {
        guard case .array(let values) = object[name] else { throw wrong(name, "an array") }
        var parts: [ComponentReader] = []
        for (index, value) in values.enumerated() {
            if let part = try ComponentReader(value, path: "\(path).\(name)[\(index)]") { parts.append(part) }
        }
        return parts
    }

    func boolean(_ name: String, default value: Bool) throws(TokenizerError) -> Bool {
        switch object[name] {
        case .bool(let found): return found
        case nil, .null: return value
        default: throw wrong(name, "a boolean")
        }
    }

    func optionalBoolean(_ name: String) throws(TokenizerError) -> Bool? {
        switch object[name] {
        case .bool(let found): return found
        case nil, .null: return nil
        default: throw wrong(name, "a boolean")
        }
    }

    func string(_ name: String) throws(TokenizerError) -> String {
        guard case .string(let found) = object[name] else { throw wrong(name, "a string") }
        return found
    }

    /// Longest text that a step looks for or puts in, in bytes: it bounds how much longer a step makes a text.
    private static let maximumLiteralLength = 64

    /// A text that a step looks for or puts in.
    func literal(_ name: String) throws(TokenizerError) -> [UInt8] {
        try limited(Array(try string(name).utf8), name)
    }

    private func limited(_ text: [UInt8], _ name: String) throws(TokenizerError) -> [UInt8] {
        guard text.count <= Self.maximumLiteralLength else {
            throw Self.failure(
                "'\(path).\(name)' is \(text.count) bytes long; at most \(Self.maximumLiteralLength) are allowed")
        }
        return text
    }

    func count(_ name: String) throws(TokenizerError) -> Int {
        guard case .integer(let found) = object[name], (0...Int64(Int32.max)).contains(found) else {
            throw wrong(name, "a count")
        }
        return Int(found)
    }

    /// What a `pattern` looks for.
    enum Wanted {
        case text([UInt8])
        case pattern(String)
    }

    /// `{"String": "..."}` or `{"Regex": "..."}`.
    func wanted() throws(TokenizerError) -> Wanted {
        if case .object(let pattern) = object["pattern"] {
            if case .string(let text) = pattern["String"] { return .text(try limited(Array(text.utf8), "pattern")) }
            if case .string(let text) = pattern["Regex"] { return .pattern(text) }
        }
        throw wrong("pattern", #"an object with a 'String' or a 'Regex'"#)
    }
}
