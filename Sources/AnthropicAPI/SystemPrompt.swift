import PinionJSON
import PinionWire
import TextGeneration

/// Reads a body's `system`: a string or a list of text blocks.
enum SystemPrompt {
    /// How the line begins that agents put before their instructions for Anthropic's books.
    private static let headerPrefix = Array("x-anthropic-billing-header:".utf8)

    /// The parts of the prompt, one for each block; none for an absent or empty one.
    static func parts(_ fields: FieldReader) throws(APIError) -> [Message.Part] {
        var texts: [String]
        switch fields.value("system") {
        case nil: return []
        case .string(let text)?: texts = [text]
        case .array?:
            texts = []
            for block in try fields.objects("system") ?? [] {
                let type = try block.requiredString("type")
                guard ProtocolWord(type) == "text" else {
                    throw ContentBlocks.refusal(of: type, at: block.path(of: "type"), in: .system)
                }
                texts.append(try ContentBlocks.text(block))
            }
        case let other?:
            throw .invalidType("system", expected: "one of a string or array of objects", got: other.typeName)
        }
        if let first = texts.first { texts[0] = withoutHeader(first) }
        if texts.first?.isEmpty == true { texts.removeFirst() }
        return texts.map { .text($0) }
    }

    /// The text without its billing header.
    ///
    /// The header changes from request to request: at the start of the prompt it would spoil the prefix cache for all
    /// that follows, and it tells the model nothing. Only its line goes, so that instructions after it are never lost.
    private static func withoutHeader(_ text: String) -> String {
        guard text.utf8.starts(with: headerPrefix) else { return text }
        guard let end = text.utf8.firstIndex(of: UInt8(ascii: "\n")) else { return "" }
        return String(Substring(text.utf8[end...].drop { $0 == UInt8(ascii: "\n") }))
    }
}
