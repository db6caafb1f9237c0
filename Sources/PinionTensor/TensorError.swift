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
        self.message = Self.oneLine(message)
    }

    package var description: String { message }

    /// Scalars of a message: a path, some names and the reason.
    private static let maximumLength = 1_000

    /// A message as one line of bounded length, its middle left out where it is longer.
    ///
    /// Names of a file's keys and tensors may hold anything: line ends, escape sequences of a terminal, a megabyte.
    /// They are escaped here and not where messages are made, because one of a hundred such places would be forgotten.
    package static func oneLine(_ message: String) -> String {
        var line = String.UnicodeScalarView()
        for scalar in message.unicodeScalars {
            if isControl(scalar) {
                line += scalar.escaped(asASCII: true).unicodeScalars
            } else {
                line.append(scalar)
            }
        }
        guard line.count > maximumLength else { return String(line) }
        return String(line.prefix(maximumLength / 2)) + " ... " + String(line.suffix(maximumLength / 2))
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
