/// The bounds on what a chat template may cost.
///
/// A template comes with a model file and works on text from a request, so neither is trusted with time, memory or
/// stack. Reaching a bound is ``TemplateError/Code/limitExceeded``.
package enum TemplateLimits {
    /// UTF-8 bytes of a template's source.
    package static let sourceLength = 1 << 20
    /// Nesting of statements and expressions in the source, and of lists and dicts in a value.
    package static let depth = 100
    /// Macro calls inside one another.
    package static let macroDepth = 100
    /// Nested evaluations at any moment, macro calls included: together with the frame sizes this bounds the stack used
    /// to less than half of the 512 KB a secondary thread may have.
    package static let evaluationDepth = 200
    /// Evaluation steps of one rendering; copying text or list items costs steps in proportion.
    package static let steps = 1_000_000
    /// Unicode scalars of any single string, and UTF-8 bytes of the whole output.
    package static let stringLength = 4 << 20
    /// Unicode scalars of text that may be copied or searched for one step.
    package static let scalarsPerStep = 64
    /// Unicode scalars beyond ASCII whose properties may be looked up for one step.
    package static let scalarsPerPropertyStep = 16
    /// Items `range` may produce, the bound of Jinja2's own sandbox.
    package static let rangeLength = 100_000
    /// Digits after the point, or of width, that a number format may ask for.
    package static let formatWidth = 1_000
    /// Unicode scalars of an error's message.
    package static let messageLength = 4_000
    /// UTF-8 bytes of a name or text that an error's message repeats: enough to recognise it by.
    static let quoteLength = 80
    /// Unicode scalars of a name in a template's source: far above any real one's, and a bound on what finding it costs.
    static let nameLength = 400
    /// Digits of a numeric literal.
    package static let literalLength = 400
}
