import Foundation
import PinionJSON
package import PinionTemplate
package import PinionTokenizer
package import TextGeneration

/// Makes the tokens of conversations: renders them by the model's chat template and tokenizes what that wrote.
package struct PromptBuilder: Sendable {
    /// Bytes that a message counts beside its texts, which is about what a template writes around it.
    private static let messageBytes = 64

    private let tokenizer: Tokenizer
    private let template: ChatTemplate
    private let beginText: String
    private let endText: String

    package init(tokenizer: Tokenizer, template: ChatTemplate) {
        self.tokenizer = tokenizer
        self.template = template
        beginText = Self.text(of: tokenizer.beginToken, tokenizer)
        endText = Self.text(of: tokenizer.endToken, tokenizer)
    }

    private static func text(of token: Int32?, _ tokenizer: Tokenizer) -> String {
        token.map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) } ?? ""
    }

    /// The tokens of a conversation, ending where the reply begins; without the begin token that a model may want, see
    /// ``finish(_:)``.
    ///
    /// - Parameter endSlice: Told of each slice of work; false ends it.
    func encode(
        _ request: GenerationRequest, limit: Int, endSlice: @escaping PromptQueue.EndSlice
    ) throws(GenerationError) -> Tokenizer.Encoding {
        let prompt: RenderedPrompt
        do {
            let meter = RenderMeter { work throws(TemplateError) in
                if !endSlice(work) { throw TemplateError(.abandoned, "the request was cancelled") }
            }
            prompt = try template.render(context(of: request), now: Date(), meter: meter)
        } catch {
            if error.code == .abandoned { throw GenerationError(.interrupted, error.message) }
            throw GenerationError(.template, "the chat template refused the messages: \(error)")
        }
        do {
            let meter = EncodingMeter { work throws(TokenizerError) in
                if !endSlice(work) { throw TokenizerError(.abandoned, "the request was cancelled") }
            }
            return try tokenizer.encode(prompt.text, templateRanges: prompt.templateRanges, limit: limit, meter: meter)
        } catch {
            throw GenerationError(.interrupted, error.message)
        }
    }

    /// Puts the begin token before a prompt where the model wants one and the template wrote none.
    func finish(_ tokens: [Int32]) throws(GenerationError) -> [Int32] {
        var tokens = tokens
        if tokenizer.addsBeginToken, let begin = tokenizer.beginToken, tokens.first != begin {
            tokens.insert(begin, at: 0)
        }
        guard !tokens.isEmpty else {
            throw GenerationError(.template, "the chat template made an empty prompt of the messages")
        }
        return tokens
    }

    /// Bytes of a conversation's texts, about: what rendering and tokenizing it takes time and memory for.
    package func size(of request: GenerationRequest) -> Int {
        let messages = request.conversation.messages.reduce(0) { size, message in
            size + Self.messageBytes + message.textLength + (message.name?.utf8.count ?? 0)
                + (message.toolCallID?.utf8.count ?? 0)
        }
        return request.templateArguments.members.reduce(messages) {
            $0 + $1.name.utf8.count + $1.value.textLength
        }
    }

    /// The fewest tokens that the contents of the messages become, known without tokenizing them.
    ///
    /// A template that drops a part of them (the white space around them, or an earlier turn's reasoning) could make fewer.
    func fewestTokens(of request: GenerationRequest) -> Int {
        tokenizer.fewestTokens(in: request.conversation.messages.lazy.map(\.text))
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
        context["bos_token"] = TemplateValue(beginText, origin: .template)
        context["eos_token"] = TemplateValue(endText, origin: .template)
        return context
    }

    /// Templates know `system`; `developer` is OpenAI's newer word for the same.
    private static func templateRole(of message: Message) -> String {
        message.role == .developer ? Message.Role.system.rawValue : message.role.rawValue
    }
}

extension Message {
    /// Bytes of ``text``.
    fileprivate var textLength: Int {
        content.reduce(max(content.count - 1, 0)) { length, part in
            switch part {
            case .text(let text): length + text.utf8.count
            }
        }
    }
}
