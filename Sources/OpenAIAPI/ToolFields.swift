import PinionJSON
import PinionWire
import TextGeneration

/// What a body says of the tools that the model may call, in OpenAI's spelling or in its older one, `functions`.
struct ToolFields {
    private(set) var tools: [Tool] = []
    /// The path of what each tool takes.
    private(set) var paths: [String] = []
    private(set) var choice = ToolChoice.auto
    private(set) var allowsParallelCalls = true
    /// Whether the tools came as `functions`.
    private(set) var usesFunctions = false
    private(set) var warnings: [GenerationWarning] = []

    static let names: Set<ProtocolWord> = Set((newNames + oldNames).map { ProtocolWord($0) })
    private static let newNames = ["tools", "tool_choice", "parallel_tool_calls"]
    private static let oldNames = ["functions", "function_call"]

    /// - Throws: ``APIError`` naming the field at fault, or one of each spelling.
    init(_ fields: FieldReader) throws(APIError) {
        let old = Self.oldNames.first { fields.value($0) != nil }
        if let old, let new = Self.newNames.first(where: { fields.value($0) != nil }) {
            throw .invalidValue(
                old, "'\(old)' belongs to the older spelling of what '\(new)' is about. Send one of the two.")
        }
        if old == nil { try readTools(fields) } else { try readFunctions(fields) }
    }

    private mutating func readTools(_ fields: FieldReader) throws(APIError) {
        let list = try fields.objects("tools", most: ChatCompletionRequest.maximumTools) ?? []
        var names = ToolNames(field: "tools")
        for (index, entry) in list.enumerated() {
            let type = try entry.requiredString("type")
            if let hosted = HostedTool(type: type) {
                warnings.append(.hostedTool(hosted.type, at: index))
                continue
            }
            let tool = try DecodedTool(entry, type: type)
            try names.add(tool)
            tools.append(tool.tool)
            paths.append(tool.inputPath)
        }
        let parallel = try fields.boolean("parallel_tool_calls")
        if parallel != nil, list.isEmpty { throw .onlyAllowed("parallel_tool_calls", when: "'tools' are specified") }
        allowsParallelCalls = parallel ?? true
        let choice = try ToolChoice.decode(fields, among: names, isListEmpty: list.isEmpty) {
            (object) throws(APIError) in try ToolChoice.decodeObject(object, among: names)
        }
        // Without tools there is nothing to choose, whatever the field says.
        if !tools.isEmpty { self.choice = choice }
    }

    private mutating func readFunctions(_ fields: FieldReader) throws(APIError) {
        var names = ToolNames(field: "functions")
        for entry in try fields.objects("functions", most: ChatCompletionRequest.maximumTools) ?? [] {
            let tool = try DecodedTool(function: entry, isOld: true)
            try names.add(tool)
            tools.append(tool.tool)
            paths.append(tool.inputPath)
        }
        let choice = try ToolChoice.decodeOld(fields, among: names)
        guard !tools.isEmpty else { return }
        self.choice = choice
        // The old shape of a reply has room for one call.
        allowsParallelCalls = false
        usesFunctions = true
    }
}

/// The names of a request's tools, of which no two are the same.
struct ToolNames {
    /// The field that the tools are listed in.
    let field: String
    private var isCustom: [ProtocolWord: Bool] = [:]

    init(field: String) {
        self.field = field
    }

    var isEmpty: Bool { isCustom.isEmpty }

    mutating func add(_ tool: DecodedTool) throws(APIError) {
        if isCustom.updateValue(tool.isCustom, forKey: ProtocolWord(tool.tool.name)) != nil {
            throw .invalidValue(tool.namePath, "another tool has the name '\(tool.tool.name)' too.")
        }
    }

    /// - Throws: `invalid_value` for a name that no tool of the kind has.
    func require(_ name: String, isCustom: Bool, at path: String) throws(APIError) {
        guard self.isCustom[ProtocolWord(name)] == isCustom else {
            let kind = isCustom ? "custom tool" : "function"
            throw .invalidValue(path, "there is no \(kind) '\(APIError.quoted(name))' in '\(field)'.")
        }
    }
}
