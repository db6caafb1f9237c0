extension Tokenizer {
    /// What became of a text that was tokenized up to a limit.
    package enum Encoding: Sendable, Equatable {
        case tokens([Int32])
        /// The text reaches the limit, and was left before its end: it has more tokens than this.
        case beyond(Int)
    }

    /// The tokens of a text; no begin or end token is added.
    ///
    /// User-defined tokens are always recognised, control tokens only with `parsingSpecialTokens`.
    package func encode(_ text: String, parsingSpecialTokens: Bool = false) -> [Int32] {
        let bytes = Array(text.utf8)
        return encode(bytes, templateRanges: parsingSpecialTokens && !bytes.isEmpty ? [0..<bytes.count] : [])
    }

    /// The tokens of a prompt, where control tokens are recognised only wholly inside of what the template wrote.
    ///
    /// Everything else in the text, look-alikes of control tokens too, is tokenized as ordinary text across the borders of
    /// the ranges.
    ///
    /// - Parameters:
    ///   - text: UTF-8.
    ///   - templateRanges: Bytes of `text` that the template wrote, ascending; neighbours are joined already.
    package func encode(_ text: [UInt8], templateRanges: [Range<Int>]) -> [Int32] {
        do {
            let encoding = try encode(text, templateRanges: templateRanges, limit: .max, meter: EncodingMeter())
            if case .tokens(let tokens) = encoding { return tokens }
            preconditionFailure("a text without a limit was left before its end")
        } catch {
            preconditionFailure("a meter that never stops has stopped: \(error)")
        }
    }

    /// The same for a prompt that has to stay below a number of tokens, in slices of work.
    ///
    /// A text that is certain to reach `limit` is left there, unless its rest is so short that it is counted nonetheless.
    ///
    /// - Throws: What `meter` ends the work with.
    package func encode(
        _ text: [UInt8], templateRanges: [Range<Int>], limit: Int, meter: EncodingMeter
    ) throws(TokenizerError) -> Encoding {
        try text.withUnsafeBufferPointer { text throws(TokenizerError) in
            try encode(text, templates: templateRanges, limit: limit, meter: meter)
        }
    }

    private func encode(
        _ text: UnsafeBufferPointer<UInt8>, templates: [Range<Int>], limit: Int, meter: EncodingMeter
    ) throws(TokenizerError) -> Encoding {
        var encoder = SegmentEncoder(self, text, limit: limit, meter: meter)
        if let count = encoder.countBeyondLimit() { return .beyond(count) }
        guard !literalTokens.isEmpty else {
            return try encoder.append(0..<text.count) ? .tokens(encoder.tokens) : encoder.beyond
        }
        var segmentStart = 0
        var position = 0
        var template = 0
        while position < text.count {
            guard literalTokens.mayBegin(with: text[position]) else {
                position += 1
                continue
            }
            try meter.count(1)
            while template < templates.count, templates[template].upperBound <= position { template += 1 }
            let isTemplate = template < templates.count && templates[template].contains(position)
            let limit = isTemplate ? templates[template].upperBound : position
            switch literalTokens.find(in: text, at: position, floor: segmentStart, controlLimit: limit) {
            case .nothing: position += 1
            case .rejected(let end): position = end
            case .match(let match):
                guard try encoder.append(segmentStart..<match.range.lowerBound) else { return encoder.beyond }
                position = match.range.upperBound
                segmentStart = position
                guard try encoder.append(special: match.token, endingAt: position) else { return encoder.beyond }
            }
        }
        return try encoder.append(segmentStart..<text.count) ? .tokens(encoder.tokens) : encoder.beyond
    }
}
