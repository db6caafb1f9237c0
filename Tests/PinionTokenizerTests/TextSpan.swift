import PinionTokenizer

/// A piece of a prompt and who wrote it, as a chat template would tell it by byte ranges.
struct TextSpan {
    enum Origin { case template, request }

    var text: String
    var origin: Origin

    init(_ text: String, origin: Origin) {
        self.text = text
        self.origin = origin
    }

    /// The text of spans, and the ranges of those that the template wrote; neighbours of one origin are one.
    static func joined(_ spans: [TextSpan]) -> (text: [UInt8], templateRanges: [Range<Int>]) {
        var text: [UInt8] = []
        var ranges: [Range<Int>] = []
        for span in spans {
            let start = text.count
            text += span.text.utf8
            guard span.origin == .template, text.count > start else { continue }
            if let last = ranges.last, last.upperBound == start {
                ranges[ranges.count - 1] = last.lowerBound..<text.count
            } else {
                ranges.append(start..<text.count)
            }
        }
        return (text, ranges)
    }
}

extension Tokenizer {
    func encode(_ spans: [TextSpan]) -> [Int32] {
        let (text, ranges) = TextSpan.joined(spans)
        return encode(text, templateRanges: ranges)
    }

    func encode(_ spans: [TextSpan], limit: Int, meter: EncodingMeter) throws(TokenizerError) -> Encoding {
        let (text, ranges) = TextSpan.joined(spans)
        return try encode(text, templateRanges: ranges, limit: limit, meter: meter)
    }
}
