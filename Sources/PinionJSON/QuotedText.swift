extension JSONValue {
    /// Longest piece of a text from outside that a message repeats, in bytes: a reply must never mirror a huge body.
    package static let maximumQuoteLength = 80

    /// The text as a message may repeat it: cut at the last scalar that ends within ``maximumQuoteLength``.
    package static func quoted(_ text: String) -> String {
        var end = text.unicodeScalars.startIndex
        var length = 0
        for index in text.unicodeScalars.indices {
            length += UTF8.width(text.unicodeScalars[index])
            if length > maximumQuoteLength { return String(text.unicodeScalars[..<end]) + "…" }
            end = text.unicodeScalars.index(after: index)
        }
        return text
    }
}
