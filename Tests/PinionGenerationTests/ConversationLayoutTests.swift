import PinionGeneration
import PinionJSON
import PinionTemplate
import PinionTokenizer
import Testing
import TextGeneration

/// Small templates that refuse or leave out what real ones do.
@Suite("Conversations fitted to templates")
struct ConversationLayoutTests {
    private static let plain = "{% for m in messages %}[{{ m.role }}:{{ m.content }}]{% endfor %}"
    private static let call = ToolCall(id: "call_1234567890", name: "weather", arguments: #"{"city": "Bern"}"#)
    private static let tool = Tool(name: "weather", description: "Tells it.")

    private static func render(
        _ template: String, _ messages: [Message], tools: [Tool] = [], source: String? = nil
    ) throws -> String {
        let renderer = PromptRenderer(
            try ChatTemplate(source: template), SpecialTexts(), source: source ?? template)
        var conversation = Conversation(messages)
        conversation.tools = tools
        return String(decoding: try renderer.render(GenerationRequest(conversation)).text, as: UTF8.self)
    }

    private static func calling() -> [Message] {
        var message = Message(.assistant, "")
        message.toolCalls = [call]
        return [Message(.user, "Hi"), message, Message(.tool, "Sun", toolCallID: call.id)]
    }

    @Test("What a template takes as it is stays as it is")
    func untouched() throws {
        let messages = [
            Message(.system, "S"), Message(.user, "A"), Message(.user, "B"), Message(.system, "T"),
            Message(.assistant, "C"),
        ]
        #expect(try Self.render(Self.plain, messages) == "[system:S][user:A][user:B][system:T][assistant:C]")
    }

    @Test("System messages are merged at the beginning where a template takes one only there")
    func systemFirst() throws {
        let template =
            "{% for m in messages %}{% if m.role == 'system' and not loop.first %}{{ raise_exception('late') }}{% endif %}"
            + "[{{ m.role }}:{{ m.content }}]{% endfor %}"
        let messages = [Message(.system, "S"), Message(.user, "A"), Message(.developer, "T"), Message(.user, "B")]
        #expect(try Self.render(template, messages) == "[system:S\n\nT][user:A][user:B]")
        #expect(try Self.render(template, [Message(.user, "A"), Message(.system, "T")]) == "[system:T][user:A]")
    }

    @Test("System messages stand in the next user turn where a template takes none")
    func noSystem() throws {
        let template =
            "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('none') }}{% endif %}"
            + "[{{ m.role }}:{{ m.content }}]{% endfor %}"
        let messages = [Message(.system, "S"), Message(.user, "A"), Message(.assistant, "B"), Message(.system, "T")]
        #expect(try Self.render(template, messages) == "[user:S\n\nA][assistant:B][user:T]")
    }

    @Test("Neighbours of one role are merged where roles have to alternate")
    func alternation() throws {
        let template =
            "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('order') }}"
            + "{% endif %}[{{ m.role }}:{{ m.content }}]{% endfor %}"
        let messages = [Message(.user, "A"), Message(.user, "B"), Message(.assistant, "C")]
        #expect(try Self.render(template, messages) == "[user:A\n\nB][assistant:C]")
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
            let text = try Self.render(head + middle + arguments + tail, Self.calling(), tools: [Self.tool])
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
        let text = try Self.render(template, Self.calling(), tools: [Self.tool])
        let parts = text.split(separator: "|")
        #expect(parts.count == 3 && parts[0].hasSuffix(" " + parts[1]) && parts[1].utf8.count == 9, "\(text)")
    }

    @Test("Tools, calls and results of a template that knows none are told in words")
    func generic() throws {
        let template =
            "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('tool') }}{% endif %}"
            + "[{{ m.role }}:{{ m.content }}]{% endfor %}"
        let text = try Self.render(template, Self.calling(), tools: [Self.tool])
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
            ("nothing", "generic"),
        ])
    func formats(_ mark: String, _ name: String) throws {
        let shown = "{% if tools %}{{ tools | tojson }}{% endif %}" + Self.plain
        func format(_ template: String) throws -> String {
            PromptRenderer(try ChatTemplate(source: template), SpecialTexts(), source: template + mark).choice.format
                .name
        }
        #expect(try format(shown) == name)
        // Harmony is more than a form of calls.
        #expect(try format(Self.plain) == (name == "harmony" ? name : "generic"))
    }

    @Test("Thinking is asked for and turned off by the template's own variables")
    func thinking() throws {
        let template =
            Self.plain + "{{ enable_thinking }} {{ thinking }} {{ reasoning_effort }} {{ thinking_budget }}"
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
