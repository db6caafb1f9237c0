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
        /// No key answers to the given identifier or prefix.
        case notFound
        /// A prefix stands for more than one key.
        case ambiguous
        /// A key's name or a given secret cannot be used.
        case invalidValue
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
