import Foundation
import PinionGeneration
import PinionJSON
import TextGeneration

/// Replies of one family, and what they mean; see `Tests/Fixtures/scripts/replies`.
struct ReplyFixture: Sendable {
    struct Transcript: Sendable, CustomStringConvertible {
        let name: String
        let reply: String
        let isThinking: Bool
        let isCut: Bool
        let isDegraded: Bool
        let expected: ReadReply

        var description: String { name }
    }

    let name: String
    let format: ReplyFormat
    let tools: [Tool]
    let transcripts: [Transcript]

    /// Fixtures of models that write as another family does.
    private static let readers = [
        "mistral-new": "mistral", "magistral": "mistral", "gemma3-prompted": "gemma3", "nemotron-v2": "nemotron",
        "nemotron-v3": "qwen-coder",
    ]

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory.path(percentEncoded: false))) ?? []
        return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    }()

    private static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/replies")

    init(_ name: String) throws {
        self.name = name
        let data = try Data(contentsOf: Self.directory.appending(path: name + ".json"))
        let file = try JSONValue.parse(Array(data), limits: JSONLimits(depth: 100, values: 1 << 20))
        let known = ReplyFormat.named(Self.readers[name] ?? name)
        guard let known else { throw ReplyFixtureError.unknownFormat(name) }
        format = known
        tools = try file["tools"].items.map { tool in
            let function = tool["function"]
            return Tool(name: try function["name"].text, parameters: function["parameters"])
        }
        transcripts = try file["transcripts"].items.map { transcript in
            let expected = transcript["expected"]
            var reply = ReadReply()
            reply.text = try expected["content"].text
            reply.reasoning = (try? expected["reasoning"].text) ?? ""
            for call in try expected["calls"].items {
                reply.calls.append(.init(name: try call["name"].text, arguments: try call["arguments"].text))
            }
            return Transcript(
                name: try transcript["name"].text, reply: try transcript["reply"].text,
                isThinking: transcript["reasoning_open"] == .bool(true),
                isCut: try expected["finish"].text == "length", isDegraded: expected["degraded"] == .bool(true),
                expected: reply)
        }
    }
}

enum ReplyFixtureError: Error {
    case unknownFormat(String)
    case unexpected(JSONValue)
}

extension JSONValue {
    fileprivate subscript(name: String) -> JSONValue {
        if case .object(let object) = self { object[name] ?? .null } else { .null }
    }

    fileprivate var text: String {
        get throws {
            guard case .string(let text) = self else { throw ReplyFixtureError.unexpected(self) }
            return text
        }
    }

    fileprivate var items: [JSONValue] {
        get throws {
            guard case .array(let items) = self else { throw ReplyFixtureError.unexpected(self) }
            return items
        }
    }
}

/// What a reader made of a reply.
struct ReadReply: Equatable, Sendable {
    struct Call: Equatable, Sendable {
        var name: String
        var arguments = ""
    }

    var text = ""
    var reasoning = ""
    var calls: [Call] = []

    /// A reply read in parts, the bytes that its pieces account for, and how many calls were none.
    static func read(
        _ parts: [some Sequence<UInt8>], _ format: ReplyFormat, tools: [Tool] = [], isThinking: Bool = false,
        isCut: Bool = true, maximumCalls: Int? = nil
    ) -> (reply: ReadReply, bytes: Int, failed: Int) {
        var options = ReplyReader.Options()
        options.tools = tools
        options.isThinking = isThinking
        options.maximumCalls = maximumCalls
        options.makeIdentifier = { "call" }
        var reader = ReplyReader(format, options)
        var pieces = parts.flatMap { reader.append($0) }
        pieces += reader.finish(isCut: isCut)
        var reply = ReadReply()
        var bytes = 0
        for piece in pieces {
            switch piece {
            case .text(let text):
                reply.text += String(decoding: text, as: UTF8.self)
                bytes += text.count
            case .reasoning(let text):
                reply.reasoning += String(decoding: text, as: UTF8.self)
                bytes += text.count
            case .hidden(let count): bytes += count
            case .call(let delta):
                if let start = delta.start { reply.calls.append(Call(name: start.name)) }
                reply.calls[delta.index].arguments += delta.arguments
            }
        }
        return (reply, bytes, reader.failedCalls)
    }
}
