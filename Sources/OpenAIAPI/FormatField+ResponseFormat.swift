import PinionJSON
import TextGeneration

extension FormatField {
    private static let maximumNameLength = 64

    /// OpenAI's `response_format`, and the schema that llama.cpp takes beside `json_object`.
    static func responseFormat(
        _ fields: FieldReader, allowsUnknownFields: Bool
    ) throws(APIError) -> FormatField? {
        guard let format = try fields.nested("response_format") else { return nil }
        func refuseUnknown(_ known: Set<ProtocolWord>, in reader: FieldReader) throws(APIError) {
            if !allowsUnknownFields { try reader.refuseUnknown(known) }
        }
        let type = try format.requiredString("type")
        switch ProtocolWord(type) {
        case "text":
            try refuseUnknown(["type"], in: format)
            return nil
        case "json_object":
            try refuseUnknown(["type", "schema"], in: format)
            return try schema(format, "schema") ?? FormatField(format: .jsonObject, path: format.path(of: "type"))
        case "json_schema":
            try refuseUnknown(["type", "json_schema"], in: format)
            guard let description = try format.nested("json_schema") else {
                throw .missingParameter(format.path(of: "json_schema"))
            }
            try refuseUnknown(["name", "description", "schema", "strict"], in: description)
            return try jsonSchema(description)
        case "structural_tag", "grammar", "python":
            throw .unsupportedValue(
                format.path(of: "type"), got: "'\(type)'", "Use 'structured_outputs' for what is not JSON.")
        default:
            throw .invalidValue(
                format.path(of: "type"), got: type, supported: ["json_object", "json_schema", "text"])
        }
    }

    /// Reads `{name, description, schema, strict}`. Without a schema, which OpenAI does not require, any object will do.
    ///
    /// `strict: false` alone lets assertions go that cannot be enforced. Not its absence, which OpenAI takes for false: a
    /// client that did not ask for less would get less, and hear of it in a header that it does not read.
    private static func jsonSchema(_ fields: FieldReader) throws(APIError) -> FormatField {
        try checkName(fields.requiredString("name"), at: fields.path(of: "name"))
        _ = try fields.string("description")
        let isStrict = try fields.boolean("strict") ?? true
        guard let schema = fields.value("schema") else {
            return FormatField(format: .jsonObject, path: fields.path)
        }
        let path = fields.path(of: "schema")
        guard case .object = schema else { throw .invalidType(path, expected: "an object", got: schema.typeName) }
        return FormatField(format: .jsonSchema(schema, isStrict: isStrict), path: path)
    }

    private static func checkName(_ name: String, at path: String) throws(APIError) {
        let isPlain = name.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte)
                || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        guard isPlain, !name.isEmpty else {
            throw .invalidValue(
                path,
                "string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.")
        }
        guard name.utf8.count <= maximumNameLength else {
            throw .invalidValue(
                path,
                "string too long. Expected a string with maximum length \(maximumNameLength), but got a string with "
                    + "length \(name.utf8.count) instead.")
        }
    }
}
