extension ReplyFormat {
    private static let think = Thinking("<think>", "</think>")
    private static let objectBody = CallBody.object(
        names: ["name", "tool_name", "function"], arguments: ["arguments", "parameters", "args"])
    private static let identifiedBody = CallBody.object(
        names: ["name", "tool_name", "function"], arguments: ["arguments", "parameters", "args"], identifier: "id")
    private static let parameterBody = CallBody.object(
        names: ["name", "function", "tool_name"], arguments: ["parameters", "arguments", "args"])

    private static func marked(
        _ open: String, _ close: String, _ body: CallBody, _ change: (inout CallFormat) -> Void = { _ in }
    ) -> CallFormat {
        var format = CallFormat(body)
        format.open = open
        format.close = close
        change(&format)
        return format
    }

    private static func listed(
        _ open: [String], _ close: [String], _ body: CallBody, separator: String = ","
    ) -> CallFormat {
        var format = CallFormat(body)
        format.sectionOpen = open
        format.sectionClose = close
        format.separator = separator
        return format
    }

    private static func tagged(
        name: (String, String), key: (String, String), valueEnd: String, end: String,
        _ change: (inout TaggedCall) -> Void = { _ in }
    ) -> CallBody {
        var body = TaggedCall(
            name: (open: name.0, end: name.1), key: (open: key.0, end: key.1), valueEnd: valueEnd, end: end)
        change(&body)
        return .tagged(body)
    }

    private static func named(
        prefix: String = "", _ nameEnd: String, _ change: (inout NamedCall) -> Void = { _ in }
    ) -> CallBody {
        var body = NamedCall(prefix: prefix, nameEnd: nameEnd)
        change(&body)
        return .named(body)
    }

    private static func literal(_ change: (inout LiteralCall) -> Void = { _ in }) -> CallBody {
        var body = LiteralCall()
        change(&body)
        return .literal(body)
    }

    private static let functionTags = tagged(
        name: ("<function=", ">"), key: ("<parameter=", ">"), valueEnd: "</parameter>", end: "</function>"
    ) { $0.padding = "\n" }
    private static let bareFunctionTags = tagged(
        name: ("<function=", ">"), key: ("<parameter=", ">"), valueEnd: "</parameter>", end: "</function>")

    /// The format of a name; nil for a name that nobody knows.
    package static func named(_ name: String) -> ReplyFormat? { all.first { $0.name.utf8.elementsEqual(name.utf8) } }

    /// All formats, in the order in which they are listed.
    package static let all: [ReplyFormat] = marks + families

    /// Formats of thinking alone.
    private static let marks = [
        ReplyFormat("text"),
        ReplyFormat("think", thinking: think),
    ]

    private static let families: [ReplyFormat] = [
        // Hermes 2 and 3, Qwen 2.5, and what has learned from them.
        ReplyFormat(
            "hermes", thinking: think, calls: marked("<tool_call>", "</tool_call>", objectBody)),
        // Qwen 3 Coder, Qwen 3.5, Nemotron 3, Step 3.5.
        ReplyFormat(
            "qwen-coder", thinking: think,
            calls: marked("<tool_call>", "</tool_call>", functionTags) {
                $0.hasBareBodies = true
            }),
        ReplyFormat("llama3-json", calls: llamaObjects),
        ReplyFormat("llama3-pythonic", calls: llamaList),
        ReplyFormat("mistral-old", calls: listed(["[TOOL_CALLS]", "["], ["]"], identifiedBody)),
        ReplyFormat(
            "mistral", thinking: Thinking("[THINK]", "[/THINK]"),
            calls: marked("[TOOL_CALLS]", "", named("[ARGS]") { $0.identifierMark = "[CALL_ID]" })),
        // A prompt of Google's guide asks for it; the template knows no tools.
        ReplyFormat("gemma3", calls: pythonic(["["], ["]"], atBeginning: true)),
        ReplyFormat(
            "functiongemma",
            calls: marked("<start_function_call>", "<end_function_call>", gemmaCall(quote: "<escape>"))),
        ReplyFormat(
            "gemma4", thinking: Thinking("<|channel>thought", "<channel|>", conclusion: "\n<channel|>"),
            calls: marked("<|tool_call>", "<tool_call|>", gemmaCall(quote: #"<|"|>"#))),
        ReplyFormat("deepseek-r1", thinking: think, calls: deepSeek3),
        ReplyFormat("deepseek-v3", calls: deepSeek3),
        ReplyFormat("deepseek-v3.1", thinking: think, calls: deepSeek31),
        ReplyFormat("deepseek-v3.2", thinking: think, calls: deepSeek32),
        ReplyFormat("glm4", thinking: think, calls: marked("<tool_call>", "", glmTags)),
        hunyuan,
        ReplyFormat(
            "apriel", thinking: Thinking("Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]"),
            calls: listed(["<tool_calls>", "["], ["]", "</tool_calls>"], identifiedBody)),
        ReplyFormat(
            "hy3", thinking: Thinking("<think:opensource>", "</think:opensource>"), calls: hunyuan3),
        channels("harmony"),
        granite3,
        ReplyFormat(
            "granite4", thinking: think, calls: marked("<tool_call>", "</tool_call>", objectBody)),
        ReplyFormat("phi4-mini", calls: phi4),
        ReplyFormat(
            "lfm2", thinking: think,
            calls: pythonic(["<|tool_call_start|>", "["], ["]", "<|tool_call_end|>"])),
        ReplyFormat(
            "smollm3", thinking: think, calls: marked("<tool_call>", "</tool_call>", objectBody)),
        ReplyFormat("minimax-m2", thinking: think, calls: miniMax),
        ReplyFormat("minimax-m1", thinking: think, calls: lines(["<tool_calls>"], ["</tool_calls>"], objectBody)),
        ReplyFormat(
            "gigachat3",
            calls: marked("<|function_call|>", "", objectBody) {
                $0.aliases = [SectionMarks(["<|message_sep|>", "function call<|role_sep|>"], [])]
            }),
        ReplyFormat("functionary-v3.1", calls: marked("<function=", "</function>", named(">"))),
        ReplyFormat("kimi-k2", thinking: think, calls: kimi),
        commandR,
        ReplyFormat(
            "nemotron", thinking: think, calls: listed(["<TOOLCALL>", "["], ["]", "</TOOLCALL>"], objectBody)),
        ReplyFormat(
            "seed-oss", thinking: Thinking("<seed:think>", "</seed:think>"),
            calls: marked("<seed:tool_call>", "</seed:tool_call>", bareFunctionTags)),
        ReplyFormat(
            "apertus", thinking: Thinking("<|inner_prefix|>", "<|inner_suffix|>"),
            calls: listed(["<|tools_prefix|>", "["], ["]", "<|tools_suffix|>"], .keyed)),
        // For models whose templates know no tools; a system text of ours tells them of it.
        ReplyFormat("generic", thinking: think, calls: fencedObjects),
    ]

    private static func pythonic(
        _ open: [String], _ close: [String], separator: String = ",", atBeginning: Bool = false
    ) -> CallFormat {
        var format = listed(open, close, literal(), separator: separator)
        format.isAtBeginning = atBeginning
        return format
    }

    /// Objects on lines of their own.
    private static func lines(_ open: [String], _ close: [String], _ body: CallBody) -> CallFormat {
        listed(open, close, body, separator: "\n")
    }

    private static func gemmaCall(quote: String) -> CallBody {
        literal {
            $0.prefix = "call:"
            $0.open = "{"
            $0.close = "}"
            $0.assignment = ":"
            $0.quote = quote
        }
    }

    private static let deepSeek3: CallFormat = {
        let body = named(prefix: "function<｜tool▁sep｜>", "\n") {
            $0.argumentsOpen = "```json\n"
            $0.argumentsClose = "\n```"
        }
        return deepSeek(body)
    }()

    private static let deepSeek31 = deepSeek(named("<｜tool▁sep｜>"))

    private static func deepSeek(_ body: CallBody) -> CallFormat {
        marked("<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>", body) {
            $0.sectionOpen = ["<｜tool▁calls▁begin｜>"]
            $0.sectionClose = ["<｜tool▁calls▁end｜>"]
        }
    }

    private static let deepSeek32: CallFormat = {
        let body = tagged(
            name: ("<｜DSML｜invoke name=\"", "\">"), key: ("<｜DSML｜parameter name=\"", "\""),
            valueEnd: "</｜DSML｜parameter>", end: "</｜DSML｜invoke>"
        ) {
            $0.valueOpen = ">"
            $0.textSign = " string=\"true\""
            $0.jsonSign = " string=\"false\""
        }
        var format = listed(["<｜DSML｜function_calls>"], ["</｜DSML｜function_calls>"], body, separator: "")
        // DeepSeek V4.
        format.aliases = [SectionMarks(["<｜DSML｜tool_calls>"], ["</｜DSML｜tool_calls>"])]
        return format
    }()

    private static let glmTags = tagged(
        name: ("", "\n"), key: ("<arg_key>", "</arg_key>"), valueEnd: "</arg_value>", end: "</tool_call>"
    ) {
        $0.valueOpen = "<arg_value>"
    }

    private static let miniMax: CallFormat = {
        let body = tagged(
            name: ("<invoke name=\"", "\">"), key: ("<parameter name=\"", "\">"), valueEnd: "</parameter>",
            end: "</invoke>")
        return listed(["<minimax:tool_call>"], ["</minimax:tool_call>"], body, separator: "")
    }()

    private static let kimi = marked(
        "<|tool_call_begin|>", "<|tool_call_end|>",
        named(prefix: "functions.", "<|tool_call_argument_begin|>") { $0.indexMark = ":" }
    ) {
        $0.sectionOpen = ["<|tool_calls_section_begin|>"]
        $0.sectionClose = ["<|tool_calls_section_end|>"]
    }

    private static let hunyuan: ReplyFormat = {
        var format = ReplyFormat(
            "hunyuan", thinking: think, calls: listed(["<tool_calls>", "["], ["]", "</tool_calls>"], objectBody))
        format.textMarks = [TextMarks("<answer>", "</answer>", ownsSpace: true)]
        return format
    }()

    private static let granite3: ReplyFormat = {
        var format = ReplyFormat(
            "granite3", thinking: think, calls: listed(["<|tool_call|>", "["], ["]"], objectBody))
        format.textMarks = [TextMarks("<response>", "</response>")]
        return format
    }()

    private static let llamaObjects: CallFormat = {
        var format = listed([], [], parameterBody, separator: ";")
        format.aliases = [SectionMarks(["<|python_tag|>"], [])]
        return format
    }()

    private static let llamaList: CallFormat = {
        var format = pythonic(["["], ["]"], atBeginning: true)
        // Llama 4.
        format.aliases = [SectionMarks(["<|python_start|>", "["], ["]", "<|python_end|>"])]
        return format
    }()

    private static let phi4: CallFormat = {
        var format = listed(["<|tool_call|>", "["], ["]", "<|/tool_call|>"], objectBody)
        format.aliases = [SectionMarks(["functools", "["], ["]"])]
        return format
    }()

    private static let hunyuan3: CallFormat = {
        let body = tagged(
            name: ("", "<tool_sep:opensource>"), key: ("<arg_key:opensource>", "</arg_key:opensource>"),
            valueEnd: "</arg_value:opensource>", end: "</tool_call:opensource>"
        ) {
            $0.valueOpen = "<arg_value:opensource>"
        }
        return marked("<tool_call:opensource>", "", body) {
            $0.sectionOpen = ["<tool_calls:opensource>"]
            $0.sectionClose = ["</tool_calls:opensource>"]
        }
    }()

    /// A fenced block with an object on each line: every model has learned to open and close one, and the word behind the
    /// fence keeps it apart from answers in JSON.
    private static let fencedObjects: CallFormat = {
        lines(["```tool_call"], ["```"], .object(names: ["tool"], arguments: ["arguments"]))
    }()

    private static let commandR: ReplyFormat = {
        let body = CallBody.object(
            names: ["tool_name", "name"], arguments: ["parameters", "arguments"], identifier: "tool_call_id")
        var format = ReplyFormat(
            "command-r7b", thinking: Thinking("<|START_THINKING|>", "<|END_THINKING|>"),
            calls: listed(["<|START_ACTION|>", "["], ["]", "<|END_ACTION|>"], body))
        format.textMarks = [
            TextMarks("<|START_RESPONSE|>", "<|END_RESPONSE|>"), TextMarks("<|START_TEXT|>", "<|END_TEXT|>"),
        ]
        return format
    }()

    private static func channels(_ name: String) -> ReplyFormat {
        var format = ReplyFormat(
            name, thinking: Thinking("<|channel|>analysis<|message|>", "<|end|>", conclusion: "<|end|>"),
            calls: marked("<|channel|>commentary to=", "<|call|>", named(prefix: "functions.", "<|message|>")))
        format.hasChannels = true
        return format
    }
}
