/// A failure below the models: a file that cannot be read or trusted, or memory that cannot be had.
package struct TensorError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The file cannot be opened, read or mapped.
        case unreadableFile
        /// The file is not of the format it should be, or contradicts itself.
        case malformedFile
        /// The file is sound but uses something this build does not support.
        case unsupported
        /// A tensor or metadata value that the model needs is missing or has another type or shape.
        case missing
        /// Memory could not be allocated.
        case outOfMemory
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
