import Foundation

/// Standard input as bytes.
enum StandardInput {
    /// Bytes of a text, a request or a line.
    static let maximumBytes = 64 << 20
    /// Bytes read at a time.
    private static let pieceSize = 1 << 16

    /// Hands on what comes, until it ends.
    ///
    /// - Throws: ``CommandFailure`` with the system's reason when it cannot be read; what `take` throws.
    static func forEachPiece(_ take: ([UInt8]) throws -> Void) throws {
        var piece = [UInt8](repeating: 0, count: pieceSize)
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
        try forEachPiece { piece in
            bytes.append(contentsOf: piece)
            guard bytes.count <= maximumBytes else {
                throw CommandFailure("the \(kind) on standard input is larger than \(ByteSize.text(maximumBytes))")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure("the \(kind) on standard input is not UTF-8")
        }
        return text
    }
}
