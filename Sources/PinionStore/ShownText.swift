/// A text from outside as an error may repeat it: one short line without control characters.
enum ShownText {
    /// Bytes of a text that are repeated.
    private static let maximumBytes = 40

    static func short(_ text: String) -> String {
        let cut = text.utf8.count > maximumBytes
        let bytes = text.utf8.prefix(maximumBytes).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: bytes, as: UTF8.self) + (cut ? "..." : "")
    }
}
