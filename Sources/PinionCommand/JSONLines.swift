import Foundation
import PinionJSON

/// Standard input as lines of JSON, each answered by a line on standard output before the next is read.
enum JSONLines {
    /// Bytes of a line.
    static let maximumLine = 64 << 20
    static let limits = JSONLimits(depth: 128, values: 4_000_000)
    /// Bytes read at a time.
    private static let pieceSize = 1 << 16

    /// Answers every line that is not empty.
    ///
    /// - Throws: ``CommandFailure`` naming the line that `answer` refused, or that is too long.
    static func forEach(_ answer: ([UInt8]) throws -> String) throws {
        var line: [UInt8] = []
        var number = 1
        func finish() throws {
            defer { line.removeAll(keepingCapacity: true) }
            let isBlank = line.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }
            guard !isBlank else { return }
            do {
                Console.line(try answer(line))
            } catch { throw CommandFailure("line \(number) of standard input: \(error)") }
        }
        try StandardInput.forEachPiece(of: pieceSize) { piece in
            var rest = piece[...]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                line.append(contentsOf: rest[..<end])
                try finish()
                number += 1
                rest = rest[(end + 1)...]
            }
            line.append(contentsOf: rest)
            guard line.count <= maximumLine else {
                throw CommandFailure(
                    "line \(number) of standard input is longer than \(ByteSize.text(maximumLine))")
            }
        }
        try finish()
    }
}

/// Standard input as bytes.
enum StandardInput {
    /// Bytes of a text that is read whole.
    private static let maximumText = 64 << 20
    private static let pieceSize = 1 << 16

    /// Hands on what comes, until it ends.
    ///
    /// - Throws: ``CommandFailure`` with the system's reason when it cannot be read; what `take` throws.
    static func forEachPiece(of size: Int, _ take: ([UInt8]) throws -> Void) throws {
        var piece = [UInt8](repeating: 0, count: size)
        while true {
            let count = read(STDIN_FILENO, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw CommandFailure("cannot read standard input: \(String(cString: strerror(errno)))")
            }
            if count == 0 { return }
            try take(Array(piece[..<count]))
        }
    }

    /// All of it, as UTF-8.
    ///
    /// - Parameter kind: What it is to the user, such as "text".
    static func text(kind: String) throws -> String {
        var bytes: [UInt8] = []
        try forEachPiece(of: pieceSize) { piece in
            bytes.append(contentsOf: piece)
            guard bytes.count <= maximumText else {
                throw CommandFailure("the \(kind) on standard input is larger than \(ByteSize.text(maximumText))")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure("the \(kind) on standard input is not UTF-8")
        }
        return text
    }
}
