/// A failure of the store; the message names the file and says what can be done.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The database file or its directory cannot be created, opened or written.
        case unavailable
        /// The file is not a database of this program, or its contents are damaged.
        case damaged
        /// A newer version of the program wrote the file.
        case newerSchema
        /// Another process held the database for longer than the busy timeout.
        case busy
        case diskFull
        /// No key, owner, policy or model answers to the given name.
        case notFound
        /// A prefix stands for more than one key.
        case ambiguous
        /// A name, a limit or another given value cannot be used.
        case invalidValue
        /// An owner or a policy cannot be removed, because keys have it.
        case inUse
        /// The task that asked was cancelled.
        case cancelled
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
