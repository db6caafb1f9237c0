extension Tokenizer {
    /// The tokens of a text; no begin or end token is added.
    ///
    /// User-defined tokens are always recognised, control tokens only with `parsingSpecialTokens`.
    package func encode(_ text: String, parsingSpecialTokens: Bool = false) -> [Int32] {
        encode([TextSpan(text, origin: parsingSpecialTokens ? .template : .request)])
    }

    /// The tokens of the spans joined to one text, where control tokens are recognised only wholly inside of text that the
    /// template wrote.
    ///
    /// Neighbouring spans of one origin count as one. Everything else in the text, look-alikes of control tokens too, is
    /// tokenized as ordinary text across the borders of spans.
    package func encode(_ spans: [TextSpan]) -> [Int32] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(spans.reduce(0) { $0 + $1.text.utf8.count })
        var templates: [Range<Int>] = []
        for span in spans {
            let start = bytes.count
            bytes.append(contentsOf: span.text.utf8)
            guard span.origin == .template, bytes.count > start else { continue }
            if let last = templates.last, last.upperBound == start {
                templates[templates.count - 1] = last.lowerBound..<bytes.count
            } else {
                templates.append(start..<bytes.count)
            }
        }
        return bytes.withUnsafeBufferPointer { encode($0, templates: templates) }
    }

    private func encode(_ text: UnsafeBufferPointer<UInt8>, templates: [Range<Int>]) -> [Int32] {
        var encoder = SegmentEncoder(self)
        guard !specials.isEmpty else {
            encoder.append(text)
            return encoder.tokens
        }
        var segmentStart = 0
        var position = 0
        var template = 0
        while position < text.count {
            guard specials.mayBegin(with: text[position]) else {
                position += 1
                continue
            }
            while template < templates.count, templates[template].upperBound <= position { template += 1 }
            let isTemplate = template < templates.count && templates[template].contains(position)
            let limit = isTemplate ? templates[template].upperBound : position
            guard let match = specials.longestMatch(in: text, at: position, controlLimit: limit) else {
                position += 1
                continue
            }
            encoder.append(UnsafeBufferPointer(rebasing: text[segmentStart..<position]))
            encoder.tokens.append(match.token)
            position = match.end
            segmentStart = position
        }
        encoder.append(UnsafeBufferPointer(rebasing: text[segmentStart...]))
        return encoder.tokens
    }
}

/// Tokenizes stretches of ordinary text, keeping scratch memory and the tokens so far.
private struct SegmentEncoder {
    var tokens: [Int32] = []
    private let tokenizer: Tokenizer
    private var matcher: PatternMatcher
    private var merger: BytePairMerger

    init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
        matcher = PatternMatcher(tokenizer.preTokenizer.pattern, stepLimit: .max)
        merger = BytePairMerger(tokenizer.merges)
    }

    mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
        guard !text.isEmpty else { return }
        if tokenizer.preTokenizer.composes, let composed = PreTokenizer.composed(text) {
            composed.withUnsafeBufferPointer { appendComposed($0) }
        } else {
            appendComposed(text)
        }
    }

    private mutating func appendComposed(_ text: UnsafeBufferPointer<UInt8>) {
        var start = 0
        while start < text.count {
            let end = PreTokenizer.endOfPiece(in: text, from: start, matcher: &matcher)
            appendPiece(UnsafeBufferPointer(rebasing: text[start..<end]))
            start = end
        }
    }

    private mutating func appendPiece(_ piece: UnsafeBufferPointer<UInt8>) {
        if tokenizer.preTokenizer.ignoresMerges, let token = tokenizer.wholeToken(piece) {
            tokens.append(token)
            return
        }
        var rest = piece
        while !rest.isEmpty {
            let length = min(rest.count, Tokenizer.maximumPieceLength)
            merger.append(UnsafeBufferPointer(rebasing: rest[..<length]), to: &tokens)
            rest = UnsafeBufferPointer(rebasing: rest[length...])
        }
    }
}
