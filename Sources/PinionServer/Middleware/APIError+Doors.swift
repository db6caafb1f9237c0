import OpenAIAPI

/// Why a request is not let in.
extension APIError {
    static let foreignSite = APIError(
        status: 403,
        message: "This request comes from a page of another site, and this server asks for no API key. Serve the page "
            + "from the address of the server itself, or start the server with API keys.",
        type: "invalid_request_error")

    static let missingContentType = APIError(
        status: 400,
        message: "The request has no Content-Type. A server that asks for no API key takes 'application/json' only; "
            + "set the Content-Type header to it.",
        type: "invalid_request_error")

    /// Seconds after which a client may send its body again: about the time in which others have sent theirs.
    private static let bodyRetrySeconds = 2

    /// So many bodies are on their way already that this one has no room.
    static let noRoomForBody = overloaded(retryAfter: bodyRetrySeconds)
}
