import PinionJSON

/// A field of OpenAI's that means nothing here, and what becomes of a request that sends it.
///
/// The rule behind the table: a field may be ignored only if the reply is the same with and without it; otherwise
/// the request is refused. Null always passes.
struct ForeignField {
    /// The values that pass.
    enum Acceptance {
        /// Any value of the type, which is named as in ``JSONValue/typeName``.
        case any(String)
        /// Values that ask for what happens anyway.
        case only([JSONValue])
        /// Any value at all.
        case anything
        /// No value.
        case never
    }

    let name: String
    let acceptance: Acceptance
    /// A full sentence for the client.
    let reason: String

    static let table: [ForeignField] = [
        // Labels for the client's own books.
        ForeignField("metadata", .any("an object"), "Metadata must be an object."),
        ForeignField("safety_identifier", .any("a string"), "The identifier must be a string."),
        // Hints that change no reply.
        ForeignField("prompt_cache_key", .any("a string"), "The key must be a string."),
        ForeignField("prompt_cache_options", .any("an object"), "Options of a cache must be an object."),
        ForeignField(
            "prompt_cache_retention", .only(["in-memory", "in_memory"]), "Prompts are cached in memory only."),
        ForeignField("service_tier", .only(["auto", "default"]), "There is one tier of service, 'default'."),
        ForeignField("prediction", .never, "Predicted outputs are not supported."),
        // Services around the model.
        ForeignField("store", .only([.bool(false)]), "Completions are never stored."),
        ForeignField("web_search_options", .never, "There is no web search."),
        ForeignField("moderation", .never, "There is no moderation service."),
        // What the models cannot do.
        ForeignField("modalities", .only([.array(["text"])]), "Models answer with text only."),
        ForeignField("audio", .never, "Models answer with text only."),
        ForeignField("verbosity", .only(["medium"]), "Ask for the length you want in a message."),
    ]

    /// What a message of an earlier reply may carry along when a client sends it back.
    static let messageTable: [ForeignField] =
        hints + [
            // Where a hosted search found what the text says.
            ForeignField("annotations", .any("an array"), "Annotations must be an array."),
            // What openai's package made of the content, beside the content.
            ForeignField("parsed", .anything, "It repeats the content."),
            // What litellm keeps beside the thinking, which it sends back as `reasoning_content`.
            ForeignField("provider_specific_fields", .anything, "It repeats other fields."),
            ForeignField("thinking_blocks", .anything, "They repeat the thinking."),
            ForeignField("audio", .never, "Models read text only."),
        ]

    /// What a part of a message and a tool may carry along: where a prompt's beginning is worth keeping.
    static let hints: [ForeignField] = [
        ForeignField("cache_control", .any("an object"), "A hint for a cache must be an object."),
        ForeignField("prompt_cache_breakpoint", .any("an object"), "A hint for a cache must be an object."),
    ]

    private init(_ name: String, _ acceptance: Acceptance, _ reason: String) {
        self.name = name
        self.acceptance = acceptance
        self.reason = reason
    }

    /// Refuses fields of an object that are none of these and no hints, and hints that are none.
    static func refuseUnknown(besides known: Set<ProtocolWord>, in fields: FieldReader) throws(APIError) {
        try fields.refuseUnknown(known.union(hints.map { ProtocolWord($0.name) }))
        for hint in hints { try hint.check(in: fields) }
    }

    /// Refuses the object when it holds this field with a value that does not pass.
    func check(in fields: FieldReader) throws(APIError) {
        guard let value = fields.value(name) else { return }
        let path = fields.path(of: name)
        switch acceptance {
        case .any(let type):
            guard value.typeName == type else { throw .invalidType(path, expected: type, got: value.typeName) }
        case .only(let values):
            if values.contains(value) { return }
            guard let sample = values.first, sample.typeName == value.typeName else {
                throw .invalidType(path, expected: values.first?.typeName ?? "null", got: value.typeName)
            }
            throw .unsupportedValue(path, got: value.brief, reason)
        case .anything: break
        case .never: throw .unsupportedParameter(path, reason)
        }
    }
}

extension JSONValue {
    /// The value as a message shows it: short ones in full, others by their type.
    fileprivate var brief: String {
        switch self {
        case .bool(let value): "\(value)"
        case .string(let value): "'\(APIError.quoted(value))'"
        case .array: "this list"
        default: typeName
        }
    }
}
