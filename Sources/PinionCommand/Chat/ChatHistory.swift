import Foundation
import PinionCatalog
import PinionJSON
import PinionTerminal

/// The file of what was sent before, a JSON string a line, readable by its owner only.
///
/// It is a convenience: a file that cannot be read or written is told of once, and the chat goes on.
struct ChatHistory: Sendable {
    /// Bytes of the file, beyond which the oldest lines are left out when it is read next.
    private static let maximumSize = 2 << 20
    private static let limits = JSONLimits(depth: 1, values: 1)

    private let directory: DataDirectory

    init(in directory: DataDirectory) {
        self.directory = directory
    }

    private var path: String { directory.path + "/chat-history" }

    /// What was kept, oldest first; lines that are damaged are left out.
    func read() throws -> [String] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        let data = try FileContents.of(path, kind: "history", limit: 4 * Self.maximumSize)
        let entries = data.split(separator: 0x0A).suffix(InputHistory.maximumCount).compactMap { line -> String? in
            guard case .string(let text)? = try? JSONValue.parse(Array(line), limits: Self.limits) else { return nil }
            return text
        }
        if data.count > Self.maximumSize { try rewrite(entries) }
        return entries
    }

    /// Adds an entry at the end, at once, so that chats in two terminals keep both of theirs.
    func add(_ text: String) throws {
        try directory.create()
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        let line = Self.line(text)
        guard line.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == line.count else {
            throw failure()
        }
    }

    private func rewrite(_ entries: [String]) throws {
        let new = path + ".\(getpid())"
        let descriptor = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        // The newest of them, to half the size, so that it is not written anew each time.
        var kept: [[UInt8]] = []
        var size = 0
        for line in entries.reversed().map(Self.line) {
            size += line.count
            if size > Self.maximumSize / 2 { break }
            kept.append(line)
        }
        let bytes = Array(kept.reversed().joined())
        guard bytes.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == bytes.count,
            rename(new, path) == 0
        else {
            unlink(new)
            throw failure()
        }
    }

    private static func line(_ text: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.string(text)
        writer.raw("\n")
        return writer.bytes
    }

    private func failure() -> CommandFailure {
        CommandFailure("cannot keep the history in \(path): \(String(cString: strerror(errno)))")
    }
}
