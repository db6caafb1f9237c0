/// Writes JSON on one line into a byte buffer.
///
/// The caller writes the punctuation, which keeps the key order of every reply in sight; `Codable` would cost a
/// container per object on a path that runs once per token.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 512) {
        bytes.reserveCapacity(capacity)
    }

    package init(_ start: [UInt8]) {
        bytes = start
    }

    /// Text that is JSON already.
    package mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func raw(_ json: [UInt8]) {
        bytes.append(contentsOf: json)
    }

    package mutating func raw(_ byte: UInt8) {
        bytes.append(byte)
    }

    /// What was written, and nothing from then on.
    package mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    package mutating func integer(_ value: some BinaryInteger) {
        bytes.append(contentsOf: String(value).utf8)
    }

    /// The shortest decimal that reads back as the same double.
    ///
    /// - Precondition: `value` is finite.
    package mutating func decimal(_ value: Double) {
        precondition(value.isFinite, "JSON has no spelling for \(value)")
        bytes.append(contentsOf: value.description.utf8)
    }

    package mutating func stringOrNull(_ value: String?) {
        if let value { string(value) } else { raw("null") }
    }

    /// A string with its quotes: escapes what RFC 8259 asks for, leaves all else as UTF-8.
    package mutating func string(_ value: String) {
        var value = value
        bytes.append(UInt8(ascii: "\""))
        value.withUTF8 { text in
            var start = 0
            for index in 0..<text.count where Self.needsEscape(text[index]) {
                bytes.append(contentsOf: text[start..<index])
                escape(text[index])
                start = index + 1
            }
            bytes.append(contentsOf: text[start...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A part of a string, escaped as ``string(_:)`` does it; the caller writes the quotes.
    package mutating func inside(_ text: some Sequence<UInt8>) {
        for byte in text {
            if Self.needsEscape(byte) { escape(byte) } else { bytes.append(byte) }
        }
    }

    package mutating func list<Element>(_ elements: [Element], _ write: (inout JSONWriter, Element) -> Void) {
        for (index, element) in elements.enumerated() {
            if index > 0 { raw(",") }
            write(&self, element)
        }
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): raw(#"\""#)
        case UInt8(ascii: "\\"): raw(#"\\"#)
        case 0x08: raw(#"\b"#)
        case 0x09: raw(#"\t"#)
        case 0x0A: raw(#"\n"#)
        case 0x0C: raw(#"\f"#)
        case 0x0D: raw(#"\r"#)
        default:
            let digits = Array("0123456789abcdef".utf8)
            raw(#"\u00"#)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        }
    }
}
