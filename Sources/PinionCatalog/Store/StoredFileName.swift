/// A file's name in a repository, checked to lead nowhere but into the folder it is joined to.
///
/// Hubs send names; what they send decides where this program writes. *Therefore* every name passes through here, and
/// nothing is repaired: a name that is wrong is refused, because a repaired one could be that of another file.
package struct StoredFileName: Sendable, Hashable {
    /// Bytes of a whole name, and of one part, as file systems have it.
    static let maximumLength = 1_024
    static let maximumPartLength = 255
    /// Folders and the file.
    static let maximumParts = 8
    /// Endings of the files that the store itself writes beside a model's files.
    static let reservedEndings = [".part", ".part.map"]

    package let text: String

    /// - Throws: `hostileName` with the reason.
    package init(_ text: String) throws(CatalogError) {
        if let reason = Self.fault(in: text) {
            throw CatalogError(.hostileName, "the file name \(FileWords.quoted(text)) is refused: \(reason)")
        }
        self.text = text
    }

    private static func fault(in text: String) -> String? {
        guard (1...maximumLength).contains(text.utf8.count) else { return "it has not 1 to \(maximumLength) bytes" }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return "it holds control characters" }
        guard !text.utf8.contains(UInt8(ascii: "\\")) else { return "it holds a backslash" }
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= maximumParts else { return "it lies deeper than \(maximumParts) folders" }
        for part in parts {
            if part.isEmpty { return "it is absolute, or has an empty part" }
            // `.` and `..` are among them.
            if part.first == UInt8(ascii: ".") { return "a part of it begins with a dot" }
            if part.count > maximumPartLength { return "a part of it is longer than \(maximumPartLength) bytes" }
        }
        return reservedEndings.contains { text.hasSuffix($0) } ? "it ends like a file of this program's own" : nil
    }
}

/// Writes what came from outside so that a message stays one short line.
enum FileWords {
    /// Bytes of a text that a message repeats.
    static let maximumLength = 120

    /// The text in quotes, cut, with its control characters visible.
    static func quoted(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            guard shown.utf8.count < maximumLength else { return "'\(shown)…'" }
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            shown += isControl ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return "'\(shown)'"
    }
}
