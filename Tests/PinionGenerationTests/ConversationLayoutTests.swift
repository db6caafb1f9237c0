import PinionGeneration
import PinionJSON
import PinionTemplate
import PinionTokenizer
import Testing
import TextGeneration

/// Small templates that refuse or leave out what real ones do, and what is said to them.
enum LayoutFixture {
    static let plain = "{% for m in messages %}[{{ m.role }}:{{ m.content }}]{% endfor %}"
    static let call = ToolCall(id: "call_1234567890", name: "weather", arguments: #"{"city": "Bern"}"#)
    static let otherCall = ToolCall(id: "call_2345678901", name: "clock", arguments: #"{"zone": "CET"}"#)
    static let tool = Tool(name: "weather", description: "Tells it.")
    /// Tells of tools in a few letters.
    static let tools = "{% if tools %}({{ tools[0].function.name }}){% endif %}"
    /// The calls of a message `m`.
    static let calls =
        "{% for c in m.tool_calls or [] %}<tool_call>{{ c.function.name }} "
        + "{{ c.function.arguments | tojson }}{% endfor %}"

    /// A template that shows tools, messages and calls.
    ///
    /// - Parameters:
    ///   - before: Stands in front of the loop over the messages.
    ///   - check: Stands in the loop, in front of each message.
    ///   - message: What is shown of each message `m`.
    static func showing(
        before: String = "", check: String = "", message: String = "[{{ m.role }}:{{ m.content }}" + calls + "]"
    ) -> String {
        tools + before + "{% for m in messages %}" + check + message + "{% endfor %}"
    }

    /// - Parameter format: The format that the operator names; nil to tell it from the template.
    static func renderer(
        _ template: String, source: String? = nil, format: String? = nil
    ) throws -> PromptRenderer {
        PromptRenderer(
            try ChatTemplate(source: template), SpecialTexts(), source: source ?? template, formatName: format)
    }

    static func render(
        _ template: String, _ messages: [Message], tools: [Tool] = [], source: String? = nil, format: String? = nil
    ) throws -> String {
        var conversation = Conversation(messages)
        conversation.tools = tools
        return try text(try renderer(template, source: source, format: format), GenerationRequest(conversation))
    }

    static func text(_ renderer: PromptRenderer, _ request: GenerationRequest) throws -> String {
        String(decoding: try renderer.render(request).text, as: UTF8.self)
    }

    static func calling(_ calls: ToolCall..., text: String = "", thought: String? = nil) -> Message {
        var message = Message(.assistant, text)
        message.toolCalls = calls
        message.reasoning = thought
        return message
    }

    static func result(_ text: String, _ call: ToolCall = call) -> Message {
        Message(.tool, text, toolCallID: call.id)
    }

    /// A question, a call and its result.
    static let step = [Message(.user, "Hi"), calling(call), result("Sun")]
    /// What ``calls`` shows of ``call``, and of ``otherCall``.
    static let shown = #"<tool_call>weather {"city": "Bern"}"#
    static let otherShown = #"<tool_call>clock {"zone": "CET"}"#
}

@Suite("Conversations fitted to templates")
struct ConversationLayoutTests {
    private typealias Fixture = LayoutFixture

    @Test("What a template takes as it is stays as it is")
    func untouched() throws {
        let messages = [
            Message(.system, "S"), Message(.user, "A"), Message(.user, "B"), Message(.system, "T"),
            Message(.assistant, "C"),
        ]
        #expect(try Fixture.render(Fixture.plain, messages) == "[system:S][user:A][user:B][system:T][assistant:C]")
    }

    @Test("System messages are merged at the beginning where a template takes one only there")
    func systemFirst() throws {
        let template =
            "{% for m in messages %}{% if m.role == 'system' and not loop.first %}{{ raise_exception('late') }}{% endif %}"
            + "[{{ m.role }}:{{ m.content }}]{% endfor %}"
        let messages = [Message(.system, "S"), Message(.user, "A"), Message(.developer, "T"), Message(.user, "B")]
        #expect(try Fixture.render(template, messages) == "[system:S\n\nT][user:A][user:B]")
        #expect(try Fixture.render(template, [Message(.user, "A"), Message(.system, "T")]) == "[system:T][user:A]")
    }

    @Test("System messages stand in the next user turn where a template takes none")
    func noSystem() throws {
        let template =
            "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('none') }}{% endif %}"
            + "[{{ m.role }}:{{ m.content }}]{% endfor %}"
        let messages = [Message(.system, "S"), Message(.user, "A"), Message(.assistant, "B"), Message(.system, "T")]
        #expect(try Fixture.render(template, messages) == "[user:S\n\nA][assistant:B][user:T]")
    }

    @Test("Neighbours of one role are merged where roles have to alternate")
    func alternation() throws {
        let template =
            "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('order') }}"
            + "{% endif %}[{{ m.role }}:{{ m.content }}]{% endfor %}"
        let messages = [Message(.user, "A"), Message(.user, "B"), Message(.assistant, "C")]
        #expect(try Fixture.render(template, messages) == "[user:A\n\nB][assistant:C]")
    }

    @Test("System messages are merged at the beginning where a template shows only the last of them")
    func lastSystemOnly() throws {
        let template =
            "{% set ns = namespace(system='') %}"
            + "{% for m in messages if m.role == 'system' %}{% set ns.system = m.content %}{% endfor %}"
            + "({{ ns.system }})"
            + "{% for m in messages if m.role != 'system' %}[{{ m.role }}:{{ m.content }}]{% endfor %}"
        let messages = [Message(.system, "S"), Message(.user, "A"), Message(.system, "T"), Message(.user, "B")]
        #expect(try Fixture.render(template, messages) == "(S\n\nT)[user:A][user:B]")
    }

    @Test("A system message alone is the user's where a template refuses it")
    func systemAlone() throws {
        let template =
            "{% if messages | length == 1 and messages[0].role == 'system' %}"
            + "{{ raise_exception('no user') }}{% endif %}"
            + Fixture.plain
        #expect(try Fixture.render(template, [Message(.system, "S")]) == "[user:S]")
        #expect(try Fixture.render(template, [Message(.system, "S"), Message(.user, "A")]) == "[system:S][user:A]")
        let withTools = Fixture.showing(
            before: "{% if tools and messages | length == 1 and messages[0].role == 'system' %}"
                + "{{ raise_exception('no user') }}{% endif %}")
        #expect(try Fixture.render(withTools, [Message(.system, "S")]) == "[system:S]")
        #expect(try Fixture.render(withTools, [Message(.system, "S")], tools: [Fixture.tool]) == "(weather)[user:S]")
    }

    @Test("The system message is in the last user turn where a template shows it only in front of a user at the end")
    func systemInSteps() throws {
        let template = Fixture.showing(
            before: "{% set system = messages[0].content if messages[0].role == 'system' else '' %}",
            check: "{% if m.role == 'user' and loop.last %}({{ system }}){% endif %}",
            message: "{% if m.role != 'system' %}[{{ m.role }}:{{ m.content }}" + Fixture.calls + "]{% endif %}")
        let system = Message(.system, "S")
        #expect(
            try Fixture.render(template, [system] + Fixture.step, tools: [Fixture.tool])
                == "(weather)[user:S\n\nHi][assistant:\(Fixture.shown)][tool:Sun]")
        #expect(try Fixture.render(template, [system, Message(.user, "A")]) == "(S)[user:A]")
    }

    @Test("An empty user message stands in front of an assistant where a template begins with a user")
    func assistantFirst() throws {
        let template =
            "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('order') }}"
            + "{% endif %}[{{ m.role }}:{{ m.content }}]{% endfor %}"
        let messages = [Message(.assistant, "Hello"), Message(.user, "A")]
        #expect(try Fixture.render(template, messages) == "[user:][assistant:Hello][user:A]")
        let system = [Message(.system, "S")]
        #expect(try Fixture.render(template, system + messages) == "[user:S][assistant:Hello][user:A]")
    }

    @Test("An assistant in front of the user keeps its place where a template takes the first message for the user's")
    func assistantFirstWithTools() throws {
        let template =
            "{% set rest = messages[1:] if tools else messages %}"
            + "{% if tools %}({{ tools[0].function.name }})[user:{{ messages[0].content }}]{% endif %}"
            + "{% for m in rest %}[{{ m.role }}:{{ m.content }}" + Fixture.calls + "]{% endfor %}"
        let messages = [Message(.assistant, "Hello"), Message(.user, "A")]
        #expect(
            try Fixture.render(template, messages, tools: [Fixture.tool])
                == "(weather)[user:][assistant:Hello][user:A]")
        #expect(try Fixture.render(template, messages) == "[assistant:Hello][user:A]")
    }

    @Test("An answer without a text is a blank where a template refuses it")
    func emptyAnswer() throws {
        let template =
            "{% for m in messages %}{% if m.role == 'assistant' and not m.content %}{{ raise_exception('empty') }}"
            + "{% endif %}[{{ m.role }}:{{ m.content }}]{% endfor %}"
        let messages = [Message(.user, "A"), Message(.assistant, ""), Message(.user, "B")]
        #expect(try Fixture.render(template, messages) == "[user:A][assistant: ][user:B]")
        #expect(try Fixture.render(Fixture.plain, messages) == "[user:A][assistant:][user:B]")
    }

    @Test("The nearest effort takes the place of one that a template refuses")
    func efforts() throws {
        let template =
            "{% if reasoning_effort is defined and reasoning_effort not in ['low', 'high'] %}"
            + "{{ raise_exception('effort') }}{% endif %}" + Fixture.plain + "{{ reasoning_effort }}"
        let renderer = try Fixture.renderer(template)
        var request = GenerationRequest(Conversation([Message(.user, "A")]))
        for (effort, expected) in [
            ("minimal", "low"), ("low", "low"), ("medium", "high"), ("high", "high"), ("xhigh", "high"),
            ("max", "high"),
        ] {
            request.reasoning.effort = effort
            #expect(try Fixture.text(renderer, request) == "[user:A]" + expected)
        }
    }

    @Test("A template without a model is probed with empty special tokens")
    func noSpecialTokens() throws {
        let template =
            "{{ bos_token + 'x' }}{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('none') }}"
            + "{% endif %}[{{ m.role }}:{{ m.content }}]{% endfor %}"
        var request = GenerationRequest(Conversation([Message(.system, "S"), Message(.user, "A")]))
        request.templateArguments = JSONObject([.init(name: "bos_token", value: "<s>")])
        #expect(try Fixture.text(try Fixture.renderer(template), request) == "<s>x[user:S\n\nA]")
    }

    @Test("Arguments are handed over as an object or a text, whichever the template writes as JSON")
    func arguments() throws {
        let head = "{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}[{{ m.role }}:{{ m.content }}"
        let middle = "{% for c in m.tool_calls or [] %}<tool_call>{{ c.function.name }} "
        let tail = "{% endfor %}]{% endfor %}"
        for (arguments, expected) in [
            ("{{ c.function.arguments | tojson }}", #"{"city": "Bern"}"#),
            ("{{ c.function.arguments }}", #"{"city": "Bern"}"#),
        ] {
            let text = try Fixture.render(head + middle + arguments + tail, Fixture.step, tools: [Fixture.tool])
            #expect(text.hasSuffix("[assistant:<tool_call>weather \(expected)][tool:Sun]"), "\(text)")
        }
    }

    @Test("Identifiers become nine letters and digits where a template counts them, and stay pairs")
    func identifiers() throws {
        let template =
            "{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}"
            + "{% for c in m.tool_calls or [] %}{% if c.id | length != 9 %}{{ raise_exception('id') }}{% endif %}"
            + "<tool_call>{{ c.function.name }} {{ c.function.arguments | tojson }} {{ c.id }}|{% endfor %}"
            + "{% if m.role == 'tool' %}{% if m.tool_call_id | length != 9 %}{{ raise_exception('id') }}{% endif %}"
            + "{{ m.tool_call_id }}|{% endif %}{{ m.content }}{% endfor %}"
        let text = try Fixture.render(template, Fixture.step, tools: [Fixture.tool])
        let parts = text.split(separator: "|")
        #expect(parts.count == 3 && parts[0].hasSuffix(" " + parts[1]) && parts[1].utf8.count == 9, "\(text)")
    }

    @Test("Tools, calls and results of a template that knows none are told in words")
    func generic() throws {
        let template =
            "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('tool') }}{% endif %}"
            + "[{{ m.role }}:{{ m.content }}]{% endfor %}"
        let text = try Fixture.render(template, Fixture.step, tools: [Fixture.tool])
        #expect(text.hasPrefix("[system:") && text.contains("\"name\":\"weather\""), "\(text)")
        #expect(text.contains("```tool_call\n{\"tool\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}\n```"))
        #expect(text.hasSuffix("[user:<tool_response>\nSun\n</tool_response>]"))
    }

    @Test(
        "A mark in the template tells the format, if the template shows tools",
        arguments: [
            ("<tool_call>", "hermes"), ("<tool_call><function=", "qwen-coder"), ("<tool_call><arg_key>", "glm4"),
            ("[TOOL_CALLS]", "mistral-old"), ("[TOOL_CALLS][ARGS]", "mistral"), ("<|channel|><|message|>", "harmony"),
            ("<start_function_call>", "functiongemma"), ("<|tool_call>", "gemma4"), ("｜DSML｜", "deepseek-v3.2"),
            ("<｜tool▁calls▁begin｜>```json", "deepseek-r1"), ("<｜tool▁calls▁begin｜>", "deepseek-v3.1"),
            ("<|tool_calls_section_begin|>", "kimi-k2"), ("<minimax:tool_call>", "minimax-m2"),
            ("<seed:tool_call>", "seed-oss"), ("<TOOLCALL>", "nemotron"), ("<|tools_prefix|>", "apertus"),
            ("<|START_ACTION|>", "command-r7b"), ("<|tool_call_start|>", "lfm2"), ("<|/tool_call|>", "phi4-mini"),
            ("<|tool_call|>", "granite3"), ("<|python_tag|>", "llama3-json"), ("]<]minimax[>[<tool_call>", "generic"),
            ("List of tools: [", "lfm2"), ("nothing", "generic"),
        ])
    func formats(_ mark: String, _ name: String) throws {
        let shown = "{% if tools %}{{ tools | tojson }}{% endif %}" + Fixture.plain
        func format(_ template: String) throws -> String {
            PromptRenderer(try ChatTemplate(source: template), SpecialTexts(), source: template + mark).choice.format
                .name
        }
        #expect(try format(shown) == name)
        // Harmony is more than a form of calls.
        #expect(try format(Fixture.plain) == (name == "harmony" ? name : "generic"))
    }

    @Test(
        "Thinking is told by the template where the operator names the format, too",
        arguments: [
            ("llama3-json", "<think>", "<think>"), ("llama3-json", "", nil), ("hermes", "", "<think>"),
            ("hermes", "[THINK]", "[THINK]"), ("text", "<think>", nil), ("think", "<seed:think>", "<seed:think>"),
            ("harmony", "<think>", "<|channel|>analysis<|message|>"),
        ])
    func namedThinking(_ name: String, _ mark: String, _ expected: String?) throws {
        let choice = try Fixture.renderer(Fixture.plain, source: Fixture.plain + mark, format: name).choice
        #expect(choice.format.name == name && choice.reason == .given)
        #expect(choice.format.thinking?.open == expected)
    }

    @Test(
        "The text about tools shows calls as the named format writes them",
        arguments: [
            ("lfm2", "\n<|tool_call_start|>[NAME(ARGUMENT=\"VALUE\")]<|tool_call_end|>\n"),
            ("hermes", "\n<tool_call>{\"name\": \"NAME\", \"arguments\": {\"ARGUMENT\": \"VALUE\"}}</tool_call>\n"),
            (
                "minimax-m1",
                "\n<tool_calls>\n{\"name\": \"NAME\", \"arguments\": {\"ARGUMENT\": \"VALUE\"}}\n</tool_calls>\n"
            ), ("generic", "\n```tool_call\n{\"tool\": \"NAME\", \"arguments\": {\"ARGUMENT\": \"VALUE\"}}\n```\n"),
            ("qwen-coder", nil), ("gemma3", nil), ("text", nil),
        ])
    func namedForm(_ name: String, _ form: String?) throws {
        let text = try Fixture.render(Fixture.plain, [Message(.user, "Hi")], tools: [Fixture.tool], format: name)
        #expect(text.contains("\"name\":\"weather\""), "\(text)")
        if let form { #expect(text.contains(form), "\(text)") }
        #expect(text.contains("NAME") == (form != nil), "\(text)")
        #expect(text.contains("```tool_call") == (name == "generic"), "\(text)")
    }

    @Test("Several calls of a message stand on lines of one block where they are told in our words")
    func genericCalls() throws {
        let messages = [Message(.user, "Hi"), Fixture.calling(Fixture.call, Fixture.otherCall)]
        let text = try Fixture.render(Fixture.plain, messages, tools: [Fixture.tool])
        let lines = [
            "```tool_call", #"{"tool": "weather", "arguments": {"city": "Bern"}}"#,
            #"{"tool": "clock", "arguments": {"zone": "CET"}}"#, "```",
        ]
        #expect(text.hasSuffix("[assistant:\(lines.joined(separator: "\n"))]"), "\(text)")
    }

    @Test("Thinking is asked for and turned off by the template's own variables")
    func thinking() throws {
        let template =
            Fixture.plain + "{{ enable_thinking }} {{ thinking }} {{ reasoning_effort }} {{ thinking_budget }}"
        let renderer = PromptRenderer(try ChatTemplate(source: template), SpecialTexts(), source: template)
        var request = GenerationRequest(Conversation([Message(.user, "A")]))
        request.reasoning.isEnabled = true
        request.reasoning.effort = "low"
        request.reasoning.budget = 5
        #expect(String(decoding: try renderer.render(request).text, as: UTF8.self) == "[user:A]True True low 5")
        request.templateArguments = JSONObject([.init(name: "enable_thinking", value: .bool(false))])
        #expect(String(decoding: try renderer.render(request).text, as: UTF8.self) == "[user:A]False True low 5")
    }
}
