/// Searching and cutting, with Python's rules; cut pieces keep the origins of their scalars.
extension TemplateString {
    /// The first place at or after `start` where `needle` lies wholly before `end`.
    func firstIndex(of needle: [Unicode.Scalar], from start: Int = 0, to end: Int? = nil) -> Int? {
        let end = end ?? count
        let length = needle.count
        guard start >= 0, end <= count, start <= end, length <= end - start else { return nil }
        guard length > 0 else { return start }
        return scalars.withUnsafeBufferPointer { text in
            needle.withUnsafeBufferPointer { needle in
                length <= 8
                    ? Self.scan(text, needle, from: start, to: end)
                    : Self.searchLinear(text, needle, from: start, to: end)
            }
        }
    }

    private static func scan(
        _ text: UnsafeBufferPointer<Unicode.Scalar>, _ needle: UnsafeBufferPointer<Unicode.Scalar>, from start: Int,
        to end: Int
    ) -> Int? {
        let length = needle.count
        let first = needle[0]
        var position = start
        while position <= end - length {
            if text[position] == first {
                var offset = 1
                while offset < length, text[position + offset] == needle[offset] { offset += 1 }
                if offset == length { return position }
            }
            position += 1
        }
        return nil
    }

    /// Knuth-Morris-Pratt: both texts may be the request's, and a plain scan would be quadratic in them.
    private static func searchLinear(
        _ text: UnsafeBufferPointer<Unicode.Scalar>, _ needle: UnsafeBufferPointer<Unicode.Scalar>, from start: Int,
        to end: Int
    ) -> Int? {
        let length = needle.count
        var borders = [Int](repeating: 0, count: length)
        var border = 0
        for index in 1..<length {
            while border > 0, needle[index] != needle[border] { border = borders[border - 1] }
            if needle[index] == needle[border] { border += 1 }
            borders[index] = border
        }
        var matched = 0
        for position in start..<end {
            while matched > 0, text[position] != needle[matched] { matched = borders[matched - 1] }
            if text[position] == needle[matched] { matched += 1 }
            if matched == length { return position - length + 1 }
        }
        return nil
    }

    /// The last place at or after `start` where `needle` lies wholly before `end`.
    func lastIndex(of needle: [Unicode.Scalar], from start: Int = 0, to end: Int? = nil) -> Int? {
        let end = end ?? count
        guard start >= 0, end <= count, start <= end, needle.count <= end - start else { return nil }
        let mirrored = TemplateString(scalars: scalars[start..<end].reversed(), origin: .template)
        return mirrored.firstIndex(of: needle.reversed()).map { end - $0 - needle.count }
    }

    func matches(_ needle: [Unicode.Scalar], at position: Int) -> Bool {
        guard position >= 0, needle.count <= count - position else { return false }
        var offset = 0
        while offset < needle.count {
            if scalars[position + offset] != needle[offset] { return false }
            offset += 1
        }
        return true
    }

    func hasPrefix(_ needle: TemplateString) -> Bool { matches(needle.scalars, at: 0) }

    func hasSuffix(_ needle: TemplateString) -> Bool { matches(needle.scalars, at: count - needle.count) }

    /// The starts of the first `limit` non-overlapping occurrences of a needle that is not empty.
    func occurrences(of needle: [Unicode.Scalar], limit: Int = .max) -> [Int] {
        var found: [Int] = []
        var position = 0
        while found.count < limit, let index = firstIndex(of: needle, from: position) {
            found.append(index)
            position = index + needle.count
        }
        return found
    }

    /// The starts, ascending, of the last `limit` non-overlapping occurrences, found from the end.
    func occurrencesFromEnd(of needle: [Unicode.Scalar], limit: Int = .max) -> [Int] {
        let mirrored = TemplateString(scalars: scalars.reversed(), origin: .template)
        return mirrored.occurrences(of: needle.reversed(), limit: limit).reversed().map { count - $0 - needle.count }
    }

    /// Without the leading and trailing scalars that `isStripped` accepts.
    func stripped(leading: Bool, trailing: Bool, _ isStripped: (Unicode.Scalar) -> Bool) -> TemplateString {
        var lower = 0
        var upper = count
        if leading { while lower < upper, isStripped(scalars[lower]) { lower += 1 } }
        if trailing { while upper > lower, isStripped(scalars[upper - 1]) { upper -= 1 } }
        return slice(lower..<upper)
    }

    /// Lines as Python's `splitlines` cuts them.
    func lines(keepingEnds: Bool = false) -> [TemplateString] {
        var lines: [TemplateString] = []
        var start = 0
        var index = 0
        while index < count {
            guard scalars[index].endsPythonLine else {
                index += 1
                continue
            }
            let isPair = scalars[index] == "\r" && index + 1 < count && scalars[index + 1] == "\n"
            let next = index + (isPair ? 2 : 1)
            lines.append(slice(start..<(keepingEnds ? next : index)))
            start = next
            index = next
        }
        if start < count { lines.append(slice(start..<count)) }
        return lines
    }
}

extension Unicode.Scalar {
    /// Python's `str.isspace` for one scalar.
    var isPythonSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    var endsPythonLine: Bool {
        switch value {
        case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    var isASCIIDigit: Bool { value >= 0x30 && value <= 0x39 }
}
