import PinionJSON
import PinionWire
import TextGeneration

/// vLLM's `structured_outputs`: one constraint, and what is said of its white space and objects beside it.
struct StructuredOutputs {
    private static let knownFields: Set<ProtocolWord> = [
        "json", "regex", "choice", "grammar", "json_object", "structural_tag", "disable_fallback",
        "disable_any_whitespace", "disable_additional_properties", "whitespace_pattern",
    ]
    /// Patterns that match all white space that a reply may hold (spaces, and line ends with tabs or spaces), so that they
    /// ask for nothing.
    private static let widePatterns: Set<ProtocolWord> = [
        #"\s*"#, #"[\s]*"#, #"[ \n\t]*"#, #"[ \t\n]*"#, #"[\n\t ]*"#, #"[\t\n ]*"#,
        #"[ \t\n\r]*"#, #"[ \n\r\t]*"#, #"[ \n\t\r]*"#, #"[\n\r\t ]*"#,
    ]
    /// Patterns that match no white space, too, and not all that a reply may hold otherwise.
    private static let narrowPatterns: Set<ProtocolWord> = [
        "", " ?", "[ ]?", " *", "[ ]*", #"[ \n]*"#, #"[\n ]*"#, #"\s?"#, #"[\s]?"#, #"[\n ]?"#, #"[ \n]?"#,
        #"[\n\t ]?"#, #"[ \n\t]?"#,
    ]

    let field: FormatField

    /// - Returns: nil where the field is absent.
    init?(_ fields: FieldReader) throws(APIError) {
        guard let options = try fields.nested("structured_outputs") else { return nil }
        try options.refuseUnknown(Self.knownFields)
        if options.value("structural_tag") != nil {
            throw .unsupportedParameter(
                options.path(of: "structural_tag"), "Use 'grammar' for a text that holds more than JSON.")
        }
        guard var field = try Self.constraint(options) else {
            throw .invalidValue(
                options.path, "no constraint. Expected one of 'json', 'regex', 'choice', 'grammar' or 'json_object'.")
        }
        field.isCompact = try Self.isCompact(options, field)
        // There is no second way of enforcing anything that one could fall back to.
        _ = try options.boolean("disable_fallback")
        if try options.boolean("disable_additional_properties") == true {
            guard case .jsonSchema(let schema, let isStrict) = field.format else {
                throw .onlyAllowed(options.path(of: "disable_additional_properties"), when: "'json' is specified")
            }
            field.format = .jsonSchema(schema.withClosedObjects, isStrict: isStrict)
        }
        self.field = field
    }

    private static func constraint(_ options: FieldReader) throws(APIError) -> FormatField? {
        var found: FormatField?
        func add(_ next: FormatField?) throws(APIError) {
            guard let next else { return }
            if let found { throw .contradictoryFormats(found.path, next.path) }
            found = next
        }
        try add(FormatField.schema(options, "json"))
        try add(FormatField.pattern(options, "regex"))
        try add(FormatField.choice(options, "choice"))
        try add(FormatField.grammar(options, "grammar"))
        if try options.boolean("json_object") == true {
            try add(FormatField(format: .jsonObject, path: options.path(of: "json_object")))
        }
        return found
    }

    /// Whether what is said of white space forbids it.
    ///
    /// A pattern that matches no white space as well as some is honoured by none: the reply then matches it everywhere.
    private static func isCompact(_ options: FieldReader, _ field: FormatField) throws(APIError) -> Bool {
        var isCompact = false
        if try options.boolean("disable_any_whitespace") == true {
            guard field.format.isJSON else {
                throw .onlyAllowed(
                    options.path(of: "disable_any_whitespace"), when: "'json' or 'json_object' is specified")
            }
            isCompact = true
        }
        guard let pattern = try options.string("whitespace_pattern") else { return isCompact }
        if widePatterns.contains(ProtocolWord(pattern)) { return isCompact }
        guard narrowPatterns.contains(ProtocolWord(pattern)) else {
            throw .unsupportedValue(
                options.path(of: "whitespace_pattern"), got: "'\(APIError.quoted(pattern))'",
                "White space is none, one space, or indented lines; leave the field out.")
        }
        return true
    }
}

extension OutputFormat {
    fileprivate var isJSON: Bool {
        switch self {
        case .jsonObject, .jsonSchema: true
        case .text, .pattern, .choice, .grammar: false
        }
    }
}
