/// The kinds of token a model file distinguishes; raw values as in GGUF.
package enum TokenType: Int32, Sendable {
    case undefined = 0
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6

    /// Control tokens and the unknown token steer the model and are never shown as text.
    var isControl: Bool { self == .control || self == .unknown }

    /// Whether the token is text that a model of the vocabulary (merges, scores, words) may produce.
    var isOrdinary: Bool { !isControl }
}
