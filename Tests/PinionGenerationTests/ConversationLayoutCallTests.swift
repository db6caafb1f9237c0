import Foundation
import PinionGeneration
import PinionJSON
import PinionTemplate
import Testing
import TextGeneration

@Suite("Calls, results and thoughts fitted to templates")
struct ConversationLayoutCallTests {
    private typealias Fixture = LayoutFixture

    private static func render(
        _ template: String, _ messages: [Message], source: String? = nil, hasTools: Bool = true
    ) throws -> String {
        try Fixture.render(template, messages, tools: hasTools ? [Fixture.tool] : [], source: source)
    }

    // MARK: - Calls

    @Test(
        "Calls that a template does not show are written as the model writes them",
        arguments: [
            ("<|tool_call_start|>", #"<|tool_call_start|>[weather(city="Bern")]<|tool_call_end|>"#),
            ("<|tool_call|>", #"<|tool_call|>[{"name": "weather", "arguments": {"city": "Bern"}}]"#),
        ])
    func ownForm(_ mark: String, _ expected: String) throws {
        let text = try Self.render(Fixture.tools + Fixture.plain, Fixture.step, source: mark)
        #expect(text == "(weather)[user:Hi][assistant:\(expected)][tool:Sun]")
    }

    @Test("Several calls and all kinds of values are written as the model writes them")
    func ownFormOfValues() throws {
        let call = ToolCall(
            id: "1", name: "f",
            arguments: #"{"a": [1, -2.5, true, null], "b": {"c": "\"é\""}, "d": 12345678901234567890}"#)
        let text = try Self.render(
            Fixture.tools + Fixture.plain, [Message(.user, "Hi"), Fixture.calling(call, Fixture.call, text: "Look")],
            source: "<|tool_call_start|>")
        let expected =
            #"[f(a=[1, -2.5, True, None], b={"c": "\"é\""}, d=12345678901234567890), weather(city="Bern")]"#
        #expect(text.hasSuffix("[assistant:Look\n<|tool_call_start|>\(expected)<|tool_call_end|>]"), "\(text)")
    }

    @Test("Calls and results are told in our words where neither the template nor we know the model's form")
    func fence() throws {
        let text = try Self.render(
            Fixture.tools + Fixture.plain, Fixture.step, source: "<tool_call><function=")
        #expect(text.contains("```tool_call\n{\"tool\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}\n```"))
        #expect(text.hasSuffix("[user:<tool_response>\nSun\n</tool_response>]"), "\(text)")
    }

    @Test("A call that is shown once it has its result stays a call")
    func callWithResult() throws {
        let template = Fixture.showing(
            message: "[{{ m.role }}:{{ m.content }}{% if not loop.last %}" + Fixture.calls + "{% endif %}]")
        #expect(
            try Self.render(template, Fixture.step)
                == "(weather)[user:Hi][assistant:\(Fixture.shown)][tool:Sun]")
    }

    @Test(
        "Each call is a message with its result behind it where a template knows one call a message",
        arguments: [
            "{% for c in (m.tool_calls or [])[:1] %}<tool_call>{{ c.function.name }} "
                + "{{ c.function.arguments | tojson }}{% endfor %}",
            "{% if m.tool_calls and m.tool_calls | length > 1 %}{{ raise_exception('one call') }}{% endif %}"
                + LayoutFixture.calls,
        ])
    func singleCalls(_ calls: String) throws {
        let template = Fixture.showing(message: "[{{ m.role }}:{{ m.content }}" + calls + "]")
        let messages = [
            Message(.user, "Hi"), Fixture.calling(Fixture.call, Fixture.otherCall, text: "Look"),
            Fixture.result("Noon", Fixture.otherCall), Fixture.result("Sun"), Message(.user, "So?"),
        ]
        #expect(
            try Self.render(template, messages)
                == "(weather)[user:Hi][assistant:Look\(Fixture.shown)][tool:Sun]"
                + "[assistant:\(Fixture.otherShown)][tool:Noon][user:So?]")
    }

    @Test("A text beside a call is a message in front of it where a template would lose it")
    func textBeforeCall() throws {
        let template = Fixture.showing(
            message: "[{{ m.role }}:{% if m.tool_calls %}" + Fixture.calls + "{% else %}{{ m.content }}{% endif %}]")
        let messages = [Message(.user, "Hi"), Fixture.calling(Fixture.call, text: "Look"), Fixture.result("Sun")]
        #expect(
            try Self.render(template, messages)
                == "(weather)[user:Hi][assistant:Look][assistant:\(Fixture.shown)][tool:Sun]")
    }

    @Test("A text beside a call stands apart once an answer follows where a template then takes it for a thought")
    func textUntilAnswer() throws {
        let template = Fixture.showing(
            message: "[{{ m.role }}:{% if not m.tool_calls or messages[-1].role == 'tool' %}{{ m.content }}{% endif %}"
                + Fixture.calls + "]")
        let messages = [Message(.user, "Hi"), Fixture.calling(Fixture.call, text: "Look"), Fixture.result("Sun")]
        let beginning = "(weather)[user:Hi]"
        #expect(
            try Self.render(template, messages) == beginning + "[assistant:Look\(Fixture.shown)][tool:Sun]")
        #expect(
            try Self.render(template, messages + [Message(.assistant, "Fine"), Message(.user, "So?")])
                == beginning + "[assistant:Look][assistant:\(Fixture.shown)][tool:Sun][assistant:Fine][user:So?]")
    }

    /// Counts users and answers, which have to alternate, and no calls; shows no text beside a call, and takes no blank
    /// message.
    private static let alternating = Fixture.showing(
        before: "{% set ns = namespace(count=0) %}",
        check: "{% if m.role == 'system' %}{{ raise_exception('system') }}{% endif %}"
            + "{% if m.role == 'user' or m.role == 'assistant' and not m.tool_calls %}"
            + "{% if (m.role == 'user') != (ns.count % 2 == 0) %}{{ raise_exception('order') }}{% endif %}"
            + "{% set ns.count = ns.count + 1 %}{% endif %}",
        message: "[{{ m.role }}:{% if m.tool_calls %}" + Fixture.calls + "{% else %}{{ m.content }}{% endif %}]")

    @Test("Texts of one turn are one answer where users and answers alternate around calls")
    func oneAnswer() throws {
        let look = [Message(.user, "Hi"), Fixture.calling(Fixture.call, text: "Look"), Fixture.result("Sun")]
        #expect(
            try Self.render(Self.alternating, look)
                == "(weather)[user:Hi][assistant:Look][assistant:\(Fixture.shown)][tool:Sun]")
        #expect(
            try Self.render(Self.alternating, look + [Message(.assistant, "Fine"), Message(.user, "So?")])
                == "(weather)[user:Hi][assistant:\(Fixture.shown)][tool:Sun][assistant:Look\n\nFine][user:So?]")
        let apart = [Message(.user, "Hi"), Message(.assistant, "Look"), Fixture.calling(Fixture.call)]
        #expect(
            try Self.render(Self.alternating, apart)
                == "(weather)[user:Hi][assistant:Look][assistant:\(Fixture.shown)]")
    }

    @Test("A blank answer stands between a result and a user where users and answers alternate around calls")
    func userBehindResult() throws {
        #expect(
            try Self.render(Self.alternating, Fixture.step + [Message(.user, "So?")])
                == "(weather)[user:Hi][assistant:\(Fixture.shown)][tool:Sun][assistant: ][user:So?]")
        let answered = Fixture.step + [Message(.assistant, "Fine"), Message(.user, "So?")]
        #expect(
            try Self.render(Self.alternating, answered)
                == "(weather)[user:Hi][assistant:\(Fixture.shown)][tool:Sun][assistant:Fine][user:So?]")
    }

    @Test("A call in front of every user stays there where a template counts users and answers alone")
    func callFirst() throws {
        let step = [Fixture.calling(Fixture.call), Fixture.result("Sun")]
        #expect(
            try Self.render(Self.alternating, step + [Message(.user, "So?")])
                == "(weather)[assistant:\(Fixture.shown)][tool:Sun][user:So?]")
        #expect(
            try Self.render(Self.alternating, step + [Message(.assistant, "Fine"), Message(.user, "So?")])
                == "(weather)[user:][assistant:\(Fixture.shown)][tool:Sun][assistant:Fine][user:So?]")
    }

    // MARK: - Results

    @Test("A result without its call is the user's where a template refuses it")
    func loneResult() throws {
        let template = Fixture.showing(
            before: "{% set ns = namespace(name='') %}",
            check: "{% if m.tool_calls %}{% set ns.name = m.tool_calls[0].function.name %}{% endif %}"
                + "{% if m.role == 'tool' and not ns.name %}{{ raise_exception('no call') }}{% endif %}")
        let lone = Fixture.result("Rain", Fixture.otherCall)
        #expect(
            try Self.render(template, [lone] + Fixture.step)
                == "(weather)[user:<tool_response>\nRain\n</tool_response>]"
                + "[user:Hi][assistant:\(Fixture.shown)][tool:Sun]"
        )
    }

    @Test("A system message between a call and its result goes behind the result where a template would lose it")
    func resultBehindSystem() throws {
        let template =
            Fixture.tools + "{% for m in messages if m.role != 'tool' %}[{{ m.role }}:{{ m.content }}" + Fixture.calls
            + "{% set ns = namespace(isOpen=true) %}{% for r in messages[loop.index0 + 1:] %}"
            + "{% if r.role != 'tool' %}{% set ns.isOpen = false %}{% endif %}"
            + "{% if ns.isOpen and m.tool_calls %}={{ r.content }}{% endif %}{% endfor %}]{% endfor %}"
        let messages = [
            Message(.user, "Hi"), Fixture.calling(Fixture.call), Message(.system, "S"), Fixture.result("Sun"),
        ]
        #expect(
            try Self.render(template, messages) == "(weather)[user:Hi][assistant:\(Fixture.shown)=Sun][system:S]")
    }

    @Test("A result has the name of its tool where a template asks for it behind two calling messages")
    func resultNames() throws {
        let template = Fixture.showing(
            before: "{% set ns = namespace(calls=0) %}",
            check: "{% if m.role == 'user' %}{% set ns.calls = 0 %}{% endif %}"
                + "{% if m.tool_calls %}{% set ns.calls = ns.calls + 1 %}{% endif %}"
                + "{% if m.role == 'tool' and ns.calls > 1 and not m.name %}{{ raise_exception('whose?') }}{% endif %}",
            message: "[{{ m.role }}{% if m.name %} {{ m.name }}{% endif %}:{{ m.content }}" + Fixture.calls + "]")
        let messages = [
            Message(.user, "Hi"), Fixture.calling(Fixture.call), Fixture.calling(Fixture.otherCall),
            Fixture.result("Sun"), Fixture.result("Noon", Fixture.otherCall),
        ]
        #expect(
            try Self.render(template, messages)
                == "(weather)[user:Hi][assistant:\(Fixture.shown)][assistant:\(Fixture.otherShown)]"
                + "[tool weather:Sun][tool clock:Noon]")
    }

    @Test("Results are told in our words where calls are")
    func genericResults() throws {
        let text = try Self.render(Fixture.plain, Fixture.step)
        #expect(text.hasSuffix("[user:<tool_response>\nSun\n</tool_response>]"), "\(text)")
    }

    @Test("Calls stay calls where a template shows calls and refuses results")
    func callsAlone() throws {
        let template = Fixture.showing(check: "{% if m.role == 'tool' %}{{ raise_exception('tool') }}{% endif %}")
        let messages = [
            Message(.user, "Hi"), Fixture.calling(Fixture.call, Fixture.otherCall, text: "Look"), Fixture.result("Sun"),
        ]
        #expect(
            try Self.render(template, messages)
                == "(weather)[user:Hi][assistant:Look\(Fixture.shown)\(Fixture.otherShown)]"
                + "[user:<tool_response>\nSun\n</tool_response>]")
    }

    // MARK: - Thoughts

    @Test(
        "A thought is handed over in the field that a template reads",
        arguments: [
            ("{{ m.thinking }}", ""), ("{{ m.reasoning }}", ""),
            ("{% if m.tool_calls %}{{ m.thinking }}{% endif %}", ""),
            ("{% if m.tool_calls and thinking %}{{ m.reasoning_content }}{% endif %}", "thinking"),
        ])
    func thoughts(_ shown: String, _ option: String) throws {
        let template = Fixture.showing(message: "[{{ m.role }}:" + shown + "{{ m.content }}" + Fixture.calls + "]")
        var conversation = Conversation([
            Message(.user, "Hi"), Fixture.calling(Fixture.call, thought: "Hm."), Fixture.result("Sun"),
        ])
        conversation.tools = [Fixture.tool]
        var request = GenerationRequest(conversation)
        if !option.isEmpty { request.reasoning.isEnabled = true }
        #expect(
            try Fixture.text(try Fixture.renderer(template), request)
                == "(weather)[user:Hi][assistant:Hm.\(Fixture.shown)][tool:Sun]")
    }

    @Test("A thought is a part of the content where a template reads it there")
    func thoughtParts() throws {
        let template = Fixture.showing(
            message: "[{{ m.role }}:{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
                + "{% if p.type == 'thinking' %}<{{ p.thinking }}>{% else %}{{ p.text }}{% endif %}"
                + "{% endfor %}{% endif %}"
                + Fixture.calls + "]")
        var thoughtful = Message(.assistant, "Hello")
        thoughtful.reasoning = "Hm."
        let calling = Fixture.calling(Fixture.call, thought: "Well.")
        #expect(
            try Self.render(template, [Message(.user, "Hi"), thoughtful, Message(.user, "So?"), calling])
                == "(weather)[user:Hi][assistant:<Hm.>Hello][user:So?][assistant:<Well.>\(Fixture.shown)]")
        // A template that shows any list shows the names of its parts, too.
        #expect(
            try Self.render(Fixture.showing(), [Message(.user, "Hi"), thoughtful])
                == "(weather)[user:Hi][assistant:Hello]")
    }

    @Test("A text beside a call ends the thought where a template refuses both")
    func textAsThought() throws {
        let template = Fixture.showing(
            check: "{% if m.tool_calls and m.content and m.thinking %}{{ raise_exception('both') }}{% endif %}",
            message: "[{{ m.role }}:{{ m.thinking }}{{ m.content }}" + Fixture.calls + "]")
        let messages = [
            Message(.user, "Hi"), Fixture.calling(Fixture.call, text: "Look", thought: "Hm."), Fixture.result("Sun"),
        ]
        #expect(
            try Self.render(template, messages)
                == "(weather)[user:Hi][assistant:Hm.\n\nLook\(Fixture.shown)][tool:Sun]")
    }

    // MARK: - Tools and arguments

    @Test("A template that asks for the length of the tools gets an empty list where there are none")
    func toolList() throws {
        let template = "{{ raise_exception('none') if tools is none }}{{ tools | length }}" + Fixture.plain
        #expect(try Self.render(template, [Message(.user, "Hi")], hasTools: false) == "0[user:Hi]")
        // It shows no tools, so that they are told in a text.
        let text = try Self.render(template, [Message(.user, "Hi")])
        #expect(text.hasPrefix("0[system:") && text.contains("\"name\":\"weather\""), "\(text)")
    }

    @Test("A list of types is anyOf where a template refuses it")
    func typeLists() throws {
        let template =
            "{% for t in tools or [] %}{% for p in t.function.parameters.properties.values() %}"
            + "{{ raise_exception('list') if p.type and p.type is not string }}{% endfor %}"
            + "{{ t.function | tojson }}{% endfor %}" + Fixture.plain
        let schema = #"{"type": "object", "properties": {"city": {"type": ["string", "null"], "enum": ["a", null]}}}"#
        let tool = Tool(
            name: "weather",
            parameters: try JSONValue.parse(Array(schema.utf8), limits: JSONLimits(depth: 9, values: 99)))
        let text = try Fixture.render(template, [Message(.user, "Hi")], tools: [tool], source: "<tool_call>")
        #expect(
            text.contains(#"{"city": {"anyOf": [{"type": "string"}, {"type": "null"}], "enum": ["a", null]}}"#),
            "\(text)")
        let taken = try Fixture.render(
            "{{ tools | tojson }}" + Fixture.plain, [Message(.user, "Hi")], tools: [tool], source: "<tool_call>")
        #expect(taken.contains(#""type": ["string", "null"]"#), "\(taken)")
    }

    @Test("A template that asks for functions gets them as a text, and the day")
    func functions() throws {
        let template = "{{ 'F:' + functions + ' D:' + datetime }}" + Fixture.plain + "functools["
        func today() -> String { Date().formatted(.iso8601.year().month().day()) }
        var (day, plain, text) = ("", "", "")
        // Once more where midnight came in between.
        repeat {
            day = today()
            plain = try Self.render(template, [Message(.user, "Hi")], hasTools: false)
            text = try Self.render(template, [Message(.user, "Hi")])
        } while day != today()
        #expect(plain == "F:[] D:\(day)[user:Hi]functools[")
        #expect(text.hasPrefix(#"F:[{"name":"weather","description":"Tells it.","#), "\(text)")
        #expect(text.hasSuffix(" D:\(day)[user:Hi]functools["))
    }

    @Test("Integers of any length keep their digits")
    func bigIntegers() throws {
        let call = ToolCall(id: "1", name: "f", arguments: #"{"a": 12345678901234567890, "b": -98765432109876543210}"#)
        let text = try Self.render(Fixture.showing(), [Message(.user, "Hi"), Fixture.calling(call)])
        #expect(text.hasSuffix(#"<tool_call>f {"a": 12345678901234567890, "b": -98765432109876543210}]"#), "\(text)")
    }
}
