import PinionJSON
import PinionWire
import TextGeneration

extension ToolChoice {
    private enum Word: String, CaseIterable {
        case none, auto, required
    }

    /// What OpenAI's older `function_call` may hold beside a name.
    private enum OldWord: String, CaseIterable {
        case none, auto
    }

    private enum Mode: String, CaseIterable {
        case auto, required
    }

    /// Reads `tool_choice`; absent it is ``auto``.
    ///
    /// - Parameters:
    ///   - isListEmpty: Whether the request lists no tools, not even ones that were left out. `none` and `auto` pass all the
    ///     same, as they ask for what happens anyway and many clients send them always.
    ///   - object: Reads a choice that is no word, which the routes spell in ways of their own.
    static func decode(
        _ fields: FieldReader, among names: ToolNames, isListEmpty: Bool,
        object: (FieldReader) throws(APIError) -> ToolChoice
    ) throws(APIError) -> ToolChoice {
        guard let value = fields.value("tool_choice") else { return .auto }
        let toolsMissing = APIError.onlyAllowed("tool_choice", when: "'tools' are specified")
        switch value {
        case .string:
            switch try fields.requiredWord("tool_choice", as: Word.self) {
            case .none: return .none
            case .auto: return .auto
            case .required:
                if isListEmpty { throw toolsMissing }
                if names.isEmpty { throw .invalidValue("tool_choice", "none of the tools can be run here.") }
                return .required
            }
        case .object:
            if isListEmpty { throw toolsMissing }
            return try object(fields.requiredNested("tool_choice"))
        default:
            throw .invalidType("tool_choice", expected: "one of a string or an object", got: value.typeName)
        }
    }

    /// Reads `function_call` of OpenAI's older spelling.
    static func decodeOld(_ fields: FieldReader, among names: ToolNames) throws(APIError) -> ToolChoice {
        guard let value = fields.value("function_call") else { return .auto }
        switch value {
        case .string:
            switch try fields.requiredWord("function_call", as: OldWord.self) {
            case .none: return .none
            case .auto: return .auto
            }
        case .object:
            if names.isEmpty { throw .onlyAllowed("function_call", when: "'functions' are specified") }
            let reference = try fields.requiredNested("function_call")
            try reference.refuseUnknown(["name"])
            return .named(try name(reference, isCustom: false, among: names))
        default:
            throw .invalidType("function_call", expected: "one of a string or an object", got: value.typeName)
        }
    }

    /// Reads the object of a chat completion.
    static func decodeObject(_ fields: FieldReader, among names: ToolNames) throws(APIError) -> ToolChoice {
        let type = try fields.requiredString("type")
        if ProtocolWord(type) == "allowed_tools" {
            try fields.refuseUnknown(["type", "allowed_tools"])
            return try allowed(fields.requiredNested("allowed_tools"), among: names)
        }
        if let hosted = HostedTool(type: type) { throw .hostedTool(hosted.type, at: fields.path(of: "type")) }
        return .named(try referenced(fields, type, among: names, types: ["function", "custom", "allowed_tools"]))
    }

    /// Reads `{mode, tools}`. Hosted tools of the list are passed over, as they were left out of the request's own.
    private static func allowed(_ fields: FieldReader, among names: ToolNames) throws(APIError) -> ToolChoice {
        try fields.refuseUnknown(["mode", "tools"])
        let isRequired = try fields.requiredWord("mode", as: Mode.self) == .required
        let path = fields.path(of: "tools")
        guard let references = try fields.objects("tools") else { throw .missingParameter(path) }
        guard !references.isEmpty else {
            throw .emptyArray(path)
        }
        var seen: Set<ProtocolWord> = []
        var allowed: [String] = []
        for reference in references {
            let type = try reference.requiredString("type")
            if HostedTool(type: type) != nil { continue }
            let name = try referenced(reference, type, among: names, types: ["function", "custom"])
            if seen.insert(ProtocolWord(name)).inserted { allowed.append(name) }
        }
        if allowed.isEmpty {
            if isRequired { throw .invalidValue(path, "none of the tools can be run here.") }
            return .none
        }
        return .allowed(allowed, isRequired: isRequired)
    }

    /// The name in `{type, function: {name}}` or `{type, custom: {name}}`.
    ///
    /// - Parameter types: What an error of the type lists.
    private static func referenced(
        _ fields: FieldReader, _ type: String, among names: ToolNames, types: [String]
    ) throws(APIError) -> String {
        let isCustom: Bool
        switch ProtocolWord(type) {
        case "function": isCustom = false
        case "custom": isCustom = true
        default: throw .invalidValue(fields.path(of: "type"), got: type, supported: types)
        }
        let member = isCustom ? "custom" : "function"
        try fields.refuseUnknown(["type", ProtocolWord(member)])
        let reference = try fields.requiredNested(member)
        try reference.refuseUnknown(["name"])
        return try name(reference, isCustom: isCustom, among: names)
    }

    private static func name(
        _ fields: FieldReader, isCustom: Bool, among names: ToolNames
    ) throws(APIError) -> String {
        let name = try fields.requiredString("name")
        try names.require(name, isCustom: isCustom, at: fields.path(of: "name"))
        return name
    }
}
