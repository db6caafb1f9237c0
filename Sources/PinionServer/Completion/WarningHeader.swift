import PinionJSON
package import TextGeneration

/// The value of `x-pinion-warnings`: what a reply does not honour in full, as a JSON list in ASCII.
///
///     [{"keyword":"format","pointer":"/properties/id/format","message":"the format 'isbn' is not known"}]
///
/// JSON, not a list of structured fields (RFC 9651): every client has a reader of it, and pointers hold any character.
package enum WarningHeader {
    /// Longest value in bytes: proxies refuse replies whose head is larger than 4 to 8 KiB.
    package static let maximumLength = 2_048
    /// Room for the entry that counts what is left out.
    private static let roomForRest = 80

    /// - Returns: nil without warnings. Those beyond ``maximumLength`` are counted by a last entry, whose `keyword` and
    ///   `pointer` are null.
    package static func value(_ warnings: [GenerationWarning]) -> String? {
        guard !warnings.isEmpty else { return nil }
        var text = "["
        var left = warnings.count
        for warning in warnings {
            let entry = Self.entry(warning.keyword, warning.pointer, warning.message)
            let isLast = left == 1
            guard text.utf8.count + entry.utf8.count + (isLast ? 2 : roomForRest) <= maximumLength else { break }
            if text.utf8.count > 1 { text += "," }
            text += entry
            left -= 1
        }
        if left > 0 {
            if text.utf8.count > 1 { text += "," }
            text += entry(nil, nil, left == 1 ? "1 more" : "\(left) more")
        }
        return text + "]"
    }

    private static func entry(_ keyword: String?, _ pointer: String?, _ message: String) -> String {
        var writer = JSONWriter()
        writer.raw(#"{"keyword":"#)
        writer.stringOrNull(keyword)
        writer.raw(#","pointer":"#)
        writer.stringOrNull(pointer)
        writer.raw(#","message":"#)
        writer.string(message)
        writer.raw("}")
        return ascii(writer.bytes)
    }

    /// JSON whose strings have escapes for everything that is not printable ASCII: a header field holds nothing else.
    private static func ascii(_ json: [UInt8]) -> String {
        var text = ""
        for unit in String(decoding: json, as: UTF8.self).utf16 {
            if (0x20...0x7E).contains(unit) {
                text.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            } else {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return text
    }
}
