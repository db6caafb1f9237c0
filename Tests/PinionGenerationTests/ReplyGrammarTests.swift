import PinionGeneration
import PinionGrammar
import PinionJSON
import TestSupport
import Testing
import TextGeneration

/// The grammar of a reply and the reader of it agree: what models write is allowed, and what is allowed is read.
@Suite("Grammars of replies")
struct ReplyGrammarTests {
    // MARK: - What models write is allowed

    /// Transcripts that are read and not allowed, because the grammar leaves one way where models may stray.
    private static let forbidden: Set<String> = [
        // The turn ends with its calls, and closing marks are written.
        "Text after a call is content.", "White space after a call is nothing.", "functools: text after.",
        "The end token stands for a closing marker that is missing.",
        "The end token stands for closing markers that are missing.",
        "The end token stands for the end of a list that is missing.",
        "The end token stands for a brace that is missing.", "The closing marker may be the end token.",
        "A call without the end of its group.",
        "A call inside reasoning that closes after it is a call, and the reasoning ends there.",
        // Arguments are what the tool's schema says, in one spelling.
        "Escapes in the arguments stay escapes.", "What is no JSON is a string after all.",
        "Null is JSON where no string is asked for.", "JSON keeps its own white space and the spelling of its numbers.",
        "Numbers keep their spelling.", "Booleans and null.", "JSON's words are taken too.",
        "Python's words become JSON's.", "Python's escapes become the characters.", "Single quotes are quotes.",
        "The attribute counts, whatever the schema says.", "An argument without a name is text.",
        "A line break inside quotes, as the template writes it, is a part of the string.",
        "White space between the parts is nothing.",
        "The list's own layout is nothing, the arguments' passes as it is.",
        // Members stand in the order that the model was trained on, under the trained names.
        "Arguments may stand before the name.", "A call that leaves out its arguments has none.",
        "The arguments may be called arguments.", "A function without the marker around it is a call.",
        // It begins as a call of a tool that there is.
        "Text with a part of a marker is text: '{\"name\": \"weather\", \"parameters\": \"Bern\"}'.",
        "Text with a part of a marker is text: '{\"name\": \"weather\"}'.",
        "Text with a part of a marker is text: '{\"parameters\": {}}'.",
    ]

    private static func grammar(
        _ format: ReplyFormat, _ tools: [Tool], _ choice: ToolChoice, isThinking: Bool = false, isSingle: Bool = false
    ) throws -> (plan: ReplyPlan, grammar: Grammar) {
        var plan = ReplyPlan(.text)
        plan.format = format
        plan.tools = tools
        plan.choice = choice
        plan.isThinking = isThinking && format.thinking != nil && !format.hasChannels
        plan.allowsParallelCalls = !isSingle
        return (plan, try ReplyGrammar.compile(plan, output: nil) { Array($0.utf8) }.0)
    }

    @Test("What models of a family write is allowed", arguments: ReplyFixture.names)
    func transcripts(_ name: String) throws {
        let fixture = try ReplyFixture(name)
        var grammars: [Bool: Grammar] = [:]
        var allowed = 0
        for transcript in fixture.transcripts where !transcript.isCut && !transcript.isDegraded {
            if Self.forbidden.contains(transcript.name) { continue }
            let isThinking = transcript.isThinking
            let grammar =
                try grammars[isThinking]
                ?? Self.grammar(fixture.format, fixture.tools, .auto, isThinking: isThinking)
                .grammar
            grammars[isThinking] = grammar
            var matcher = GrammarMatcher(grammar)
            #expect(matcher.read(Array(transcript.reply.utf8)) == .accepted, "\(transcript)")
            allowed += 1
        }
        #expect(allowed >= 10)
    }

    // MARK: - What is allowed is read

    private static let hostileTools: [(name: String, schema: String)] = [
        (
            "weather",
            #"{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"]}"#
        ),
        ("clock", #"{"type":"object","properties":{},"additionalProperties":false}"#),
        (
            "book",
            #"""
            {"$ref":"#/$defs/Booking","$defs":{"Booking":{"type":"object","properties":{
            "seat":{"type":"string","pattern":"^[A-F][0-9]{1,2}$"},"class":{"$ref":"#/$defs/Class"},
            "note":{"anyOf":[{"type":"string","maxLength":5},{"type":"null"}]},
            "code":{"type":["string","integer"]},"when":{"type":"object","properties":{"day":{"type":"string"},
            "open":{"type":"boolean"}},"required":["day"],"additionalProperties":false},
            "legs":{"type":"array","items":{"$ref":"#/$defs/Class"},"maxItems":2},"direct":{"type":"boolean"}},
            "required":["seat","class","when"],"additionalProperties":false},
            "Class":{"type":"string","enum":["first","second","</parameter>","true"]}}}
            """#
        ),
        (
            "odd",
            #"""
            {"type":"object","properties":{"$filter":{"type":"string"},"xml:lang":{"const":"de"},"a b":{"type":"null"},
            "é":{"type":"integer"}},"required":["$filter"],"additionalProperties":false}
            """#
        ),
        (
            "forms",
            #"""
            {"allOf":[{"$ref":"#/definitions/W"}],"definitions":{"W":{"type":"object","properties":{
            "content":{"type":"string","minLength":2,"maxLength":9},"zip":{"type":"string","pattern":"^[0-9]{5}$"},
            "old":{"type":["string","null"],"minLength":1},"line":{"enum":["\n","a\n","\nb"]}},
            "required":["zip","line"],"additionalProperties":false}}}
            """#
        ),
        (
            "days",
            #"""
            {"type":"object","patternProperties":{"^[0-9]{4}-[0-9]$":{"type":"integer"}},"additionalProperties":false,
            "minProperties":1,"maxProperties":2}
            """#
        ),
        (
            "either",
            #"""
            {"allOf":[{"type":"object","properties":{"x":{"enum":[1,"one",null,true]}}},{"required":["x"]}],
            "maxProperties":1}
            """#
        ),
    ]

    /// Bytes that a walk prefers once a reply is long, for an end; and some that texts hold.
    private static let closers = Array("}])\"'`<>|/".utf8)

    /// A random reply that the grammar allows, one byte after the other; nil where a walk is too long.
    ///
    /// - Parameter marks: What a walk tries to write at once, because chance alone writes none.
    private static func walk(
        _ grammar: CompiledGrammar, _ random: inout SeededGenerator, trying marks: [String], limit: Int = 900
    ) -> [UInt8]? {
        var wish: ArraySlice<UInt8> = []
        let session = GrammarSession(grammar)
        let end = 256
        var reply: [UInt8] = []
        while reply.count < limit {
            let words = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: 5)
            words.initialize(repeating: 0)
            defer { words.deallocate() }
            session.markAllowed(in: words)
            func isAllowed(_ token: Int) -> Bool { words[token >> 6] >> UInt64(token & 63) & 1 == 1 }
            if isAllowed(end), random.below(4) > 0 || reply.count > 200 { return reply }
            if wish.isEmpty, random.below(reply.count > 60 ? 2 : 8) == 0 {
                wish = Array(marks[random.below(marks.count)].utf8)[...]
            }
            if let byte = wish.popFirst() {
                if isAllowed(Int(byte)) {
                    reply.append(byte)
                    session.advance(Int32(byte))
                    continue
                }
                wish = []
            }
            var allowed = (0..<end).filter { isAllowed($0) && ($0 >= 0x20 || $0 == 0x0A) }
            if allowed.isEmpty { allowed = (0..<end).filter(isAllowed) }
            guard !allowed.isEmpty else { return isAllowed(end) ? reply : nil }
            let closing = allowed.filter { closers.contains(UInt8($0)) }
            let plain = allowed.filter { $0 < 0x80 && $0 > 0x20 }
            let wish = reply.count > 120 ? 1 : 4
            let choices =
                !closing.isEmpty && random.below(wish) == 0
                ? closing : !plain.isEmpty && random.below(8) > 0 ? plain : allowed
            let byte = choices[random.below(choices.count)]
            reply.append(UInt8(byte))
            session.advance(Int32(byte))
        }
        return nil
    }

    private static let vocabulary = TokenVocabulary(
        tokens: (0...256).map { $0 < 256 ? [UInt8($0)] : nil }, endTokens: [256])

    @Test(
        "Every reply that has to be a call is read as calls whose arguments the tools take",
        arguments: ReplyFormat.all.filter { $0.calls != nil }.map(\.name))
    func walks(_ name: String) throws {
        let format = try #require(ReplyFormat.named(name))
        var random = SeededGenerator(seed: 11)
        var read = 0
        for (toolName, schema) in Self.hostileTools {
            let json = try JSONValue.parse(Array(schema.utf8), limits: JSONLimits(depth: 50, values: 1 << 12))
            let tools = [Tool(name: toolName, parameters: json), Tool(name: "other", parameters: nil)]
            let compiled: (plan: ReplyPlan, grammar: Grammar)
            do {
                compiled = try Self.grammar(format, tools, .named(toolName))
            } catch let error as GrammarError {
                // Names that the format has no way to write.
                #expect(error.code == .unsupported && toolName == "odd", "\(toolName): \(error)")
                continue
            }
            let marks = ReplyReaderTests.marks(of: format).filter { !$0.isEmpty }
            let grammar = CompiledGrammar(compiled.grammar, vocabulary: Self.vocabulary, encode: nil)
            let own = try SchemaGrammar.compile(json, mode: .strict).grammar
            let spelling = try InstanceSpelling(json, mode: .strict)
            for _ in 0..<16 {
                guard let reply = Self.walk(grammar, &random, trying: marks) else { continue }
                let text = String(decoding: reply, as: UTF8.self)
                let (message, bytes, failed) = ReadReply.read(
                    [reply], format, tools: tools, isCut: false, maximumCalls: 1)
                #expect(failed == 0, "\(text)")
                #expect(bytes == reply.count, "\(text)")
                let hasText = message.text.contains { !$0.isWhitespace }
                // Between its thinking and a call, gpt-oss may say something.
                #expect(!hasText || format.hasChannels, "\(text): \(message)")
                #expect(message.calls.map(\.name) == [toolName], "\(text)")
                guard let call = message.calls.first else { continue }
                let arguments = try #require(
                    try? JSONValue.parse(
                        Array(call.arguments.utf8), limits: JSONLimits(depth: 50, values: 1 << 12)),
                    "\(text): \(call.arguments)")
                var matcher = GrammarMatcher(own)
                #expect(matcher.read(try spelling.text(of: arguments)) == .accepted, "\(text): \(call.arguments)")
                read += 1
            }
        }
        #expect(read >= 20)
    }

    @Test("A custom tool's grammar holds for the text behind the escapes of JSON")
    func escapes() throws {
        let tools = [Tool(name: "patch", input: .text(.grammar(#"start: "a\n" /[\x02"]/"#, .lark)))]
        let hermes = try #require(ReplyFormat.named("hermes"))
        let grammar = try Self.grammar(hermes, tools, .named("patch")).grammar
        for (input, isAllowed) in [
            (#"a\n\u0002"#, true), (#"a\n\""#, true), (#"a\t\u0002"#, false), (#"a\n\u0003"#, false),
            (#"a\n\n"#, false), ("an\"", false),
        ] {
            let call = #"{"name": "patch", "arguments": {"input": "\#(input)"}}"#
            var matcher = GrammarMatcher(grammar)
            let result = matcher.read(Array("<tool_call>\n\(call)\n</tool_call>".utf8))
            #expect((result == .accepted) == isAllowed, "\(input)")
        }
    }

    @Test(
        "A custom tool's grammar holds for what is read between tags",
        arguments: [
            OutputFormat.pattern("a\\n|ab"), .grammar("start: /a\\n/ | \"ab\"", .lark),
        ])
    func padding(_ format: OutputFormat) throws {
        let tools = [Tool(name: "patch", input: .text(format))]
        let coder = try #require(ReplyFormat.named("qwen-coder"))
        let grammar = try Self.grammar(coder, tools, .named("patch")).grammar
        var accepted: [String] = []
        for input in ["a", "ab", "a\n", "\na", "\na\n", "\na\n\n", "a\n\n", "\nab\n", "\nab", "ab\n", "\n\na\n\n"] {
            let call = "<function=patch>\n<parameter=input>\(input)</parameter>\n</function>"
            var matcher = GrammarMatcher(grammar)
            guard matcher.read(Array("<tool_call>\n\(call)\n</tool_call>".utf8)) == .accepted else { continue }
            accepted.append(input)
            let read = ReadReply.read([call.utf8], coder, tools: tools, isCut: false)
            #expect(["a\n", "ab"].contains(read.reply.calls.first?.arguments), "\(input.debugDescription)")
        }
        let isBare = if case .pattern = format { true } else { false }
        #expect(accepted == (isBare ? ["ab"] : []) + ["\na\n\n", "\nab\n"])
    }

    @Test(
        "Many tools, long texts and branches in branches cost little to compile",
        arguments: ["hermes", "qwen-coder", "gemma4", "lfm2"])
    func cost(_ name: String) throws {
        func tool(_ name: String, _ schema: String) throws -> Tool {
            let limits = JSONLimits(depth: 50, values: 1 << 16)
            return Tool(name: name, parameters: try JSONValue.parse(Array(schema.utf8), limits: limits))
        }
        let format = try #require(ReplyFormat.named(name))
        let long = (0..<20).map { #""p\#($0)":{"type":"string","maxLength":\#(200 + $0)}"# }.joined(separator: ",")
        let mixed = #"""
            {"type":"object","properties":{"a":{"type":"string","format":"date-time"},"b":{"type":"string",
            "pattern":"^[a-z]+$"},"c":{"type":["string","number"]}}}
            """#
        let branches = ["A", "B", "C", "D"].enumerated().map { place, name in
            let next = place == 3 ? #"{"type":"string"}"# : ##"{"$ref":"#/$defs/\##(["B", "C", "D"][place])"}"##
            return #""\#(name)":{"anyOf":[\#(Array(repeating: next, count: 100).joined(separator: ","))]}"#
        }
        let tree =
            ##"{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{\##(branches.joined(separator: ","))}}"##
        for tools in [
            [try tool("long", #"{"type":"object","properties":{\#(long)}}"#)], [try tool("tree", tree)],
            try (0..<60).map { try tool("tool_\($0)", mixed) },
        ] {
            let time = try processorTime { _ = try Self.grammar(format, tools, .auto) }
            #expect(time < .seconds(6), "\(tools[0].name): \(time)")
        }
    }

    @Test("Ten times the tools cost about ten times as much to compile")
    func manyTools() throws {
        let hermes = try #require(ReplyFormat.named("hermes"))
        let schema = try JSONValue.parse(
            Array(#"{"type":"object","properties":{"a":{"type":"integer"}}}"#.utf8),
            limits: JSONLimits(depth: 9, values: 99))
        func time(_ count: Int) throws -> Duration {
            let tools = (0..<count).map { Tool(name: "tool_\($0)", parameters: schema) }
            return try leastProcessorTime { _ = try Self.grammar(hermes, tools, .auto) }
        }
        _ = try time(10)
        let (few, many) = (try time(200), try time(2_000))
        #expect(many < few * 25, "\(few), \(many)")
    }

    @Test("The types of arguments cost little to find, whatever the schema")
    func hostileTypes() throws {
        let limits = JSONLimits(depth: 50, values: 1 << 20)
        func tool(_ name: String, _ schema: String) throws -> Tool {
            Tool(name: name, parameters: try JSONValue.parse(Array(schema.utf8), limits: limits))
        }
        func properties(_ count: Int, _ value: String) -> String {
            (0..<count).map { #""p\#($0)":\#(value)"# }.joined(separator: ",")
        }
        let long = String(repeating: "a", count: 1 << 20)
        let longNames = (0..<1_000).map { #""\#(long.prefix(1_000))\#($0)":1"# }.joined(separator: ",")
        let references = properties(2_000, ##"{"$ref":"#/$defs/D"}"##)
        let wide = (0..<20_000).map { #""x\#($0)":0"# }.joined(separator: ",")
        let words = Array(repeating: #""string""#, count: 20_000).joined(separator: ",")
        let branches = Array(repeating: ##"{"$ref":"#/$defs/E"}"##, count: 2_000).joined(separator: ",")
        let tools = [
            try tool(
                "reference",
                ##"{"properties":{\##(references)},"$defs":{"D":{"$ref":"#/$defs/\##(long)"}}}"##),
            try tool("wide", ##"{"properties":{\##(references)},"$defs":{"D":{\##(wide)}}}"##),
            try tool("words", ##"{"properties":{\##(references)},"$defs":{"D":{"type":[\##(words)]}}}"##),
            try tool(
                "names", ##"{"allOf":[\##(branches)],"$defs":{"E":{"properties":{\##(longNames)}}}}"##),
        ]
        let format = try #require(ReplyFormat.named("qwen-coder"))
        for tool in tools {
            let many = (0..<8).map { Tool(name: "\(tool.name)\($0)", input: tool.input) }
            let time = processorTime { _ = ReadReply.read(["x".utf8], format, tools: many) }
            #expect(time < .seconds(1), "\(tool.name): \(time)")
            // Some are refused.
            let whole = processorTime { _ = try? Self.grammar(format, many, .auto) }
            #expect(whole < .seconds(6), "\(tool.name): \(whole)")
        }
    }
}
