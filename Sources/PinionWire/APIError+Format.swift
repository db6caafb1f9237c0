import PinionJSON

// What a client is told of a schema, pattern or grammar that cannot be enforced.
extension APIError {
    /// Longest JSON pointer that a message repeats, in bytes: long enough for the deepest schema that people write, and
    /// far from mirroring a huge body.
    private static let maximumPointerLength = 512

    /// - Parameters:
    ///   - path: The field that holds the schema, pattern or grammar.
    ///   - pointer: The place in the schema; nil for what is no schema.
    ///   - clause: What is wrong, without a full stop.
    package static func invalidFormat(_ path: String, pointer: String?, _ clause: String) -> APIError {
        let place = pointer.map { " (at \(shown($0)))" } ?? ""
        return .invalidValue(path, "\(clause)\(place).")
    }

    /// A schema, pattern or grammar that is sound, and that this server cannot enforce for every token.
    ///
    /// - Parameter clause: What cannot be enforced, without a full stop.
    package static func unsupportedFormat(_ path: String, pointer: String?, _ clause: String) -> APIError {
        let what = pointer.map { "the schema at \(shown($0))" } ?? "this value"
        return APIError(
            status: 400,
            message: "Unsupported value: '\(path)' does not support \(what) with this server: \(clause).",
            type: "invalid_request_error", code: "unsupported_value", param: path)
    }

    /// A reply that its format lets end nowhere and go on with no token.
    package static func nothingAllowed(_ path: String, _ reason: String) -> APIError {
        APIError(
            status: 400, message: "Invalid '\(path)': \(reason)", type: "invalid_request_error",
            code: "no_token_allowed", param: path)
    }

    /// Two fields that each say what the reply may be.
    package static func contradictoryFormats(_ first: String, _ second: String) -> APIError {
        .invalidValue(second, "'\(first)' and '\(second)' both say what the reply may be. Send one of them.")
    }

    /// A pointer in quotes.
    private static func shown(_ pointer: String) -> String {
        guard !pointer.isEmpty else { return "its root" }
        guard pointer.utf8.count > maximumPointerLength else { return "'\(pointer)'" }
        var end = pointer.unicodeScalars.startIndex
        var length = 0
        while true {
            length += UTF8.width(pointer.unicodeScalars[end])
            guard length <= maximumPointerLength else { break }
            end = pointer.unicodeScalars.index(after: end)
        }
        return "'" + String(pointer.unicodeScalars[..<end]) + "…'"
    }
}
