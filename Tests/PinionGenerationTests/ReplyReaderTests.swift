import Foundation
import PinionGeneration
import TestSupport
import Testing
import TextGeneration

@Suite("Replies taken apart")
struct ReplyReaderTests {
    /// Random replies of each format; see `make test-long`.
    private static let randomReplies = Int(ProcessInfo.processInfo.environment["PINION_FUZZ_COUNT"] ?? "") ?? 200
    /// Whether every pair of places is cut at, not every place alone.
    private static let cutsPairs = ProcessInfo.processInfo.environment["PINION_FUZZ_COUNT"] != nil

    /// The reply in characters, as tokens release them.
    private static func characters(_ text: String) -> [[UInt8]] { text.unicodeScalars.map { Array(String($0).utf8) } }

    @Test("Every transcript is what it means, however it is cut", arguments: ReplyFixture.names)
    func transcripts(_ name: String) throws {
        let fixture = try ReplyFixture(name)
        #expect(fixture.transcripts.count >= 12)
        for transcript in fixture.transcripts {
            func read(_ parts: [some Sequence<UInt8>]) -> (reply: ReadReply, bytes: Int, failed: Int) {
                ReadReply.read(
                    parts, fixture.format, tools: fixture.tools, isThinking: transcript.isThinking,
                    isCut: transcript.isCut)
            }
            let whole = read([transcript.reply.utf8])
            #expect(whole.reply == transcript.expected, "\(transcript)")
            #expect(whole.bytes == transcript.reply.utf8.count, "\(transcript)")
            #expect((whole.failed > 0) == transcript.isDegraded, "\(transcript)")
            let characters = Self.characters(transcript.reply)
            #expect(read(characters) == whole, "\(transcript), by character")
            // Every place in a long run, and every fifth here: each character by itself was read above.
            for first in stride(from: 0, to: characters.count, by: Self.cutsPairs ? 1 : 5) {
                let parts = [characters[..<first].joined(), characters[first...].joined()]
                #expect(read(parts) == whole, "\(transcript), cut at \(first)")
                guard Self.cutsPairs else { continue }
                for second in first..<characters.count {
                    let parts = [
                        characters[..<first].joined(), characters[first..<second].joined(),
                        characters[second...].joined(),
                    ]
                    #expect(read(parts) == whole, "\(transcript), cut at \(first) and \(second)")
                }
            }
        }
    }

    @Test("Random replies lose no byte, and do not depend on how they are cut", arguments: ReplyFormat.all.map(\.name))
    func random(_ name: String) throws {
        let format = try #require(ReplyFormat.named(name))
        var random = SeededGenerator(seed: UInt64(name.utf8.reduce(0) { $0 &* 31 &+ Int($1) } & 0xFFFF))
        let words =
            Self.marks(of: format) + [
                "{", "}", "[", "]", "(", ")", "\"", ":", ",", "=", " ", "\n", "name", "\"name\"", "\"arguments\"",
                "weather",
                "\\", "\\u00e4", "\\ud83d", "1", "-2.5e3", "true", "None", "é", "東", "🚆", "<", ">", "|", "```", "'",
                "\t",
                #"{"name": "weather", "arguments": {"city": "Bern"}}"#, "</", "<tool", "</think>",
            ]
        for _ in 0..<Self.randomReplies {
            let count = 1 + random.below(24)
            let text = (0..<count).map { _ in words[random.below(words.count)] }.joined()
            let isThinking = random.below(4) == 0
            let whole = ReadReply.read([text.utf8], format, isThinking: isThinking)
            #expect(whole.bytes == text.utf8.count, "\(text)")
            #expect(ReadReply.read(Self.characters(text), format, isThinking: isThinking) == whole, "\(text)")
            // What is no call, no mark and no white space was told.
            if whole.reply.calls.isEmpty, !text.contains("🚆") { continue }
            let told =
                whole.reply.text + whole.reply.reasoning + whole.reply.calls.map { $0.name + $0.arguments }.joined()
            let trains = { (text: String) in text.unicodeScalars.filter { $0 == "🚆" }.count }
            if whole.reply.calls.isEmpty { #expect(trains(told) == trains(text), "\(text)") }
        }
    }

    /// The marks of a format, and what stands between them.
    static func marks(of format: ReplyFormat) -> [String] {
        var marks = [format.thinking?.open, format.thinking?.close].compactMap { $0 }
        if let calls = format.calls {
            marks += calls.sectionOpen + calls.sectionClose + [calls.open, calls.close, calls.separator]
            switch calls.body {
            case .named(let form): marks += [form.prefix, form.nameEnd, form.argumentsOpen, form.argumentsClose]
            case .tagged(let form):
                marks += [
                    form.nameOpen, form.nameEnd, form.keyOpen, form.keyEnd, form.valueOpen, form.valueEnd, form.end,
                ]
            case .literal(let form): marks += [form.prefix, form.quote ?? ""]
            case .object, .keyed: break
            }
        }
        if format.hasChannels {
            marks += ["<|start|>", "assistant", "analysis", "final", " to=functions.f", "<|message|>"]
        }
        return marks.filter { !$0.isEmpty }
    }

    @Test("A megabyte of beginnings of calls is read in a moment", arguments: ReplyFormat.all.map(\.name))
    func linear(_ name: String) throws {
        let format = try #require(ReplyFormat.named(name))
        let unit = Self.marks(of: format).joined() + "{\"name\": \"f"
        let text = Array(String(repeating: unit, count: (1 << 18) / unit.utf8.count + 1).utf8)
        let time = processorTime { _ = ReadReply.read([text], format) }
        #expect(time < .seconds(4))
    }
}
