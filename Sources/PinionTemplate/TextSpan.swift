/// A piece of a rendered prompt together with who wrote it.
///
/// The origin decides whether special tokens may be recognised in the text: only a template's own words may become
/// control tokens, so that no request can forge the end of a turn.
package struct TextSpan: Sendable, Equatable {
    package enum Origin: Sendable, Equatable {
        /// Written by the model's chat template.
        case template
        /// Came from the request, or was computed from something that did.
        case request
    }

    package var text: String
    package var origin: Origin

    package init(_ text: String, origin: Origin) {
        self.text = text
        self.origin = origin
    }
}
