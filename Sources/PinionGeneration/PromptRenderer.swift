import Foundation
package import PinionJSON
package import PinionTemplate
package import PinionTokenizer
package import TextGeneration

/// Lays out conversations by a model's chat templates.
package struct PromptRenderer: Sendable {
    /// What a template is told of that no request may set.
    package static let reservedArguments: Set<ProtocolWord> = Set([
        "messages", "raise_exception", "strftime_now", "namespace", "range", "dict", "joiner", "cycler", "loop",
        "caller",
    ]).union((SpecialTexts.commonNames + [SpecialTexts.listName]).map { ProtocolWord($0) })

    private let templates: ChatTemplates
    private let specialTexts: SpecialTexts

    package init(_ templates: ChatTemplates, _ specialTexts: SpecialTexts) {
        self.templates = templates
        self.specialTexts = specialTexts
    }

    /// The text of a conversation, ending where the reply begins.
    ///
    /// - Parameter meter: Ends the work with what it throws.
    /// - Throws: ``TextGeneration/GenerationError`` when the template refuses the messages.
    package func render(
        _ request: GenerationRequest, meter: RenderMeter = RenderMeter()
    ) throws(GenerationError) -> RenderedPrompt {
        do {
            return try templates.template(for: request.conversation)
                .render(context(of: request), now: Date(), meter: meter)
        } catch {
            if error.code == .abandoned { throw GenerationError(.interrupted, error.message) }
            throw GenerationError(.template, "the chat template refused the messages: \(error)")
        }
    }

    private func context(of request: GenerationRequest) -> [TemplateName: TemplateValue] {
        var context: [TemplateName: TemplateValue] = [:]
        for argument in request.templateArguments.members {
            context[TemplateName(argument.name)] = TemplateValue(argument.value)
        }
        context["add_generation_prompt"] = context["add_generation_prompt"] ?? .bool(true)
        context["messages"] = .list(
            request.conversation.messages.map { message in
                // A role is a word of ours, which a template may build its control tokens of.
                var fields = [
                    ("role", TemplateValue(Self.templateRole(of: message), origin: .template)),
                    ("content", TemplateValue(message.text)),
                ]
                if let name = message.name { fields.append(("name", TemplateValue(name))) }
                if let id = message.toolCallID { fields.append(("tool_call_id", TemplateValue(id))) }
                return TemplateValue(fields)
            })
        for special in specialTexts.named {
            context[TemplateName(special.name)] = Self.value(special.text)
        }
        if !specialTexts.unnamed.isEmpty {
            context[TemplateName(SpecialTexts.listName)] = .list(specialTexts.unnamed.map(Self.value))
        }
        return context
    }

    private static func value(_ special: [UInt8]) -> TemplateValue {
        TemplateValue(String(decoding: special, as: UTF8.self), origin: .template)
    }

    /// Templates know `system`; `developer` is OpenAI's newer word for the same.
    private static func templateRole(of message: Message) -> String {
        message.role == .developer ? Message.Role.system.rawValue : message.role.rawValue
    }
}
