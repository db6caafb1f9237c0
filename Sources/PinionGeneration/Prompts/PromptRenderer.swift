import Foundation
import PinionJSON
package import PinionTemplate
package import PinionTokenizer
package import TextGeneration

/// Lays out conversations by a chat template.
package struct PromptRenderer: Sendable {
    /// What every template finds beside the special tokens.
    private static let builtIn: Set<ProtocolWord> = [
        "messages", "raise_exception", "strftime_now", "namespace", "range", "dict", "joiner", "cycler", "loop",
        "caller",
    ]

    /// What a request may set, and a model's special tokens may not hide; every template finds them.
    private static let settable: Set<ProtocolWord> = ["add_generation_prompt", "tools", "documents"]

    private let template: ChatTemplate
    /// The model's special tokens as variables.
    private let specials: [TemplateName: TemplateValue]
    private let traits: TemplateTraits
    /// How the model writes thinking and calls.
    package let choice: ReplyFormat.Choice

    /// - Parameters:
    ///   - source: The template's text, which tells how the model writes calls.
    ///   - tokenizer: Its special tokens tell of thinking, too.
    ///   - formatName: The format that the operator asked for.
    package init(
        _ template: ChatTemplate, _ specialTexts: SpecialTexts, source: String = "", tokenizer: Tokenizer? = nil,
        formatName: String? = nil
    ) {
        self.template = template
        let hidden = Self.builtIn.union(Self.settable)
        var specials: [TemplateName: TemplateValue] = [:]
        for special in specialTexts.named where !hidden.contains(ProtocolWord(special.name)) {
            specials[TemplateName(special.name)] = Self.value(special.text)
        }
        if !specialTexts.unnamed.isEmpty {
            specials[TemplateName(SpecialTexts.listName)] = .list(specialTexts.unnamed.map(Self.value))
        }
        self.specials = specials
        let traits = TemplateTraits(template, specials: specials)
        self.traits = traits
        choice = ReplyFormat.choose(
            named: formatName, source: source, showsTools: traits.showsTools, tokenizer)
    }

    /// The text of a conversation, ending where the reply begins.
    ///
    /// - Parameter meter: Ends the work with what it throws.
    /// - Throws: ``TextGeneration/GenerationError`` when the template refuses the messages, or an argument has the name
    ///   of something that is set here.
    package func render(
        _ request: GenerationRequest, meter: RenderMeter = RenderMeter()
    ) throws(GenerationError) -> RenderedPrompt {
        for argument in request.templateArguments.members where isReserved(argument.name) {
            throw GenerationError(
                .unsupportedParameter, "This variable is set from the request itself.",
                parameter: .templateArgument(argument.name))
        }
        do {
            let now = Date()
            var prompt = try template.render(context(of: request, now: now), now: now, meter: meter)
            if let prefill = request.prefill { prompt.text.append(contentsOf: prefill.utf8) }
            return prompt
        } catch {
            if error.code == .abandoned { throw GenerationError(.interrupted, error.message) }
            throw GenerationError(.template, "the chat template refused the messages: \(error)")
        }
    }

    /// Whether a request may not set a variable: it is built in, or one of this model's special tokens.
    private func isReserved(_ name: String) -> Bool {
        Self.builtIn.contains(ProtocolWord(name)) || specials[TemplateName(name)] != nil
    }

    private func context(of request: GenerationRequest, now: Date) -> [TemplateName: TemplateValue] {
        var context = specials
        for argument in request.templateArguments.members {
            context[TemplateName(argument.name)] = TemplateValue(argument.value)
        }
        context["add_generation_prompt"] = context["add_generation_prompt"] ?? .bool(true)
        // Templates are written for a library that always gives it, as none where there are none.
        context["documents"] = context["documents"] ?? .null
        setReasoning(request.reasoningBeforeReply, in: &context)
        let layout = ConversationLayout(traits, choice)
        let conversation = request.conversation
        var tools = layout.describesTools(of: conversation) ? [] : conversation.tools
        if !traits.allowsTypeLists { tools = tools.map(\.withSingleTypes) }
        traits.toolVariable.set(tools, now: now, in: &context)
        let custom = Set(conversation.tools.filter(\.takesText).map { ProtocolWord($0.name) })
        context["messages"] = .list(layout.messages(of: conversation).map { value($0, custom) })
        return context
    }

    /// Variables by which templates are told of thinking; what the request set itself stays.
    private func setReasoning(_ reasoning: ReasoningOptions, in context: inout [TemplateName: TemplateValue]) {
        func set(_ name: TemplateName, _ value: TemplateValue) {
            if context[name] == nil { context[name] = value }
        }
        if let isEnabled = reasoning.isEnabled {
            set("enable_thinking", .bool(isEnabled))
            set("thinking", .bool(isEnabled))
        }
        // A word of ours, of a closed list.
        if let effort = reasoning.effort {
            set("reasoning_effort", TemplateValue(traits.otherEfforts[ProtocolWord(effort)] ?? effort))
        }
        if let budget = reasoning.budget { set("thinking_budget", .int(budget)) }
    }

    /// - Parameter custom: Names of tools that take a text.
    private func value(_ message: Message, _ custom: Set<ProtocolWord>) -> TemplateValue {
        // A role is a word of ours, which a template may build its control tokens of.
        var fields = [
            ("role", TemplateValue(Self.templateRole(of: message), origin: .template)),
            ("content", TemplateValue(message.text)),
        ]
        if let name = message.name { fields.append(("name", TemplateValue(name))) }
        if let id = message.toolCallID { fields.append(("tool_call_id", TemplateValue(id))) }
        switch (message.reasoning, traits.reasoning) {
        case (let thought?, .field(let field)?): fields.append((field, TemplateValue(thought)))
        case (let thought?, .part?):
            fields[1].1 = ConversationLayout.parts(thought: thought, text: message.text)
        case (nil, _), (_, nil): break
        }
        if !message.toolCalls.isEmpty {
            fields.append(("tool_calls", .list(message.toolCalls.map { value($0, custom) })))
        }
        return TemplateValue(fields)
    }

    private func value(_ call: ToolCall, _ custom: Set<ProtocolWord>) -> TemplateValue {
        let given = call.argumentsObject(isCustom: custom.contains(ProtocolWord(call.name)))
        let arguments =
            traits.calls == .text
            ? TemplateValue(String(decoding: given.text, as: UTF8.self)) : TemplateValue(.object(given.object))
        return TemplateValue([
            ("id", TemplateValue(call.id)), ("type", TemplateValue("function")),
            ("function", TemplateValue([("name", TemplateValue(call.name)), ("arguments", arguments)])),
        ])
    }

    /// Whether the template ends a prompt within the model's thinking.
    func endsInThinking(_ prompt: RenderedPrompt) -> Bool {
        guard let open = choice.format.thinking?.open, !choice.format.hasChannels else { return false }
        let text = prompt.text.prefix(prompt.text.solidCount)
        // What the request wrote opens nothing.
        guard let range = prompt.templateRanges.last, range.contains(text.count - 1) else { return false }
        return text.reversed().starts(with: open.utf8.reversed())
    }

    private static func value(_ special: [UInt8]) -> TemplateValue {
        TemplateValue(String(decoding: special, as: UTF8.self), origin: .template)
    }

    /// Templates know `system`; `developer` is OpenAI's newer word for the same.
    private static func templateRole(of message: Message) -> String {
        message.role == .developer ? Message.Role.system.rawValue : message.role.rawValue
    }
}

extension GenerationRequest {
    /// A reply that has begun is past its thinking.
    fileprivate var reasoningBeforeReply: ReasoningOptions {
        var options = reasoning
        if prefill != nil { options.isEnabled = false }
        return options
    }
}
