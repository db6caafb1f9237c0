#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A failure of the ledger's files; the message names the file and says what can be done.
package struct LedgerError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// A file cannot be made, read or written.
        case unavailable
        /// The disk has no room for the journal.
        case diskFull
        /// Another process owns the ledger.
        case owned
        /// The file is none of this program's, or of a newer version.
        case damaged
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        (self.code, self.message) = (code, message)
    }

    package var description: String { message }

    /// What the system's last failure, or the given one, means for a file.
    static func system(_ action: String, _ path: String, _ number: Int32 = errno) -> LedgerError {
        let reason = String(cString: strerror(number))
        return LedgerError(number == ENOSPC ? .diskFull : .unavailable, "cannot \(action) \(path): \(reason)")
    }
}
