import OpenAIAPI

/// Why a request is not let in.
extension APIError {
    /// Seconds after which a client may send its body again: about the time in which others have sent theirs.
    private static let bodyRetrySeconds = 2

    /// So many bodies are on their way already that this one has no room.
    static let noRoomForBody = overloaded(retryAfter: bodyRetrySeconds)
}
