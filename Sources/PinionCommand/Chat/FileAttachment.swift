import Foundation

/// A text file that goes with the next message.
struct FileAttachment: Equatable {
    /// Bytes of a file: more than any context here holds.
    static let maximumSize = 1 << 20

    let name: String
    let text: String

    /// - Throws: ``CommandFailure`` naming the file and the reason.
    init(_ path: String) throws {
        let expanded = (path as NSString).expandingTildeInPath
        let target = URL(fileURLWithPath: expanded).resolvingSymlinksInPath().path
        let kind = try? FileManager.default.attributesOfItem(atPath: target)[.type] as? FileAttributeType
        // A device or pipe would be read without end, or not at all.
        if let kind, kind != .typeRegular { throw CommandFailure("cannot attach \(path): it is no file") }
        let data = try FileContents.of(expanded, kind: "file", limit: Self.maximumSize)
        guard let text = String(validating: data, as: UTF8.self), !data.contains(0) else {
            throw CommandFailure("cannot attach \(path): it is no text in UTF-8")
        }
        guard !text.isEmpty else { throw CommandFailure("cannot attach \(path): it is empty") }
        name = (expanded as NSString).lastPathComponent
        self.text = text
    }

    /// What it is, for the person who attached it.
    var summary: String {
        let lines = text.utf8.count { $0 == 0x0A } + (text.utf8.last == 0x0A ? 0 : 1)
        return "\(name): \(ByteSize.text(text.utf8.count)), \(Count.of(lines, "line"))"
    }

    /// A message with files behind it, each in a fence that nothing in it closes.
    static func message(_ text: String, with files: [FileAttachment]) -> String {
        files.reduce(text) { message, file in
            let fence = String(repeating: "`", count: max(3, file.longestFence + 1))
            let end = file.text.utf8.last == 0x0A ? "" : "\n"
            return message + "\n\nFile \(file.name):\n\(fence)\n\(file.text)\(end)\(fence)"
        }
    }

    private var longestFence: Int {
        var (longest, current) = (0, 0)
        for byte in text.utf8 {
            current = byte == UInt8(ascii: "`") ? current + 1 : 0
            longest = max(longest, current)
        }
        return longest
    }
}
