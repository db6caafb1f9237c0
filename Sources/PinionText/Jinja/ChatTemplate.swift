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
    /// Throws ``TextError/Code/templateSyntax`` with the position of the offending token, or
    /// ``TextError/Code/limitExceeded`` for a source that is too long or too deeply nested.
    package init(source: String) throws(TextError) {
        tree = try Parser.parse(source)
    }

    /// The prompt for a conversation, in pieces that say whether the template or the request wrote them.
    ///
    /// Text in `context` counts as the request's unless it was made with the template's origin. Neighbouring pieces
    /// differ in origin, and none is empty. `now` is what `strftime_now` tells, in UTC.
    ///
    /// Throws ``TextError/Code/templateRaised`` if the template refuses the conversation,
    /// ``TextError/Code/templateRuntime`` if it fails, ``TextError/Code/limitExceeded`` if it costs too much, and what
    /// `meter` ends the work with.
    package func render(
        _ context: [TemplateName: TemplateValue], now: Date, meter: WorkMeter = WorkMeter()
    ) throws(TextError) -> [TextSpan] {
        let spans = try Interpreter.render(tree, context: context, now: now, meter: meter).spans
        var length = 0
        for span in spans { length += span.text.utf8.count }
        guard length <= TemplateLimits.stringLength else {
            throw TextError(
                .limitExceeded,
                "the rendered prompt is \(length) bytes long; at most \(TemplateLimits.stringLength) are allowed")
        }
        return spans
    }
}
