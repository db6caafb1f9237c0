/// Finds runs of white space in UTF-8 text: the property White_Space.
enum WhiteSpace {
    /// The end of the run that begins at `start`.
    static func end(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var position = start
        while position < text.count {
            let length = length(in: text, at: position)
            if length == 0 { break }
            position += length
        }
        return position
    }

    /// The start of the run that ends at `end`, not before `limit`.
    static func start(in text: UnsafeBufferPointer<UInt8>, before end: Int, from limit: Int) -> Int {
        var position = end
        while position > limit {
            var scalar = position - 1
            while scalar > limit, text[scalar] & 0xC0 == 0x80 { scalar -= 1 }
            guard length(in: text, at: scalar) == position - scalar else { break }
            position = scalar
        }
        return position
    }

    /// Bytes of the white space scalar at `position`, 0 if there is none.
    static func length(in text: UnsafeBufferPointer<UInt8>, at position: Int) -> Int {
        switch text[position] {
        case 0x09...0x0D, 0x20: return 1
        case 0xC2:
            guard position + 1 < text.count else { return 0 }
            return text[position + 1] == 0x85 || text[position + 1] == 0xA0 ? 2 : 0
        case 0xE1, 0xE2, 0xE3:
            guard position + 2 < text.count else { return 0 }
            switch (text[position], text[position + 1], text[position + 2]) {
            case (0xE1, 0x9A, 0x80), (0xE2, 0x80, 0x80...0x8A), (0xE2, 0x80, 0xA8), (0xE2, 0x80, 0xA9),
                (0xE2, 0x80, 0xAF), (0xE2, 0x81, 0x9F), (0xE3, 0x80, 0x80):
                return 3
            default: return 0
            }
        default: return 0
        }
    }
}
