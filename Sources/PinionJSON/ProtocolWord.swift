import Foundation

/// A word that a request may hold where the protocol knows a few, compared and hashed by its UTF-8 bytes.
///
/// `String` compares by canonical equivalence: it sorts every run of combining marks, which takes quadratic time on a
/// run that a client made long, and it takes words for equal that no client of the protocol takes so. Every comparison
/// of a client's text with a word of ours, and every table keyed by a client's text, goes through this type; its cost
/// is linear in the text.
///
///     switch ProtocolWord(type) {
///     case "text": ...
///     default: ...
///     }
package struct ProtocolWord: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package init(stringLiteral text: String) {
        self.text = text
    }

    package var description: String { text }

    package static func == (left: ProtocolWord, right: ProtocolWord) -> Bool {
        let (left, right) = (left.text.utf8, right.text.utf8)
        // The count comes first because it is at hand, and tells most words apart.
        guard left.count == right.count else { return false }
        // Whole buffers: the views byte by byte made requests slower to read than `String`'s own equality did.
        let isEqual = left.withContiguousStorageIfAvailable { left in
            right.withContiguousStorageIfAvailable { right in
                guard let first = left.baseAddress, let second = right.baseAddress else { return true }
                return memcmp(first, second, left.count) == 0
            }
        }
        return (isEqual ?? nil) ?? left.elementsEqual(right)
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
