import Foundation
import PinionTerminal

/// What the commands print: results on standard output, everything about their progress on standard error.
enum Console {
    /// Writes at once, also into a pipe: a script waits for the line that says where the server listens.
    static func line(_ text: String = "") {
        write(text, to: STDOUT_FILENO)
    }

    /// Writes a text without a line end of its own.
    static func text(_ text: String) {
        self.text(Array(text.utf8))
    }

    /// Writes UTF-8 as it is.
    static func text(_ bytes: [UInt8]) {
        write(bytes, to: STDOUT_FILENO)
    }

    static func notice(_ text: String) {
        remark("pinion: \(text)")
    }

    /// Writes a line to standard error as it is.
    static func remark(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    /// Writes to standard error without a line end.
    static func errorText(_ text: String) {
        write(Array(text.utf8), to: STDERR_FILENO)
    }

    /// Reports an error as one line, whatever its text holds.
    static func failure(_ error: any Error) {
        // Foundation describes its errors to programmers, and to people only when asked.
        let text = error is CocoaError ? error.localizedDescription : String(describing: error)
        let lines = text.split(whereSeparator: \.isNewline)
        // A message may repeat a template's, a server's or a file's own words.
        notice(TerminalText.line(lines.joined(separator: "; ")))
    }

    private static func write(_ line: String, to descriptor: Int32) {
        write(Array((line + "\n").utf8), to: descriptor)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // A closed output has nobody left to be told about it.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// A failure of a command that no module's own error describes.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
