/// What `--alias` gives: a name that clients may use, and the model that it stands for.
struct ModelAlias: Equatable, Sendable {
    let name: String
    /// An id, or a bare name that means one version.
    let model: String

    /// Reads `NAME=ID`.
    ///
    /// - Throws: ``CommandFailure`` for a text without either.
    init(_ text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw CommandFailure("--alias \(text): expected NAME=ID, such as claude-local=smollm2/135m-instruct")
        }
        (name, model) = (String(parts[0]), String(parts[1]))
    }
}
