/// A change of text scalar by scalar.
enum ScalarMap: Sendable {
    case lowercase, stripAccents, cleanText, spaceIdeographs, filterControls

    /// The changed text, or nil if it is the text itself.
    ///
    /// - Throws: What `meter` ends the work with.
    func applied(
        to text: UnsafeBufferPointer<UInt8>, meter: EncodingMeter
    ) throws(TokenizerError) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var position = 0
        var counted = 0
        while position < text.count {
            let byte = text[position]
            if byte < 0x80 {
                append(ascii: byte, to: &result)
                position += 1
            } else {
                var end = position + 1
                while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
                let part = UnsafeBufferPointer(rebasing: text[position..<end])
                if let scalar = String(decoding: part, as: UTF8.self).unicodeScalars.first {
                    append(scalar, part, to: &result)
                }
                position = end
            }
            if position - counted >= EncodingMeter.stride {
                try meter.count(position - counted)
                counted = position
            }
        }
        return result.elementsEqual(text) ? nil : result
    }

    private func append(ascii byte: UInt8, to result: inout [UInt8]) {
        switch self {
        case .lowercase: result.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
        case .stripAccents, .spaceIdeographs: result.append(byte)
        case .cleanText:
            switch byte {
            case 0x09, 0x0A, 0x0D, 0x20: result.append(0x20)
            case 0x00..<0x20, 0x7F: break
            default: result.append(byte)
            }
        case .filterControls:
            switch byte {
            case 0x09, 0x0A, 0x0C, 0x0D: result.append(0x20)
            case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F: break
            default: result.append(byte)
            }
        }
    }

    /// - Parameter bytes: the scalar in UTF-8.
    private func append(_ scalar: Unicode.Scalar, _ bytes: UnsafeBufferPointer<UInt8>, to result: inout [UInt8]) {
        switch self {
        case .lowercase: result += scalar.properties.lowercaseMapping.utf8
        case .stripAccents:
            if scalar.properties.generalCategory != .nonspacingMark { result += bytes }
        case .cleanText:
            // U+0085 is both, and goes as a control character.
            guard scalar != "\u{FFFD}", !Self.isControl(scalar) else { break }
            if scalar.properties.isWhitespace { result.append(0x20) } else { result += bytes }
        case .spaceIdeographs:
            if Self.isIdeograph(scalar.value) {
                result.append(0x20)
                result += bytes
                result.append(0x20)
            } else {
                result += bytes
            }
        case .filterControls:
            switch scalar.value {
            case 0x8F, 0x9F: break
            case 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: result.append(0x20)
            default: result += bytes
            }
        }
    }

    /// The categories that BERT's cleaning drops.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }

    /// BERT's blocks of ideographs; the gap from 2B820 to 2B91F is the reference's own.
    private static func isIdeograph(_ value: UInt32) -> Bool {
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}
