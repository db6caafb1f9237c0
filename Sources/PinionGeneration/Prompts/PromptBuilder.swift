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
    private let renderer: PromptRenderer

    /// - Parameters:
    ///   - source: The template's text, which tells how the model writes calls.
    ///   - formatName: The format of calls that the operator asked for.
    package init(
        tokenizer: Tokenizer, template: ChatTemplate, source: String = "", formatName: String? = nil
    ) {
        self.tokenizer = tokenizer
        renderer = PromptRenderer(
            template, tokenizer.specialTexts, source: source, tokenizer: tokenizer, formatName: formatName)
    }

    /// How the model writes thinking and calls.
    var choice: ReplyFormat.Choice { renderer.choice }

    /// Whether a prompt ends within the model's thinking.
    func endsInThinking(_ prompt: RenderedPrompt) -> Bool { renderer.endsInThinking(prompt) }

    /// The text of a conversation, ending where the reply begins.
    ///
    /// - Parameter endSlice: Told of each slice of work; false ends it.
    func render(
        _ request: GenerationRequest, endSlice: @escaping PromptQueue.EndSlice
    ) throws(GenerationError) -> RenderedPrompt {
        try renderer.render(
            request,
            meter: RenderMeter { work throws(TemplateError) in
                if !endSlice(work) { throw TemplateError(.abandoned, "the request was cancelled") }
            })
    }

    /// The tokens of a prompt, without the begin token that a model may want, see ``finish(_:)``.
    ///
    /// - Parameter endSlice: Told of each slice of work; false ends it.
    func encode(
        _ prompt: RenderedPrompt, limit: Int, endSlice: @escaping PromptQueue.EndSlice
    ) throws(GenerationError) -> Tokenizer.Encoding {
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
                + (message.toolCallID?.utf8.count ?? 0) + (message.reasoning?.utf8.count ?? 0)
                + message.toolCalls.reduce(0) { $0 + $1.name.utf8.count + $1.arguments.utf8.count }
        }
        let tools = request.conversation.tools.reduce(0) { $0 + $1.declaration.textLength }
        let prefill = request.prefill?.utf8.count ?? 0
        return request.templateArguments.members.reduce(messages + tools + prefill) {
            $0 + $1.name.utf8.count + $1.value.textLength
        }
    }

    /// The fewest tokens that the contents of the messages become, known without tokenizing them.
    ///
    /// A template that drops a part of them (the white space around them, or an earlier turn's reasoning) could make fewer.
    func fewestTokens(of request: GenerationRequest) -> Int {
        tokenizer.fewestTokens(in: request.conversation.messages.lazy.map(\.text))
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
