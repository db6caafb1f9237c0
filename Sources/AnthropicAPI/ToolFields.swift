import PinionJSON
import PinionWire
import TextGeneration

/// What a body says of the tools that the model may call.
struct ToolFields {
    private(set) var tools: [Tool] = []
    /// The path of what each tool takes.
    private(set) var paths: [String] = []
    private(set) var choice = ToolChoice.auto
    private(set) var allowsParallelCalls = true
    private(set) var warnings: [GenerationWarning] = []
    private var names: Set<ProtocolWord> = []
    /// Names of the tools that were left out.
    private var hostedNames: Set<ProtocolWord> = []

    static let names: Set<ProtocolWord> = ["tools", "tool_choice"]

    private enum ChoiceKind: String, CaseIterable {
        case auto, any, tool, none
    }

    /// - Throws: ``APIError`` naming the field at fault.
    init(_ fields: FieldReader) throws(APIError) {
        let list = try fields.objects("tools", most: MessagesRequest.maximumTools) ?? []
        for (index, entry) in list.enumerated() {
            let type = try entry.string("type")
            if let type, ProtocolWord(type) != "custom" {
                guard let hosted = HostedTool(type: type) else {
                    throw .invalidValue(entry.path(of: "type"), got: type, supported: ["custom"])
                }
                warnings.append(.hostedTool(hosted.type, at: index))
                if case .string(let name)? = entry.value("name") { hostedNames.insert(ProtocolWord(name)) }
                continue
            }
            try read(entry)
        }
        try readChoice(fields, isListEmpty: list.isEmpty)
    }

    private mutating func read(_ entry: FieldReader) throws(APIError) {
        let tool = try Self.tool(entry)
        if !names.insert(ProtocolWord(tool.name)).inserted {
            throw .invalidValue(entry.path(of: "name"), "another tool has the name '\(tool.name)' too.")
        }
        tools.append(tool)
        paths.append(entry.path(of: "input_schema"))
    }

    /// Reads `{name, description, input_schema, strict, input_examples, ...}`.
    ///
    /// `defer_loading` is for a search among tools that there is not: such a tool is shown like any other, as otherwise
    /// it could never be called. `eager_input_streaming` asks for what happens anyway.
    private static func tool(_ entry: FieldReader) throws(APIError) -> Tool {
        try ForeignField.refuseUnknown(
            besides: [
                "type", "name", "description", "input_schema", "strict", "defer_loading", "eager_input_streaming",
                "input_examples", "allowed_callers",
            ], and: [ForeignField.cacheControl], in: entry)
        let name = try entry.requiredString("name")
        try NameRule.tool.check(name, at: entry.path(of: "name"))
        let schema = try entry.requiredNested("input_schema").object
        _ = try entry.boolean("defer_loading")
        _ = try entry.boolean("eager_input_streaming")
        try checkCallers(entry)
        return Tool(
            name: name, description: try description(entry), parameters: .object(schema),
            isStrict: try entry.boolean("strict") ?? false)
    }

    /// The description with the examples of inputs below it: templates show nothing else that could hold them.
    private static func description(_ entry: FieldReader) throws(APIError) -> String? {
        let description = try entry.string("description")
        let examples = try entry.objects("input_examples") ?? []
        if examples.isEmpty { return description }
        var writer = JSONWriter()
        writer.raw("Examples of the input:")
        for example in examples {
            writer.raw("\n")
            writer.value(.object(example.object))
        }
        let shown = String(decoding: writer.bytes, as: UTF8.self)
        guard let description, !description.isEmpty else { return shown }
        return "\(description)\n\n\(shown)"
    }

    /// Refuses a tool that only code which Anthropic runs may call.
    private static func checkCallers(_ entry: FieldReader) throws(APIError) {
        guard let callers = entry.value("allowed_callers") else { return }
        let path = entry.path(of: "allowed_callers")
        guard case .array(let list) = callers else {
            throw .invalidType(path, expected: "an array of strings", got: callers.typeName)
        }
        guard list.contains("direct") else {
            throw .unsupportedValue(path, got: "this list", "Tools are called by the model, as 'direct' says.")
        }
    }

    // MARK: The choice

    /// `none` and `auto` pass without tools, as they ask for what happens anyway and many clients send them always.
    private mutating func readChoice(_ fields: FieldReader, isListEmpty: Bool) throws(APIError) {
        guard let reference = try fields.nested("tool_choice") else { return }
        let kind = try reference.requiredWord("type", as: ChoiceKind.self)
        let isParallelKnown = kind != .none
        var known: Set<ProtocolWord> = ["type"]
        if isParallelKnown { known.insert("disable_parallel_tool_use") }
        if kind == .tool { known.insert("name") }
        try reference.refuseUnknown(known)
        let isSerial = isParallelKnown ? try reference.boolean("disable_parallel_tool_use") ?? false : false
        switch kind {
        case .auto: break
        case .none: if !tools.isEmpty { choice = .none }
        case .any, .tool:
            if isListEmpty { throw .onlyAllowed("tool_choice", when: "'tools' are specified") }
            if kind == .tool {
                choice = .named(try name(reference))
            } else {
                if tools.isEmpty { throw .invalidValue("tool_choice", "none of the tools can be run here.") }
                choice = .required
            }
        }
        allowsParallelCalls = !isSerial
    }

    private func name(_ reference: FieldReader) throws(APIError) -> String {
        let name = try reference.requiredString("name")
        let path = reference.path(of: "name")
        if names.contains(ProtocolWord(name)) { return name }
        if hostedNames.contains(ProtocolWord(name)) { throw .hostedTool(name, at: path) }
        throw .invalidValue(path, "there is no tool '\(APIError.quoted(name))' in 'tools'.")
    }
}
