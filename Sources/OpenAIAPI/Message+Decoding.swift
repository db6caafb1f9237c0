import PinionJSON
import TextGeneration

extension Message {
    /// The roles in the order in which an error lists them.
    private static let roles: [Role] = [.system, .user, .assistant, .developer, .tool]

    private static let knownFields: Set<ProtocolWord> =
        Set(["role", "content", "name", "tool_call_id"])
        .union(ForeignField.messageTable.map { ProtocolWord($0.name) })

    /// Parts that OpenAI knows and the models here do not read.
    private static let foreignParts: Set<ProtocolWord> = ["image_url", "input_audio", "file", "refusal"]

    /// Reads the list under `messages`.
    static func decodeList(
        _ value: JSONValue, at path: String, allowsUnknownFields: Bool
    ) throws(APIError) -> [Message] {
        guard case .array(let elements) = value else {
            throw .invalidType(path, expected: "an array of objects", got: value.typeName)
        }
        guard !elements.isEmpty else {
            throw .invalidValue(
                path, "empty array. Expected an array with minimum length 1, but got an empty array instead.")
        }
        var messages: [Message] = []
        messages.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            let fields = try FieldReader(element, at: "\(path)[\(index)]")
            messages.append(try Message(fields, allowsUnknownFields: allowsUnknownFields))
        }
        return messages
    }

    private init(_ fields: FieldReader, allowsUnknownFields: Bool) throws(APIError) {
        if !allowsUnknownFields { try fields.refuseUnknown(Self.knownFields) }
        for field in ForeignField.messageTable { try field.check(in: fields) }

        let spelling = try fields.requiredString("role")
        guard let role = Self.roles.first(where: { ProtocolWord($0.rawValue) == ProtocolWord(spelling) }) else {
            throw .invalidValue(fields.path(of: "role"), got: spelling, supported: Self.roles.map(\.rawValue))
        }
        let toolCallID = role == .tool ? try fields.requiredString("tool_call_id") : nil
        if role != .tool, fields.value("tool_call_id") != nil {
            throw .onlyAllowed(fields.path(of: "tool_call_id"), when: "the role is 'tool'")
        }
        self.init(
            role, try Self.content(fields, allowsUnknownFields: allowsUnknownFields),
            name: try fields.string("name"), toolCallID: toolCallID)
    }

    private static func content(_ fields: FieldReader, allowsUnknownFields: Bool) throws(APIError) -> [Part] {
        let path = fields.path(of: "content")
        switch fields.object["content"] {
        case .string(let text): return [.text(text)]
        case .array(let list): return try parts(list, at: path, allowsUnknownFields: allowsUnknownFields)
        case let other?:
            throw .invalidType(path, expected: "one of a string or array of objects", got: other.typeName)
        case nil: throw .missingParameter(path)
        }
    }

    private static func parts(
        _ list: [JSONValue], at path: String, allowsUnknownFields: Bool
    ) throws(APIError) -> [Part] {
        guard !list.isEmpty else {
            throw .invalidValue(
                path, "empty array. Expected an array with minimum length 1, but got an empty array instead.")
        }
        var parts: [Part] = []
        for (index, part) in list.enumerated() {
            let fields = try FieldReader(part, at: "\(path)[\(index)]")
            let type = try fields.requiredString("type")
            guard ProtocolWord(type) == "text" else {
                let place = fields.path(of: "type")
                if foreignParts.contains(ProtocolWord(type)) {
                    throw .unsupportedValue(place, got: "'\(type)'", "Models read text only.")
                }
                throw .invalidValue(place, got: type, supported: ["text"])
            }
            if !allowsUnknownFields { try fields.refuseUnknown(["type", "text"]) }
            parts.append(.text(try fields.requiredString("text")))
        }
        return parts
    }
}
