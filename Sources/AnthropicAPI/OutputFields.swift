import PinionJSON
import PinionWire
import TextGeneration

/// What a body says of the reply's form: `output_config`, and `output_format` as it was spelled before.
struct OutputFields {
    /// A schema, and where it stands.
    struct Format {
        var schema: JSONValue
        var path: String
    }

    /// Anthropic's words. All are passed on: the generator takes the nearest one that the model's template knows, so
    /// that `xhigh` and `max` mean `high` where there is no more than that.
    private enum Effort: String, CaseIterable {
        case low, medium, high, xhigh, max
    }

    private enum FormatKind: String, CaseIterable {
        case jsonSchema = "json_schema"
    }

    private(set) var effort: String?
    private(set) var format: Format?

    static let names: Set<ProtocolWord> = ["output_config", "output_format"]

    private static let taskBudget = ForeignField(
        "task_budget", .never, "Limit the reply with 'max_tokens', and the thinking with 'thinking.budget_tokens'.")

    /// - Throws: ``APIError`` naming the field at fault, or two fields that both hold a format.
    init(_ fields: FieldReader) throws(APIError) {
        let old = try fields.nested("output_format")
        format = try old.map { (reader) throws(APIError) in try Self.format(reader) }
        guard let config = try fields.nested("output_config") else { return }
        try ForeignField.refuseUnknown(besides: ["effort", "format"], and: [Self.taskBudget], in: config)
        effort = try config.word("effort", as: Effort.self)?.rawValue
        guard let new = try config.nested("format") else { return }
        if let old { throw .contradictoryFormats(new.path, old.path) }
        format = try Self.format(new)
    }

    /// Reads `{type: "json_schema", schema}`.
    private static func format(_ fields: FieldReader) throws(APIError) -> Format {
        _ = try fields.requiredWord("type", as: FormatKind.self)
        try fields.refuseUnknown(["type", "schema"])
        let schema = try fields.requiredNested("schema")
        return Format(schema: .object(schema.object), path: schema.path)
    }
}
