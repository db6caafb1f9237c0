/// A character by its name or number: `&amp;`, `&#38;`, `&#x26;`.
enum CharacterReference {
    /// What stands at a place.
    enum Reading {
        /// The character, and where what follows the semicolon begins.
        case found(String, end: Int)
        /// The bytes end before the reference does.
        case incomplete
        /// It is no reference.
        case none
    }

    /// Bytes of a reference, from `&` to `;`.
    private static let longest = 12
    private static let names = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{A0}", "copy": "©", "hellip": "…",
        "mdash": "—", "ndash": "–",
    ]

    /// Reads a reference.
    ///
    /// - Parameter start: The place of the `&`.
    static func read(_ bytes: [UInt8], from start: Int) -> Reading {
        let window = bytes[start..<min(bytes.count, start + longest)]
        guard let end = window.firstIndex(of: UInt8(ascii: ";")) else {
            let isOpen = window.dropFirst().allSatisfy { isNameByte($0) || $0 == UInt8(ascii: "#") }
            return isOpen && window.endIndex == bytes.count && window.count < longest ? .incomplete : .none
        }
        let name = String(decoding: bytes[start + 1..<end], as: UTF8.self)
        if let known = names[name] { return .found(known, end: end + 1) }
        guard name.hasPrefix("#"), let scalar = scalar(name.dropFirst()) else { return .none }
        // A control by its number is no less of a control.
        return .found(
            TerminalText.isHidden(scalar) ? TerminalText.spelling(scalar) : String(scalar), end: end + 1)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func scalar(_ digits: Substring) -> Unicode.Scalar? {
        let isHexadecimal = digits.first == "x" || digits.first == "X"
        let value = isHexadecimal ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return value.flatMap { $0 == 0 ? "\u{FFFD}" : Unicode.Scalar($0) }
    }
}
