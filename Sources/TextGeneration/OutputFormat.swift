package import PinionJSON

/// What a reply may be, enforced for every token of it.
///
///     request.format = .choice(["yes", "no"])       // the reply is "yes" or "no", whatever the model would rather say
///
/// A reply that is cut (by the token limit, a stop string or the end of the context) is a beginning of such a text.
package enum OutputFormat: Sendable, Equatable {
    /// Any text.
    case text
    /// One JSON object, whatever its members.
    case jsonObject
    /// One JSON text that a JSON Schema accepts.
    ///
    /// `isStrict` says what becomes of an assertion of the schema that cannot be enforced: the request is refused, or the
    /// assertion is left out and told of with a ``GenerationWarning``.
    case jsonSchema(JSONValue, isStrict: Bool)
    /// A text that a regular expression matches from its first to its last character.
    case pattern(String)
    /// One of these texts.
    case choice([String])
    /// A text that a context-free grammar derives.
    case grammar(String, GrammarSyntax)
}

/// The language that a grammar is written in.
package enum GrammarSyntax: Sendable, Equatable {
    /// llama.cpp's: rules `name ::= ...`, of which `root` is the start.
    case gbnf
    /// Lark's: rules `name: ...` and terminals `NAME: ...`, of which `start` is the start.
    case lark
}
