import Foundation
import Testing

/// Compares texts with files of the repository.
///
/// `UPDATE_SNAPSHOTS=1 make test-swift ARGS='--filter PinionCommandTests'` writes the files anew; read the difference before
/// it is committed.
enum Snapshot {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let isUpdating = ProcessInfo.processInfo.environment["UPDATE_SNAPSHOTS"] == "1"

    static func url(_ path: String) -> URL { root.appending(path: path) }

    /// - Parameter path: From the root of the repository.
    static func expect(_ text: String, in path: String) throws {
        if isUpdating { try Data(text.utf8).write(to: url(path)) }
        let kept = try String(contentsOf: url(path), encoding: .utf8)
        #expect(text == kept, "\(path) is not what the program says")
    }
}
