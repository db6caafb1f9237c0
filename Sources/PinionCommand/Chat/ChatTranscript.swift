import Foundation
import PinionJSON
import TextGeneration

/// A conversation as a file: Markdown for people, or JSON that can be loaded again.
struct ChatTranscript {
    /// Bytes of a file that is loaded.
    private static let maximumSize = 16 << 20
    private static let limits = JSONLimits(depth: 8, values: 200_000)

    var system: String?
    var messages: [Message]

    /// Writes a file that is not there yet.
    ///
    /// - Throws: ``CommandFailure`` naming the file and the reason.
    func save(to path: String, model: String) throws {
        let bytes = path.lowercased().hasSuffix(".json") ? json(model) : Array(markdown(model).utf8)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = errno == EEXIST ? "it is there already" : String(cString: strerror(errno))
            throw CommandFailure("cannot write \(path): \(reason)")
        }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = String(cString: strerror(errno))
                // A part of a conversation would be taken for the whole, and would be in the way of another try.
                unlink(path)
                throw CommandFailure("cannot write \(path): \(reason)")
            }
            rest = rest.dropFirst(count)
        }
    }

    private var all: [Message] { (system.map { [Message(.system, $0)] } ?? []) + messages }

    private func markdown(_ model: String) -> String {
        let parts = all.map { "## \($0.role.rawValue)\n\n\($0.text)\n" }
        return "# A conversation with \(model)\n\n" + parts.joined(separator: "\n")
    }

    private func json(_ model: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"model\":")
        writer.string(model)
        writer.raw(",\"messages\":[")
        writer.list(all) { writer, message in
            writer.raw("\n{\"role\":")
            writer.string(message.role.rawValue)
            writer.raw(",\"content\":")
            writer.string(message.text)
            writer.raw("}")
        }
        writer.raw("]}\n")
        return writer.bytes
    }

    init(system: String?, messages: [Message]) {
        (self.system, self.messages) = (system, messages)
    }

    /// Reads a file that ``save(to:model:)`` wrote as JSON, or one with a body's `messages`.
    ///
    /// - Throws: ``CommandFailure`` saying what is wrong with it.
    init(loading path: String) throws {
        func damaged(_ reason: String) -> CommandFailure { CommandFailure("\(path) is no conversation: \(reason)") }
        let bytes = try [UInt8](FileContents.of(path, kind: "conversation", limit: Self.maximumSize))
        let value: JSONValue
        do {
            value = try JSONValue.parse(bytes, limits: Self.limits)
        } catch { throw damaged("\(error)") }
        guard case .object(let object) = value, case .array(let entries)? = object["messages"] else {
            throw damaged("expected an object with 'messages'")
        }
        messages = []
        for (index, entry) in entries.enumerated() {
            guard case .object(let entry) = entry, case .string(let role)? = entry["role"],
                case .string(let content)? = entry["content"]
            else { throw damaged("messages[\(index)] has no 'role' and 'content' of text") }
            switch ProtocolWord(role) {
            case "system" where index == 0, "developer" where index == 0: system = content
            case "user" where messages.last?.role != .user: messages.append(Message(.user, content))
            case "assistant" where messages.last?.role == .user: messages.append(Message(.assistant, content))
            default: throw damaged("messages[\(index)] of the role '\(JSONValue.quoted(role))' cannot stand there")
            }
        }
        guard messages.last?.role != .user else { throw damaged("the last message has no reply") }
    }
}
