/// Comparisons of protocol words, byte by byte.
///
/// Swift's own `==`, `lowercased()` and searches for a `Character` normalise or cut into grapheme clusters first. Both are
/// quadratic in a run of combining marks, and a client may send 32 KB of them before any key is checked.
extension StringProtocol {
    /// Whether both texts have the same bytes, letters of ASCII in either case. Linear in the shorter text.
    ///
    /// "KEEP-ALIVE".matchesWord("keep-alive")  // true
    func matchesWord(_ word: some StringProtocol) -> Bool {
        utf8.elementsEqual(word.utf8) { $0.lowercasedASCII == $1.lowercasedASCII }
    }
}

extension Substring.UTF8View {
    /// The bytes between the blanks at both ends: spaces and tabs, which HTTP allows around a value.
    func trimmingBlanks() -> Substring.UTF8View {
        var rest = drop(while: \.isBlank)
        while let last = rest.last, last.isBlank { rest = rest.dropLast() }
        return rest
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

    /// The byte, in lower case if it is a letter of ASCII.
    var lowercasedASCII: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}
