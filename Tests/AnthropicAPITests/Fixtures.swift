import AnthropicAPI
import PinionJSON
import PinionWire
import Testing
import TextGeneration

/// A seal that hides nothing: model, digest and text, each after a bar.
struct TestSeal: ReasoningSeal {
    func scoped(to tenant: Tenant) -> any ReasoningSeal { self }

    func seal(_ text: String, by model: String) -> String {
        "\(model)|\(StableHash.of(model + "|" + text))|\(text)"
    }

    func open(_ sealed: String) -> SealedReasoning? {
        let parts = sealed.utf8.split(separator: UInt8(ascii: "|"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let model = String(parts[0]), let digest = String(parts[1]),
            let text = String(parts[2]),
            UInt64(digest) == StableHash.of(model + "|" + text)
        else { return nil }
        return SealedReasoning(text: text, model: model)
    }
}

let testModel = ServedModel(id: "a/b", created: 0, owner: "o", fingerprint: "fp_1", contextLength: 8)

/// A body with further fields.
func body(messages: String = #"[{"role":"user","content":"Hi"}]"#, _ fields: String = "") -> [UInt8] {
    let more = fields.isEmpty ? "" : "," + fields
    return Array(#"{"model":"m","max_tokens":9,"messages":\#(messages)\#(more)}"#.utf8)
}

func decodeRequest(_ fields: String = "") throws -> MessagesRequest {
    try MessagesRequest.decode(body(fields), seal: TestSeal())
}

func decodeMessages(_ messages: String, _ fields: String = "") throws -> MessagesRequest {
    try MessagesRequest.decode(body(messages: messages, fields), seal: TestSeal())
}

/// The contract's messages of a list on the wire.
func conversation(_ messages: String, _ fields: String = "") throws -> [Message] {
    try decodeMessages(messages, fields).generation.conversation.messages
}

/// The error of a request with further fields.
func requestError(_ fields: String) -> APIError? {
    #expect(throws: APIError.self) { try decodeRequest(fields) }
}

func messagesError(_ messages: String, _ fields: String = "") -> APIError? {
    #expect(throws: APIError.self) { try decodeMessages(messages, fields) }
}

extension JSONValue {
    func member(_ name: String) -> JSONValue? {
        guard case .object(let object) = self else { return nil }
        return object[name]
    }

    func element(_ index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// Names in the order of the text.
    var names: [String] {
        guard case .object(let object) = self else { return [] }
        return object.members.map(\.name)
    }

    var text: String {
        var writer = JSONWriter()
        writer.value(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

func parseJSON(_ text: String) throws -> JSONValue { try JSONValue.parse(Array(text.utf8)) }

/// A JSON string literal.
func quoted(_ text: String) -> String { JSONValue.string(text).text }
