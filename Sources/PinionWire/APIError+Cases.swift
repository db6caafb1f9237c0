import PinionJSON

extension APIError {
    /// The rate a key has used up, spelled as the error's `type`.
    package enum Rate: String, Sendable {
        case requests, tokens
    }

    /// The text as it may be repeated in an error, so that a reply never mirrors a huge body.
    package static func quoted(_ text: String) -> String { JSONValue.quoted(text) }

    private static func invalidRequest(
        _ status: Int = 400, _ message: String, code: String?, param: String?
    ) -> APIError {
        APIError(
            status: status, message: message, type: "invalid_request_error", code: code, param: param.map(quoted))
    }
}

// MARK: - Keys, models, routes

extension APIError {
    package static var missingKey: APIError {
        invalidRequest(
            401,
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer "
                + "auth (i.e. Authorization: Bearer YOUR_KEY).",
            code: nil, param: nil)
    }

    /// One wording for wrong and revoked keys; the key is never repeated.
    package static var invalidKey: APIError {
        invalidRequest(401, "Incorrect API key provided.", code: "invalid_api_key", param: nil)
    }

    /// Most names that a message lists.
    static let maximumListLength = 8

    /// - Parameters:
    ///   - served: the ids of the models that there are, of which the message names ``maximumListLength``.
    ///   - isVersionMissing: whether `model` names a model without saying which of the versions in `served` is meant.
    package static func modelNotFound(
        _ model: String, served: [String] = [], isVersionMissing: Bool = false
    ) -> APIError {
        var message = "The model `\(quoted(model))` does not exist or you do not have access to it."
        if !served.isEmpty {
            let introduction = isVersionMissing ? "Name one of its versions" : "The models of this server are"
            message += " \(introduction): \(abridged(served.map { "`\(quoted($0))`" }))."
        }
        return invalidRequest(404, message, code: "model_not_found", param: nil)
    }

    /// The first names, and how many more there are.
    private static func abridged(_ names: [String]) -> String {
        let more = names.count - maximumListLength
        return names.prefix(maximumListLength).joined(separator: ", ") + (more > 0 ? ", and \(more) more" : "")
    }

    package static func methodNotSupported(method: String, path: String, allow: [String]) -> APIError {
        var error = invalidRequest(
            405, "Not allowed to \(quoted(method)) on \(quoted(path)). Allowed: \(allow.joined(separator: ", ")).",
            code: "method_not_supported", param: nil)
        error.allow = allow
        return error
    }

    /// - Parameter routes: the routes that there are, each as method and path.
    package static func unknownRoute(method: String, path: String, routes: [String] = []) -> APIError {
        let known = routes.isEmpty ? "" : ". The routes of this server are: \(routes.joined(separator: ", "))."
        return invalidRequest(
            404, "Invalid URL (\(quoted(method)) \(quoted(path)))\(known)", code: nil, param: nil)
    }

    /// - Parameter limit: the largest body the server takes, in bytes.
    package static func bodyTooLarge(limit: Int) -> APIError {
        invalidRequest(413, "The request body is larger than the limit of \(limit) bytes.", code: nil, param: nil)
    }
}

// MARK: - The body

extension APIError {
    /// - Parameter detail: what was found and where, as a clause without a full stop.
    package static func bodyNotJSON(_ detail: String) -> APIError {
        invalidRequest(400, "We could not parse the JSON body of your request: \(detail).", code: nil, param: nil)
    }

    package static func missingParameter(_ path: String) -> APIError {
        invalidRequest(
            400, "Missing required parameter: '\(quoted(path))'.", code: "missing_required_parameter", param: path)
    }

    /// - Parameter spelling: what the parameter is called here, when other engines call it by this name.
    package static func unknownParameter(_ path: String, spelling: String? = nil) -> APIError {
        let advice = spelling.map { " Did you mean '\($0)'?" } ?? ""
        return invalidRequest(
            400, "Unknown parameter: '\(quoted(path))'.\(advice)", code: "unknown_parameter", param: path)
    }

    /// - Parameters:
    ///   - path: the field, or nil for the body itself.
    ///   - expected: a noun with its article, such as `a decimal`.
    ///   - got: likewise, such as `a string`.
    package static func invalidType(_ path: String?, expected: String, got: String) -> APIError {
        let subject = path.map { "'\(quoted($0))'" } ?? "the request body"
        return invalidRequest(
            400, "Invalid type for \(subject): expected \(expected), but got \(got) instead.", code: "invalid_type",
            param: path)
    }

    /// A value outside a closed list of strings.
    package static func invalidValue(_ path: String, got: String, supported: [String]) -> APIError {
        invalidRequest(
            400, "Invalid value: '\(quoted(got))'. Supported values are: \(list(supported)).", code: "invalid_value",
            param: path)
    }

    /// - Parameter reason: full sentences.
    package static func invalidValue(_ path: String, _ reason: String) -> APIError {
        invalidRequest(400, "Invalid '\(quoted(path))': \(reason)", code: "invalid_value", param: path)
    }

    /// A list in which something has to stand.
    package static func emptyArray(_ path: String) -> APIError {
        invalidValue(path, "empty array. Expected an array with minimum length 1, but got an empty array instead.")
    }

    /// - Parameter most: How many elements the list may have.
    package static func arrayTooLong(_ path: String, most: Int, got: Int) -> APIError {
        invalidValue(
            path,
            "array too long. Expected an array with maximum length \(most), but got an array with length \(got) instead."
        )
    }

    package static func emptyString(_ path: String) -> APIError {
        invalidValue(path, "empty string. Expected a string with minimum length 1, but got an empty string instead.")
    }

    /// A value that OpenAI knows and this server cannot honour.
    ///
    /// - Parameter reason: full sentences.
    package static func unsupportedValue(_ path: String, got: String, _ reason: String) -> APIError {
        invalidRequest(
            400, "Unsupported value: '\(quoted(path))' does not support \(quoted(got)) with this server. \(reason)",
            code: "unsupported_value", param: path)
    }

    /// The model has no chat template, and its control tokens belong to no known format.
    ///
    /// - Parameter path: The field that holds the messages.
    package static func noChatTemplate(_ path: String) -> APIError {
        invalidRequest(
            400,
            "This model has no chat template, so its messages cannot be made a prompt. The server's operator can name "
                + "one with --chat-template FILE.", code: "no_chat_template", param: path)
    }

    /// A field that OpenAI knows and this server cannot honour.
    ///
    /// - Parameter reason: full sentences.
    package static func unsupportedParameter(_ path: String, _ reason: String) -> APIError {
        invalidRequest(
            400, "Unsupported parameter: '\(quoted(path))' is not supported with this server. \(reason)",
            code: "unsupported_parameter", param: path)
    }

    /// A field that only means something beside another one.
    package static func onlyAllowed(_ path: String, when condition: String) -> APIError {
        invalidRequest(
            400, "Invalid value for '\(path)': '\(path)' is only allowed when \(condition).", code: "invalid_value",
            param: path)
    }

    private static func list(_ values: [String]) -> String {
        let quoted = values.map { "'\($0)'" }
        guard quoted.count > 1, let last = quoted.last else { return quoted.joined() }
        if quoted.count == 2 { return quoted.joined(separator: " and ") }
        return quoted.dropLast().joined(separator: ", ") + ", and " + last
    }
}

// MARK: - Ranges

extension APIError {
    package static func decimalAboveMaximum(_ path: String, maximum: String, got: String) -> APIError {
        outOfRange(path, "decimal above maximum value", "<= \(maximum)", got, code: "decimal_above_max_value")
    }

    /// - Parameter exclusive: the minimum itself is refused too.
    package static func decimalBelowMinimum(
        _ path: String, minimum: String, exclusive: Bool = false, got: String
    ) -> APIError {
        outOfRange(
            path, "decimal below minimum value", "\(exclusive ? ">" : ">=") \(minimum)", got,
            code: "decimal_below_min_value")
    }

    package static func integerAboveMaximum(_ path: String, maximum: String, got: String) -> APIError {
        outOfRange(path, "integer above maximum value", "<= \(maximum)", got, code: "integer_above_max_value")
    }

    package static func integerBelowMinimum(_ path: String, minimum: String, got: String) -> APIError {
        outOfRange(path, "integer below minimum value", ">= \(minimum)", got, code: "integer_below_min_value")
    }

    private static func outOfRange(
        _ path: String, _ what: String, _ bound: String, _ got: String, code: String
    ) -> APIError {
        invalidRequest(
            400, "Invalid '\(quoted(path))': \(what). Expected a value \(bound), but got \(quoted(got)) instead.",
            code: code, param: path)
    }

    /// - Parameters:
    ///   - limit: the model's context in tokens.
    ///   - prompt: tokens in the rendered messages.
    ///   - isPartialCount: whether the messages have more tokens than that, and were left before their end.
    ///   - requested: tokens asked for the completion, when they are part of what does not fit.
    ///   - path: the field that holds the messages.
    package static func contextLengthExceeded(
        limit: Int, prompt: Int, isPartialCount: Bool = false, requested: Int? = nil, path: String = "messages"
    ) -> APIError {
        let more = isPartialCount ? "more than " : ""
        var message = "This model's maximum context length is \(limit) tokens. However, "
        if let requested {
            let (total, overflow) = prompt.addingReportingOverflow(requested)
            message += "you requested \(more)\(overflow ? Int.max : total) tokens (\(more)\(prompt) in the messages, "
            message += "\(requested) in the completion). Please reduce the length of the messages or completion."
        } else {
            message += "your messages resulted in \(more)\(prompt) tokens. Please reduce the length of the messages."
        }
        return invalidRequest(400, message, code: "context_length_exceeded", param: path)
    }
}

// MARK: - Limits and failures of the server

extension APIError {
    /// - Parameters:
    ///   - message: What is limited, in sentences.
    ///   - retryAfter: Seconds until the request would be let through; nil where it never would be.
    package static func rateLimited(_ rate: Rate, _ message: String, retryAfter: Int?) -> APIError {
        let advice = retryAfter.map { " Please try again in \($0)s." } ?? ""
        return APIError(
            status: 429, message: message + advice, type: rate.rawValue, code: "rate_limit_exceeded",
            retryAfter: retryAfter, shouldRetry: retryAfter == nil ? false : nil)
    }

    /// A budget has no room, which waiting does not change.
    ///
    /// - Parameter message: Which budget, in sentences.
    package static func quotaSpent(_ message: String) -> APIError {
        APIError(
            status: 429, message: message, type: "insufficient_quota", code: "insufficient_quota", shouldRetry: false)
    }

    /// - Parameter retryAfter: seconds.
    package static func overloaded(retryAfter: Int) -> APIError {
        APIError(
            status: 503,
            message: "The server is currently overloaded with other requests. Please try again in \(retryAfter)s.",
            type: "server_error", code: "server_is_overloaded", retryAfter: retryAfter)
    }

    /// The one error for our own faults; what happened goes to the log, never to the caller.
    package static var internalError: APIError {
        APIError(
            status: 500, message: "The server had an error while processing your request. Please try again.",
            type: "server_error", code: "internal_error")
    }
}
