/// Makes the `id` of a completion: `chatcmpl-` and 29 random letters and digits.
package enum CompletionID {
    private static let randomLength = 29

    package static func random() -> String {
        "chatcmpl-" + randomAlphanumerics(randomLength)
    }
}

/// Makes the value of `x-request-id`: `req_` and 32 random letters and digits.
package enum RequestID {
    private static let randomLength = 32

    package static func random() -> String {
        "req_" + randomAlphanumerics(randomLength)
    }
}

private let alphanumerics = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

/// Letters and digits from the system's generator, so that an id cannot be guessed from another.
private func randomAlphanumerics(_ length: Int) -> String {
    var generator = SystemRandomNumberGenerator()
    return String(unsafeUninitializedCapacity: length) { buffer in
        for index in 0..<length {
            buffer.initializeElement(
                at: index, to: alphanumerics[Int.random(in: 0..<alphanumerics.count, using: &generator)])
        }
        return length
    }
}
