import PinionJSON
import PinionWire
import TextGeneration

/// What a body of the Responses route says of tools. There a tool's fields stand beside its type, and tools may stand in
/// namespaces, of which models know nothing: they see each tool under the joined name.
struct ResponseTools {
    private(set) var tools: [Tool] = []
    /// The path of what each tool takes.
    private(set) var paths: [String] = []
    private(set) var choice = ToolChoice.auto
    private(set) var allowsParallelCalls = true
    private(set) var warnings: [GenerationWarning] = []
    private(set) var namespaces: [ProtocolWord: NamespacedName] = [:]
    /// The entries of `tools` that the reply repeats. Hosted tools are not among them.
    private(set) var shown: [JSONValue] = []
    private var names = ToolNames(field: "tools")

    init(_ fields: FieldReader) throws(APIError) {
        let list = try fields.objects("tools", most: ChatCompletionRequest.maximumTools) ?? []
        for (index, entry) in list.enumerated() { try read(entry, at: index) }
        guard tools.count <= ChatCompletionRequest.maximumTools else {
            throw .invalidValue(
                "tools",
                "too many tools. Expected at most \(ChatCompletionRequest.maximumTools), those in namespaces counted, but "
                    + "got \(tools.count) instead.")
        }
        // Sent by agents with and without tools.
        allowsParallelCalls = try fields.boolean("parallel_tool_calls") ?? true
        let choice = try ToolChoice.decode(fields, among: names, isListEmpty: list.isEmpty) {
            (object) throws(APIError) in try chosen(object)
        }
        if !tools.isEmpty { self.choice = choice }
    }

    private mutating func read(_ entry: FieldReader, at index: Int) throws(APIError) {
        let type = try entry.requiredString("type")
        if let hosted = HostedTool(type: type) {
            warnings.append(.hostedTool(hosted.type, at: index))
            return
        }
        if ProtocolWord(type) == "namespace" {
            try readNamespace(entry)
        } else {
            try add(DecodedTool(flat: entry, type: type, supported: ["function", "custom", "namespace"]))
        }
        let isFunction = ProtocolWord(type) == "function"
        shown.append(.object(isFunction ? entry.object.completed(with: Self.functionMembers) : entry.object))
    }

    /// What clients find in every function of a reply, null where the request says nothing.
    private static let functionMembers = ["parameters", "strict"].map { JSONObject.Member(name: $0, value: .null) }

    private mutating func add(_ tool: DecodedTool) throws(APIError) {
        try names.add(tool)
        tools.append(tool.tool)
        paths.append(tool.inputPath)
    }

    /// Reads `{name, description, tools}`. The description goes before that of the first tool, where the model reads it
    /// once.
    private mutating func readNamespace(_ entry: FieldReader) throws(APIError) {
        try entry.refuseUnknown(["type", "name", "description", "tools"])
        let namespace = try entry.requiredString("name")
        try NameRule.tool.check(namespace, at: entry.path(of: "name"))
        var introduction = try entry.string("description")
        for tool in try entry.objects("tools") ?? [] {
            let type = try tool.requiredString("type")
            var decoded = try DecodedTool(flat: tool, type: type, supported: ["function", "custom"])
            let name = NamespacedName(namespace: namespace, name: decoded.tool.name)
            try NameRule.tool.check(name.flat, at: decoded.namePath)
            decoded.tool.name = name.flat
            let descriptions = [introduction, decoded.tool.description].compactMap { $0 }
            decoded.tool.description = descriptions.isEmpty ? nil : descriptions.joined(separator: "\n\n")
            introduction = nil
            namespaces[ProtocolWord(name.flat)] = name
            try add(decoded)
        }
    }
}

// MARK: - Choice

extension ResponseTools {
    private enum Mode: String, CaseIterable {
        case auto, required
    }

    /// Reads `{type, name, namespace}` or the tools that are allowed.
    private func chosen(_ reference: FieldReader) throws(APIError) -> ToolChoice {
        let type = try reference.requiredString("type")
        if ProtocolWord(type) == "allowed_tools" { return try allowed(reference) }
        if let hosted = HostedTool(type: type) { throw .hostedTool(hosted.type, at: reference.path(of: "type")) }
        return .named(try name(reference, type, types: ["function", "custom", "allowed_tools"]))
    }

    /// Reads `{mode, tools}`, which stand beside the type here. Hosted tools are passed over, as they were left out.
    private func allowed(_ fields: FieldReader) throws(APIError) -> ToolChoice {
        try fields.refuseUnknown(["type", "mode", "tools"])
        let isRequired = try fields.requiredWord("mode", as: Mode.self) == .required
        let path = fields.path(of: "tools")
        guard let references = try fields.objects("tools") else { throw .missingParameter(path) }
        var allowed: [String] = []
        var seen: Set<ProtocolWord> = []
        for reference in references {
            let type = try reference.requiredString("type")
            if HostedTool(type: type) != nil { continue }
            let name = try name(reference, type, types: ["function", "custom"])
            if seen.insert(ProtocolWord(name)).inserted { allowed.append(name) }
        }
        if allowed.isEmpty {
            if isRequired { throw .invalidValue(path, "none of the tools can be run here.") }
            return .none
        }
        return .allowed(allowed, isRequired: isRequired)
    }

    /// The name in `{type, name, namespace}`, as the model knows it.
    private func name(_ fields: FieldReader, _ type: String, types: [String]) throws(APIError) -> String {
        let isCustom: Bool
        switch ProtocolWord(type) {
        case "function": isCustom = false
        case "custom": isCustom = true
        default: throw .invalidValue(fields.path(of: "type"), got: type, supported: types)
        }
        try fields.refuseUnknown(["type", "name", "namespace"])
        var name = try fields.requiredString("name")
        if let namespace = try fields.string("namespace") {
            name = NamespacedName(namespace: namespace, name: name).flat
        }
        try names.require(name, isCustom: isCustom, at: fields.path(of: "name"))
        return name
    }
}
