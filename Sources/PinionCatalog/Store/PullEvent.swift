/// What is told while a model is being fetched.
package enum PullEvent: Sendable, Equatable {
    /// A line for the user.
    case note(String)
    /// Bytes that are here of all that are needed.
    case progress(done: Int, total: Int)
}
