import TextGeneration

/// Makes the `id` of a completion: `chatcmpl-` and 29 random letters and digits.
package enum CompletionID {
    private static let randomLength = 29

    package static func random() -> String {
        "chatcmpl-" + Alphanumerics.random(randomLength)
    }
}

/// Makes the identifiers of the Responses route: a prefix and 32 random letters and digits.
enum ResponseID {
    private static let randomLength = 32

    static func random(_ prefix: String) -> String {
        "\(prefix)_" + Alphanumerics.random(randomLength)
    }
}

/// Makes the value of `x-request-id`: `req_` and 32 random letters and digits.
package enum RequestID {
    private static let randomLength = 32

    package static func random() -> String {
        "req_" + Alphanumerics.random(randomLength)
    }
}
