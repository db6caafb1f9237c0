import Crypto
import Foundation

/// The files of a data directory that a backup holds.
enum StoreFiles {
    static let keys = "pinion.db"
    static let usage = "usage.db"
    static let seal = "seal.key"
    /// Bytes of the key that seals reasoning.
    static let sealLength = 32
    static let databases = [keys, usage]
    static let all = [keys, usage, seal]
    /// What lies beside a database, and SQLite would lay over another one of the same name.
    static let sideFiles = databases.flatMap { name in
        ["-journal", "-wal", "-shm", UsageEpoch.noteSuffix].map { name + $0 }
    }

    static let manifest = "manifest.json"
    private static let pieceSize = 1 << 20

    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Makes a directory that is not there yet, readable by its owner only.
    static func makeDirectory(_ path: String) throws(StoreError) {
        guard mkdir(path, 0o700) == 0 else {
            if errno == EEXIST {
                throw StoreError(.invalidValue, "\(path) is there already; give a path that is not")
            }
            throw failure("create the directory", path)
        }
    }

    /// Copies a file into a new one that only its owner may read, and has it written to the disk.
    ///
    /// - Returns: Its size, and its SHA-256 in hexadecimal digits.
    static func copy(_ source: String, to target: String) throws(StoreError) -> (bytes: Int, digest: String) {
        let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw failure("create", target) }
        defer { close(output) }
        let read = try readPieces(of: source) { piece throws(StoreError) in
            var rest = piece
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw failure("write", target) }
                rest = rest.dropFirst(count)
            }
        }
        guard fsync(output) == 0 else { throw failure("write", target) }
        return read
    }

    /// - Returns: A file's size, and its SHA-256 in hexadecimal digits.
    static func digest(of path: String) throws(StoreError) -> (bytes: Int, digest: String) {
        try readPieces(of: path) { _ in }
    }

    /// Has the system write a file's contents or a directory's names to the disk.
    static func flush(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("write", path) }
    }

    static func move(_ source: String, to target: String) throws(StoreError) {
        guard rename(source, target) == 0 else { throw failure("move \(source) to", target) }
    }

    /// A file's contents, of which there may be `maximum` bytes.
    static func contents(of path: String, maximum: Int) throws(StoreError) -> [UInt8] {
        let input = try openRegular(path)
        defer { close(input) }
        var contents: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: min(maximum + 1, pieceSize))
        while contents.count <= maximum {
            let count = read(input, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", path) }
            if count == 0 { return contents }
            contents += piece[..<count]
        }
        throw StoreError(.damaged, "\(path) has more than \(maximum) bytes")
    }

    /// Opens a regular file to read it.
    ///
    /// A backup may have been on a disk of others: a link could lead to a file that only this user may read, and a pipe would
    /// wait for its writer for ever.
    private static func openRegular(_ path: String) throws(StoreError) -> Int32 {
        let input = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard input >= 0 else {
            // What the system says of a link that it was told not to follow, and of a socket.
            if errno == ELOOP || errno == ENXIO { throw irregular(path) }
            throw failure("open", path)
        }
        var status = stat()
        guard fstat(input, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(input)
            throw irregular(path)
        }
        return input
    }

    private static func irregular(_ path: String) -> StoreError {
        StoreError(.damaged, "\(path) is not a regular file")
    }

    private static func readPieces(
        of path: String, _ take: (ArraySlice<UInt8>) throws(StoreError) -> Void
    ) throws(StoreError) -> (bytes: Int, digest: String) {
        let input = try openRegular(path)
        defer { close(input) }
        var hash = SHA256()
        var size = 0
        var piece = [UInt8](repeating: 0, count: pieceSize)
        while true {
            let count = read(input, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", path) }
            if count == 0 { break }
            hash.update(data: piece[..<count])
            size += count
            try take(piece[..<count])
        }
        return (size, hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
    }

    private static func failure(_ action: String, _ path: String) -> StoreError {
        let number = errno
        return StoreError(
            number == ENOSPC ? .diskFull : .unavailable,
            "cannot \(action) \(path): \(String(cString: strerror(number)))")
    }
}
