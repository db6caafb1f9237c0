package import Foundation

/// A model's chat template: Jinja2 source that lays out a conversation as the model was trained to see it.
///
/// Behaves as Jinja2 does in the environment chat templates are written for: immutable sandbox, blocks trimmed on both
/// sides, `break` and `continue`, `generation` blocks as plain text, and the functions `raise_exception` and
/// `strftime_now`. Parsed once; rendering shares nothing and may run on any number of threads.
package struct ChatTemplate: Sendable {
    private let tree: SyntaxTree

    /// Parses the source.
    ///
    /// Throws ``TemplateError/Code/syntax`` with the position of the offending token, or
    /// ``TemplateError/Code/limitExceeded`` for a source that is too long or too deeply nested.
    package init(source: String) throws(TemplateError) {
        tree = try Parser.parse(source)
    }

    /// The prompt for a conversation, with the parts of it that the template wrote.
    ///
    /// Text in `context` counts as the request's unless it was made with the template's origin. `now` is what
    /// `strftime_now` tells, in UTC.
    ///
    /// Throws ``TemplateError/Code/raised`` if the template refuses the conversation,
    /// ``TemplateError/Code/runtime`` if it fails, ``TemplateError/Code/limitExceeded`` if it costs too much, and what
    /// `meter` ends the work with.
    package func render(
        _ context: [TemplateName: TemplateValue], now: Date, meter: RenderMeter = RenderMeter()
    ) throws(TemplateError) -> RenderedPrompt {
        let prompt = RenderedPrompt(try Interpreter.render(tree, context: context, now: now, meter: meter).spans)
        guard prompt.text.count <= TemplateLimits.stringLength else {
            throw TemplateError(
                .limitExceeded,
                "the rendered prompt is \(prompt.text.count) bytes long; at most \(TemplateLimits.stringLength) are allowed"
            )
        }
        return prompt
    }
}
