import Foundation

/// Reads the files that commands are given beside models, with the system's own reason when it cannot.
enum FileContents {
    /// Bytes taken at a time.
    private static let pieceSize = 1 << 16

    /// The bytes of a file.
    ///
    /// Not `Data(contentsOf:)`: its errors are written for programmers, and it would read a device without end.
    ///
    /// - Parameters:
    ///   - kind: What the file is to the user, such as "settings file".
    ///   - limit: Largest number of bytes.
    /// - Throws: ``CommandFailure`` naming the file and the reason.
    static func of(_ path: String, kind: String, limit: Int) throws -> Data {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, kind, errno) }
        defer { close(descriptor) }
        var data = Data()
        var piece = [UInt8](repeating: 0, count: pieceSize)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path, kind, errno) }
            if count == 0 { return data }
            data.append(contentsOf: piece[..<count])
            guard data.count <= limit else {
                throw CommandFailure("the \(kind) \(path) is larger than \(ByteSize.text(limit))")
            }
        }
    }

    private static func failure(_ path: String, _ kind: String, _ number: Int32) -> CommandFailure {
        CommandFailure("cannot read the \(kind) \(path): \(String(cString: strerror(number)))")
    }
}
