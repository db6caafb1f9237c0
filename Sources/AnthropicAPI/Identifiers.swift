import TextGeneration

/// Makes the `id` of a reply: `msg_` and 24 random letters and digits.
package enum MessageID {
    private static let randomLength = 24

    package static func random() -> String {
        "msg_" + Alphanumerics.random(randomLength)
    }
}
