/// A name in a model file (a metadata key, a tensor, an architecture), compared and hashed by its UTF-8 bytes.
///
/// `String` compares by canonical equivalence, which takes quadratic time on long runs of combining marks; a file may
/// hold thousands of names made of them. The cost here is linear.
package struct FileWord: Sendable, Hashable, ExpressibleByStringLiteral {
    /// Scalars that a message shows of a name, far above any real one's.
    private static let maximumShown = 128

    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package init(stringLiteral text: String) {
        self.text = text
    }

    package static func == (left: FileWord, right: FileWord) -> Bool {
        left.text.utf8.count == right.text.utf8.count && left.text.utf8.elementsEqual(right.text.utf8)
    }

    /// The text as a message may repeat it: not too long, and without control characters.
    package var shown: String {
        text.unicodeScalars.prefix(Self.maximumShown).map { $0.escaped(asASCII: false) }.joined()
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
