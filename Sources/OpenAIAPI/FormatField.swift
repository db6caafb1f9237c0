import PinionJSON
import PinionWire
import TextGeneration

/// What a request says of the form of its reply, and the field that says it.
///
/// OpenAI has one spelling, `response_format`; vLLM and llama.cpp have others. At most one may be sent, because what two
/// of them mean together is nowhere said.
struct FormatField {
    var format: OutputFormat
    /// Such as `response_format.json_schema.schema`: what an error of the schema is about.
    var path: String
    /// Whether JSON has no white space between its values.
    var isCompact = false

    /// Fields of the body that say something of the form of the reply.
    static let names: Set<ProtocolWord> = Set([
        "response_format", "structured_outputs", "guided_json", "guided_regex", "guided_choice", "guided_grammar",
        "json_schema", "grammar",
    ])

    /// Reads all spellings; nil where none asks for anything but text.
    ///
    /// - Throws: ``APIError`` naming the field at fault, or two fields that are both there.
    static func read(_ fields: FieldReader) throws(APIError) -> FormatField? {
        var found: FormatField?
        func add(_ next: FormatField?) throws(APIError) {
            guard let next else { return }
            if let found { throw .contradictoryFormats(found.path, next.path) }
            found = next
        }
        try add(responseFormat(fields))
        if let constraint = try StructuredOutputs(fields) { try add(constraint.field) }
        for name in ["guided_json", "json_schema"] { try add(schema(fields, name)) }
        try add(pattern(fields, "guided_regex"))
        try add(choice(fields, "guided_choice"))
        try add(grammar(fields, "guided_grammar"))
        try add(grammar(fields, "grammar", syntax: .gbnf))
        return found
    }
}

// MARK: - Kinds

extension FormatField {
    /// A schema as an object, or as the JSON text of one. It says nothing of `strict`, and so is enforced in full.
    static func schema(_ fields: FieldReader, _ name: String) throws(APIError) -> FormatField? {
        guard let value = fields.value(name) else { return nil }
        let path = fields.path(of: name)
        switch value {
        case .object: return FormatField(format: .jsonSchema(value, isStrict: true), path: path)
        case .string(let text):
            let schema: JSONValue
            do {
                schema = try JSONValue.parse(Array(text.utf8), limits: .body)
            } catch { throw .invalidValue(path, "the text is not JSON: \(error).") }
            guard case .object = schema else {
                throw .invalidType(path, expected: "the JSON text of an object", got: "that of \(schema.typeName)")
            }
            return FormatField(format: .jsonSchema(schema, isStrict: true), path: path)
        default: throw .invalidType(path, expected: "one of an object or a string", got: value.typeName)
        }
    }

    static func pattern(_ fields: FieldReader, _ name: String) throws(APIError) -> FormatField? {
        try fields.string(name).map { FormatField(format: .pattern($0), path: fields.path(of: name)) }
    }

    static func choice(_ fields: FieldReader, _ name: String) throws(APIError) -> FormatField? {
        guard let value = fields.value(name) else { return nil }
        let path = fields.path(of: name)
        guard case .array(let elements) = value else {
            throw .invalidType(path, expected: "an array of strings", got: value.typeName)
        }
        guard !elements.isEmpty else {
            throw .emptyArray(path)
        }
        var choices: [String] = []
        choices.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            guard case .string(let choice) = element else {
                throw .invalidType("\(path)[\(index)]", expected: "a string", got: element.typeName)
            }
            choices.append(choice)
        }
        return FormatField(format: .choice(choices), path: path)
    }

    /// - Parameter syntax: nil where the field takes both, and the text tells which.
    static func grammar(
        _ fields: FieldReader, _ name: String, syntax: GrammarSyntax? = nil
    ) throws(APIError) -> FormatField? {
        guard let text = try fields.string(name) else { return nil }
        let path = fields.path(of: name)
        guard !text.isEmpty else {
            throw .emptyString(path)
        }
        return FormatField(format: .grammar(text, syntax ?? GrammarSyntax(of: text)), path: path)
    }
}

extension GrammarSyntax {
    /// The syntax that a text is written in: GBNF where a line defines a rule with `::=`, else Lark.
    ///
    /// vLLM has one field for both. A line of Lark may hold `::=` too, but only in a string or a comment, so not right
    /// behind the name that it begins with.
    init(of text: String) {
        let isNameByte: (UInt8) -> Bool = { byte in
            byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte)
                || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let definesRule = text.utf8.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).contains { line in
            let name = line.drop(while: isBlank)
            let rest = name.drop(while: isNameByte)
            return rest.startIndex > name.startIndex && rest.drop(while: isBlank).starts(with: "::=".utf8)
        }
        self = definesRule ? .gbnf : .lark
    }
}
