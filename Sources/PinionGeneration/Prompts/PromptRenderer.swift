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

    package init(_ template: ChatTemplate, _ specialTexts: SpecialTexts) {
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
    }

    /// The text of a conversation, ending where the reply begins.
    ///
    /// - Parameter meter: Ends the work with what it throws.
    /// - Throws: ``TextGeneration/GenerationError`` when the template refuses the messages, or an argument has the name of
    ///   something that is set here.
    package func render(
        _ request: GenerationRequest, meter: RenderMeter = RenderMeter()
    ) throws(GenerationError) -> RenderedPrompt {
        for argument in request.templateArguments.members where isReserved(argument.name) {
            throw GenerationError(
                .unsupportedParameter, "This variable is set from the request itself.",
                parameter: .templateArgument(argument.name))
        }
        do {
            return try template.render(context(of: request), now: Date(), meter: meter)
        } catch {
            if error.code == .abandoned { throw GenerationError(.interrupted, error.message) }
            throw GenerationError(.template, "the chat template refused the messages: \(error)")
        }
    }

    /// Whether a request may not set a variable: it is built in, or one of this model's special tokens.
    private func isReserved(_ name: String) -> Bool {
        Self.builtIn.contains(ProtocolWord(name)) || specials[TemplateName(name)] != nil
    }

    private func context(of request: GenerationRequest) -> [TemplateName: TemplateValue] {
        var context = specials
        for argument in request.templateArguments.members {
            context[TemplateName(argument.name)] = TemplateValue(argument.value)
        }
        context["add_generation_prompt"] = context["add_generation_prompt"] ?? .bool(true)
        // Templates are written for a library that always gives these, as none where there are none.
        context["tools"] = context["tools"] ?? .null
        context["documents"] = context["documents"] ?? .null
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
