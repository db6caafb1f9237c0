/// What the steps of a pre-tokenizer ask of a text, apart from its patterns.
enum TextCuts {
    /// The first place of a text at or after `start`.
    static func find(_ text: [UInt8], in piece: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? {
        var position = start
        while position + text.count <= piece.count {
            if piece[position] == text[0], piece[position..<position + text.count].elementsEqual(text) {
                return position..<position + text.count
            }
            position += 1
        }
        return nil
    }

    /// A piece with its spaces replaced, and with one more before it unless it begins with one.
    static func metaspaced(
        _ piece: UnsafeBufferPointer<UInt8>, _ replacement: [UInt8], prepends: Bool
    ) -> [UInt8] {
        var changed: [UInt8] = []
        changed.reserveCapacity(piece.count + replacement.count * 2)
        if prepends, piece[0] != 0x20, !piece.starts(with: replacement) { changed += replacement }
        for byte in piece {
            if byte == 0x20 { changed += replacement } else { changed.append(byte) }
        }
        return changed
    }

    /// The groups of three digits of a run, counted from the right.
    static func digitGroups(of run: Range<Int>, in piece: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        var groups: [Range<Int>] = []
        var left = piece[run].reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
        var start = run.lowerBound
        while left > 0 {
            let count = left % 3 == 0 ? 3 : left % 3
            var end = start
            for _ in 0..<count {
                repeat { end += 1 } while end < run.upperBound && piece[end] & 0xC0 == 0x80
            }
            groups.append(start..<end)
            start = end
            left -= count
        }
        return groups
    }
}
