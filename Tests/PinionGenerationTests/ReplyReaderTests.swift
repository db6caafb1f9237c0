import Foundation
import PinionGeneration
import PinionJSON
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
                "weather", "f", #"{"input": "a\ud83d"}"#, #"{"input": "#,
                "\\", "\\u00e4", "\\ud83d", "1", "-2.5e3", "true", "None", "é", "東", "🚆", "<", ">", "|", "```", "'",
                "\t",
                #"{"name": "weather", "arguments": {"city": "Bern"}}"#, "</", "<tool", "</think>",
            ]
        for _ in 0..<Self.randomReplies {
            let count = 1 + random.below(24)
            let text = (0..<count).map { _ in words[random.below(words.count)] }.joined()
            let isThinking = random.below(4) == 0
            let isCut = random.below(2) == 0
            let tools = random.below(2) == 0 ? [] : Self.randomTools
            func read(_ parts: [some Sequence<UInt8>]) -> (reply: ReadReply, bytes: Int, failed: Int) {
                ReadReply.read(parts, format, tools: tools, isThinking: isThinking, isCut: isCut)
            }
            let whole = read([text.utf8])
            #expect(whole.bytes == text.utf8.count, "\(text)")
            #expect(read(Self.characters(text)) == whole, "\(text)")
            // What is no call, no mark and no white space was told.
            guard whole.reply.calls.isEmpty else { continue }
            let trains = { (text: String) in text.unicodeScalars.filter { $0 == "🚆" }.count }
            #expect(trains(whole.reply.text + whole.reply.reasoning) == trains(text), "\(text)")
        }
    }

    /// Tools of the names in random replies: one with types to read values as, and one that takes a text.
    private static let randomTools = [
        Tool(
            name: "weather",
            parameters: .object(
                JSONObject([
                    .init(
                        name: "properties",
                        value: .object(
                            JSONObject([
                                .init(name: "name", value: .object(JSONObject([.init(name: "type", value: "string")]))),
                                .init(name: "1", value: .object(JSONObject([.init(name: "type", value: "integer")]))),
                            ])))
                ]))), Tool(name: "f", input: .text(.text)),
    ]

    /// The marks of a format, and words that mean something between them.
    static func marks(of format: ReplyFormat) -> [String] {
        var marks = format.marks.map { String(decoding: $0, as: UTF8.self) }
        if let calls = format.calls { marks.append(calls.separator) }
        if format.hasChannels { marks += ["assistant", "analysis", "final", " to=functions.f"] }
        return marks.filter { !$0.isEmpty }
    }

    @Test("A megabyte of beginnings of calls is read in a moment", arguments: ReplyFormat.all.map(\.name))
    func linear(_ name: String) throws {
        let format = try #require(ReplyFormat.named(name))
        let unit = Self.marks(of: format).joined() + "{\"name\": \"f"
        let text = Array(String(repeating: unit, count: (1 << 20) / unit.utf8.count + 1).utf8)
        let time = processorTime { _ = ReadReply.read([text], format) }
        #expect(time < .seconds(4))
    }

    // MARK: - One reader each

    /// Reads a reply at once and by character, which have to agree.
    private static func read(
        _ text: String, _ name: String, tools: [Tool] = [], isCut: Bool = false
    ) throws -> (reply: ReadReply, bytes: Int, failed: Int) {
        let format = try #require(ReplyFormat.named(name))
        let whole = ReadReply.read([text.utf8], format, tools: tools, isCut: isCut)
        #expect(whole.bytes == text.utf8.count, "\(text)")
        #expect(ReadReply.read(characters(text), format, tools: tools, isCut: isCut) == whole, "\(text), by character")
        return whole
    }

    @Test(
        "Bytes that are read again are counted once",
        arguments: [
            #"<function=f><parameter=a>{"x</parameter>z"q"#,
            #"<function=f><parameter=a>{"x</parameter>z"q</function> and more"#,
            #"<function=f><parameter=a>["</parameter></function>", "</parameter>" x"#,
        ])
    func readAgain(_ text: String) throws {
        _ = try Self.read(text, "qwen-coder")
        _ = try Self.read(text, "qwen-coder", isCut: true)
    }

    @Test(
        "Half a character beyond U+FFFF is U+FFFD in the string that it stands in",
        arguments: [
            (#"a="\ud83d", b="\ude86""#, #"{"a":"\#u{FFFD}","b":"\#u{FFFD}"}"#),
            (#"a="\ud83dx", b="\ud83d\n""#, #"{"a":"\#u{FFFD}x","b":"\#u{FFFD}\n"}"#),
            (#"a="\ud83d\u0041", b="\ud83d\x41""#, #"{"a":"\#u{FFFD}A","b":"\#u{FFFD}A"}"#),
            (#"a="\ud83d\ude86", b="\ud83d\ud83d\ude86""#, #"{"a":"🚆","b":"\#u{FFFD}🚆"}"#),
            (#"a='\ud83d\'', b=["\ud83d"]"#, #"{"a":"\#u{FFFD}'","b":["\#u{FFFD}"]}"#),
        ])
    func halves(_ written: String, _ expected: String) throws {
        let read = try Self.read("<|tool_call_start|>[f(\(written))]<|tool_call_end|>", "lfm2")
        #expect(read.reply.calls == [.init(name: "f", arguments: expected)])
    }

    @Test("A word in tags is read in linear time, however many combining marks it has")
    func combiningMarks() throws {
        let marks = String(repeating: "\u{0300}\u{0315}\u{0327}", count: 1 << 15)
        for (name, text) in [
            ("qwen-coder", "<function=f><parameter=a>e\(marks)</parameter></function>"),
            ("lfm2", "<|tool_call_start|>[f(a=[\(marks.prefix(1))])]<|tool_call_end|>"),
        ] {
            let format = try #require(ReplyFormat.named(name))
            let time = processorTime { _ = ReadReply.read([text.utf8], format) }
            #expect(time < .seconds(1), "\(name): \(time)")
        }
    }

    // MARK: - Tools that take a text

    private static let custom = [Tool(name: "patch", input: .text(.text))]

    @Test(
        "The input of a tool that takes a text is told as it is, and nothing of other arguments is lost",
        arguments: [
            (#"{"input": "a\n\u00e9"}"#, "a\né", false), (" {\n\"input\"\t: \"a\"}", "a", false),
            (#"{"inputs": "a"}"#, #"{"inputs": "a"}"#, false), (#"{"in put": "a"}"#, #"{"in put": "a"}"#, false),
            ("{}", "{}", false), (#"{"input": "a\ud83dz", "b": 1}"#, #"a\ud83dz", "b": 1}"#, true),
        ])
    func customInput(_ arguments: String, _ expected: String, _ fails: Bool) throws {
        let text = #"<tool_call>{"name": "patch", "arguments": \#(arguments)}</tool_call>"#
        let read = try Self.read(text, "hermes", tools: Self.custom)
        #expect(read.reply.calls == [.init(name: "patch", arguments: expected)])
        #expect((read.failed > 0) == fails)
    }

    @Test("What was read of the arguments of a tool that takes a text is told where the reply is cut")
    func cutCustomInput() throws {
        for (written, expected) in [(#"{"inp"#, #"{"inp"#), (#"{"input": "a"#, "a"), (#"{ "#, "{ ")] {
            for name in ["hermes", "harmony"] {
                let open =
                    name == "hermes"
                    ? #"<tool_call>{"name": "patch", "arguments": "#
                    : "<|channel|>commentary to=functions.patch<|message|>"
                let read = try Self.read(open + written, name, tools: Self.custom, isCut: true)
                #expect(read.reply.calls == [.init(name: "patch", arguments: expected)], "\(name): \(written)")
                #expect(read.failed == 0)
            }
        }
    }

    @Test("White space in front of a text is read in linear time")
    func customSpace() throws {
        let space = String(repeating: " ", count: 1 << 17)
        let text = #"<tool_call>{"name": "patch", "arguments": {\#(space)"input": "a"}}</tool_call>"#
        let time = try processorTime {
            let read = ReadReply.read([text.utf8], try #require(ReplyFormat.named("hermes")), tools: Self.custom)
            #expect(read.reply.calls.map(\.arguments) == ["a"])
        }
        #expect(time < .seconds(1), "\(time)")
    }

    @Test("A text that begins as a recipient does is told before it ends")
    func recipientText() throws {
        var reader = ReplyReader(try #require(ReplyFormat.named("harmony")))
        let text = "to=" + String(repeating: "x ", count: 1_000)
        var told = 0
        for piece in reader.append(text.utf8) {
            if case .text(let bytes) = piece { told += bytes.count }
        }
        #expect(told == text.utf8.count)
    }
}
