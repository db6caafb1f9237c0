import Foundation
import PinionJSON
import PinionTemplate
import PinionTokenizer
import TextGeneration

/// Renders small conversations to find what a chat template shows and refuses.
struct TemplateProbe {
    /// Texts of the conversations. No template holds one of them, so that a prompt with such a text shows the message.
    enum Word {
        static let user = "zyquser"
        static let later = "zyqlater"
        static let answer = "zyqanswer"
        static let system = "zyqsystem"
        static let laterSystem = "zyqdeveloper"
        static let tool = "zyqtool"
        /// An argument's name, which the declaration of the tool holds, too.
        static let key = "zyqkey"
        /// An argument's value, which stands in a call alone.
        static let value = "zyqvalue"
        static let otherValue = "zyqothervalue"
        static let result = "zyqresult"
        /// What stands beside a call.
        static let text = "zyqtext"
        static let thought = "zyqthought"
    }

    /// Nine letters, which templates that count the letters of identifiers accept.
    static let identifier = "abcdefghi"
    static let otherIdentifier = "abcdefghj"
    /// An identifier as OpenAI writes it.
    static let longIdentifier = "call_" + String(repeating: "x", count: 24)

    static let user = message("user", Word.user)
    static let laterUser = message("user", Word.later)
    static let answer = message("assistant", Word.answer)
    static let system = message("system", Word.system)

    /// Variables that ask a template to show thoughts.
    static let thinking: [TemplateName: TemplateValue] = ["enable_thinking": .bool(true), "thinking": .bool(true)]

    /// How tools are handed to the template.
    var toolVariable = TemplateTraits.ToolVariable.tools
    private let template: ChatTemplate
    private let specials: [TemplateName: TemplateValue]

    init(_ template: ChatTemplate, specials: [TemplateName: TemplateValue]) {
        self.template = template
        // A template without a model has no special tokens. A template that adds an undefined one to a text would
        // refuse every probe, so that the probes of such a template get empty texts.
        var specials = specials
        for name in SpecialTexts.commonNames where specials[TemplateName(name)] == nil {
            specials[TemplateName(name)] = TemplateValue("", origin: .template)
        }
        self.specials = specials
    }

    /// Whether the template takes the messages, and the prompt holds all words.
    func shows(
        _ messages: [TemplateValue], _ words: String..., tools hasTools: Bool = false,
        variables: [TemplateName: TemplateValue] = [:]
    ) -> Bool {
        guard let prompt = render(messages, tools: hasTools, variables: variables) else { return false }
        return words.allSatisfy { prompt.contains($0) }
    }

    /// The prompt; nil where the template refuses the messages.
    func render(
        _ messages: [TemplateValue], tools hasTools: Bool = false, variables: [TemplateName: TemplateValue] = [:]
    ) -> String? {
        render(messages, with: hasTools ? [Self.tool] : [], variables: variables)
    }

    func render(
        _ messages: [TemplateValue], with tools: [Tool], variables: [TemplateName: TemplateValue] = [:]
    ) -> String? {
        let now = Date(timeIntervalSince1970: 0)
        var context = specials
        context["messages"] = .list(messages)
        context["add_generation_prompt"] = .bool(true)
        context["documents"] = .null
        toolVariable.set(tools, now: now, in: &context)
        context.merge(variables) { $1 }
        guard let prompt = try? template.render(context, now: now) else { return nil }
        return String(decoding: prompt.text, as: UTF8.self)
    }

    // MARK: - Messages

    static func message(
        _ role: String, _ content: String, _ fields: (String, TemplateValue)...
    ) -> TemplateValue {
        TemplateValue([("role", TemplateValue(role)), ("content", TemplateValue(content))] + fields)
    }

    /// A result of the call with this identifier.
    static func result(_ id: String = identifier, name: String? = Word.tool) -> TemplateValue {
        let fields = [("tool_call_id", TemplateValue(id))] + (name.map { [("name", TemplateValue($0))] } ?? [])
        return TemplateValue(
            [("role", TemplateValue("tool")), ("content", TemplateValue(Word.result))] + fields)
    }

    /// An assistant's message with one call.
    static func calling(
        _ form: TemplateTraits.Arguments, content: String = "", _ fields: (String, TemplateValue)...
    ) -> TemplateValue {
        calling([call(form)], content: content, fields)
    }

    static func calling(
        _ calls: [TemplateValue], content: String = "", _ fields: [(String, TemplateValue)] = []
    ) -> TemplateValue {
        TemplateValue(
            [
                ("role", TemplateValue("assistant")), ("content", TemplateValue(content)),
                ("tool_calls", .list(calls)),
            ] + fields)
    }

    static func call(
        _ form: TemplateTraits.Arguments, id: String = identifier, value: String = Word.value
    ) -> TemplateValue {
        let arguments: TemplateValue =
            switch form {
            case .object: TemplateValue([(Word.key, TemplateValue(value))])
            case .text: TemplateValue("{\"\(Word.key)\": \"\(value)\"}")
            }
        let function = TemplateValue([("name", TemplateValue(Word.tool)), ("arguments", arguments)])
        return TemplateValue([
            ("id", TemplateValue(id)), ("type", TemplateValue("function")), ("function", function),
        ])
    }

    static let tool = tool(with: JSONObject([.init(name: "type", value: "string")]))
    /// A tool whose argument may be none, as many clients write it.
    static let optionalTool = tool(
        with: JSONObject([.init(name: "type", value: .array(["string", "null"]))]))

    private static func tool(with argument: JSONObject) -> Tool {
        let argument = JSONObject(argument.members + [.init(name: "description", value: "x")])
        let parameters = JSONObject([
            .init(name: "type", value: "object"),
            .init(
                name: "properties", value: .object(JSONObject([.init(name: Word.key, value: .object(argument))]))),
            .init(name: "required", value: .array([.string(Word.key)])),
        ])
        return Tool(name: Word.tool, description: "x", parameters: .object(parameters))
    }
}
