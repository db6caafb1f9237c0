package import PinionTensor

/// A failure to make a model of its files: an unknown architecture, or a description that does not fit its tensors.
package struct ModelError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The files name an architecture, or a variation of one, that this build does not run.
        case unsupportedArchitecture
        /// Metadata is missing, of the wrong type, or out of range.
        case invalidConfiguration
        /// A tensor is missing, unexpected, or of the wrong shape.
        case invalidTensor
        /// A file that was to be made cannot be written where it was asked for.
        case unwritableFile
        /// The layer below failed; see ``ModelError/cause``.
        case tensor
    }

    package let code: Code
    package let message: String
    package let cause: TensorError?

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = TensorError.oneLine(message)
        cause = nil
    }

    package init(_ cause: TensorError) {
        code = .tensor
        message = cause.message
        self.cause = cause
    }

    package var description: String { message }
}
