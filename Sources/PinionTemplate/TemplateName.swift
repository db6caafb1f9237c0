import Foundation

/// A name that a chat template uses or is given: of a variable, attribute, filter, test, method or argument. Names are
/// compared and hashed by their UTF-8 bytes.
///
/// `String` compares by canonical equivalence: it sorts every run of combining marks, which takes quadratic time on a
/// long one, and names come from model files and requests. The cost here is linear. As in Jinja2 names that are only
/// canonically equivalent are different names.
package struct TemplateName: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package init(stringLiteral text: String) {
        self.text = text
    }

    init(_ text: TemplateString) {
        self.text = text.text
    }

    /// The name as an error message shows it: a long one only in part.
    package var description: String { TemplateLimits.quoted(text) }

    package static func == (left: TemplateName, right: TemplateName) -> Bool {
        let (left, right) = (left.text.utf8, right.text.utf8)
        // The count comes first because it is at hand, and tells most names apart.
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

extension TemplateLimits {
    /// The beginning of a text, as an error message may repeat it: whole scalars of at most `length` bytes.
    static func quoted(_ text: String, length: Int = quoteLength) -> String {
        let bytes = text.utf8
        guard var end = bytes.index(bytes.startIndex, offsetBy: length, limitedBy: bytes.endIndex),
            end != bytes.endIndex
        else { return text }
        while UTF8.isContinuation(bytes[end]) { end = bytes.index(before: end) }
        return String(text.unicodeScalars[..<end]) + "…"
    }
}
