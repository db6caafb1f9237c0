import PinionPattern

extension Tokenizer {
    /// What became of a text that was tokenized up to a limit.
    package enum Encoding: Sendable, Equatable {
        case tokens([Int32])
        /// The text reaches the limit, and was left before its end: it has more tokens than this.
        case beyond(Int)
    }

    /// Units of work after which it is asked anew whether a text can stay below its limit.
    private static let checkedWork = 16 << 10
    /// Bytes at the end of a text that are tokenized although the limit is reached: in a few milliseconds the true number
    /// of tokens is known, which helps its author more than "more than 8192".
    private static let countedBytes = 64 << 10

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
        guard !specials.isEmpty else {
            return try encoder.append(0..<text.count) ? .tokens(encoder.tokens) : encoder.beyond
        }
        var segmentStart = 0
        var position = 0
        var template = 0
        while position < text.count {
            guard specials.mayBegin(with: text[position]) else {
                position += 1
                continue
            }
            try meter.count(1)
            while template < templates.count, templates[template].upperBound <= position { template += 1 }
            let isTemplate = template < templates.count && templates[template].contains(position)
            let limit = isTemplate ? templates[template].upperBound : position
            guard let match = specials.longestMatch(in: text, at: position, controlLimit: limit) else {
                position += 1
                continue
            }
            guard try encoder.append(segmentStart..<position) else { return encoder.beyond }
            guard try encoder.append(special: match.token, endingAt: match.end) else { return encoder.beyond }
            position = match.end
            segmentStart = position
        }
        return try encoder.append(segmentStart..<text.count) ? .tokens(encoder.tokens) : encoder.beyond
    }

    /// Tokenizes stretches of ordinary text, keeping scratch memory and the tokens so far.
    private struct SegmentEncoder {
        private(set) var tokens: [Int32] = []
        private(set) var beyond = Encoding.beyond(0)
        private let tokenizer: Tokenizer
        private let text: UnsafeBufferPointer<UInt8>
        private let weight: Int
        private let limit: Int
        private let meter: EncodingMeter
        private var matcher: PatternMatcher
        private var merger: BytePairMerger
        /// The end of what ``tokens`` stand for in the text; in composed text the furthest that it can be.
        private var consumed = 0
        private var uncounted = 0

        init(_ tokenizer: Tokenizer, _ text: UnsafeBufferPointer<UInt8>, limit: Int, meter: EncodingMeter) {
            self.tokenizer = tokenizer
            self.text = text
            self.limit = limit
            self.meter = meter
            weight = limit == .max ? 0 : tokenizer.bound.weight(of: text)
            matcher = PatternMatcher(tokenizer.preTokenizer.pattern, stepLimit: .max)
            merger = BytePairMerger(tokenizer.merges)
        }

        /// - Returns: Whether to go on; if not, ``beyond`` says why.
        mutating func append(special token: Int32, endingAt end: Int) throws(TokenizerError) -> Bool {
            tokens.append(token)
            return try goesOn(after: 1, consumed: end)
        }

        /// - Returns: Whether to go on; if not, ``beyond`` says why.
        mutating func append(_ segment: Range<Int>) throws(TokenizerError) -> Bool {
            guard !segment.isEmpty else { return true }
            let part = UnsafeBufferPointer(rebasing: text[segment])
            if tokenizer.preTokenizer.composes, let composed = try PreTokenizer.composed(part, meter: meter) {
                return try composed.withUnsafeBufferPointer { composed throws(TokenizerError) in
                    try appendPieces(of: composed, from: segment, shrinkage: TokenBound.composedShrinkage)
                }
            }
            return try appendPieces(of: part, from: segment, shrinkage: 1)
        }

        /// - Parameters:
        ///   - segment: Where in the whole text `part` comes from.
        ///   - shrinkage: Bytes there to one of `part`, at most.
        private mutating func appendPieces(
            of part: UnsafeBufferPointer<UInt8>, from segment: Range<Int>, shrinkage: Int
        ) throws(TokenizerError) -> Bool {
            var start = 0
            while start < part.count {
                let end = PreTokenizer.endOfPiece(in: part, from: start, matcher: &matcher)
                try appendPiece(UnsafeBufferPointer(rebasing: part[start..<end]))
                let consumed = min(segment.lowerBound + end * shrinkage, segment.upperBound)
                guard try goesOn(after: end - start, consumed: consumed) else { return false }
                start = end
            }
            return true
        }

        private mutating func goesOn(after work: Int, consumed end: Int) throws(TokenizerError) -> Bool {
            uncounted += work
            guard uncounted >= Tokenizer.checkedWork else { return true }
            try meter.count(uncounted)
            uncounted = 0
            consumed = end
            guard let count = countBeyondLimit() else { return true }
            beyond = .beyond(count)
            return false
        }

        /// A number of tokens that the whole text is certain to exceed, if that is not below the limit and counting them
        /// all would take long.
        func countBeyondLimit() -> Int? {
            let rest = weight - consumed
            guard rest > Tokenizer.countedBytes else { return nil }
            let fewest = tokens.count + tokenizer.bound.fewestTokens(weight: rest)
            return fewest >= limit ? fewest - 1 : nil
        }

        private mutating func appendPiece(_ piece: UnsafeBufferPointer<UInt8>) throws(TokenizerError) {
            if tokenizer.preTokenizer.ignoresMerges, let token = tokenizer.wholeToken(piece) {
                tokens.append(token)
                return
            }
            var rest = piece
            while !rest.isEmpty {
                let length = min(rest.count, Tokenizer.maximumPieceLength)
                try merger.append(UnsafeBufferPointer(rebasing: rest[..<length]), to: &tokens, meter: meter)
                rest = UnsafeBufferPointer(rebasing: rest[length...])
            }
        }
    }
}
