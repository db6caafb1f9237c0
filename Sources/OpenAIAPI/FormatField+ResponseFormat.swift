import PinionJSON
import PinionWire
import TextGeneration

extension FormatField {
    /// OpenAI's `response_format`, and the schema that llama.cpp takes beside `json_object`.
    static func responseFormat(_ fields: FieldReader) throws(APIError) -> FormatField? {
        guard let format = try fields.nested("response_format") else { return nil }
        let type = try format.requiredString("type")
        switch ProtocolWord(type) {
        case "text":
            try format.refuseUnknown(["type"])
            return nil
        case "json_object":
            try format.refuseUnknown(["type", "schema"])
            return try schema(format, "schema") ?? FormatField(format: .jsonObject, path: format.path(of: "type"))
        case "json_schema":
            try format.refuseUnknown(["type", "json_schema"])
            guard let description = try format.nested("json_schema") else {
                throw .missingParameter(format.path(of: "json_schema"))
            }
            try description.refuseUnknown(["name", "description", "schema", "strict"])
            return try jsonSchema(description)
        case "structural_tag", "grammar", "python":
            throw .unsupportedValue(
                format.path(of: "type"), got: "'\(type)'", "Use 'structured_outputs' for what is not JSON.")
        default:
            throw .invalidValue(
                format.path(of: "type"), got: type, supported: ["json_object", "json_schema", "text"])
        }
    }

    /// What the Responses route calls `text.format`: as ``responseFormat(_:)``, but the schema's fields stand beside the type.
    static func textFormat(_ fields: FieldReader) throws(APIError) -> FormatField? {
        guard let format = try fields.nested("format") else { return nil }
        let type = try format.requiredString("type")
        switch ProtocolWord(type) {
        case "text":
            try format.refuseUnknown(["type"])
            return nil
        case "json_object":
            try format.refuseUnknown(["type"])
            return FormatField(format: .jsonObject, path: format.path(of: "type"))
        case "json_schema":
            try format.refuseUnknown(["type", "name", "description", "schema", "strict"])
            return try jsonSchema(format)
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
        try NameRule.format.check(fields.requiredString("name"), at: fields.path(of: "name"))
        _ = try fields.string("description")
        let isStrict = try fields.boolean("strict") ?? true
        guard let schema = fields.value("schema") else {
            return FormatField(format: .jsonObject, path: fields.path)
        }
        let path = fields.path(of: "schema")
        guard case .object = schema else { throw .invalidType(path, expected: "an object", got: schema.typeName) }
        return FormatField(format: .jsonSchema(schema, isStrict: isStrict), path: path)
    }
}
