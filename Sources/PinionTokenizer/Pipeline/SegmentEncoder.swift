import PinionPattern

/// Tokenizes stretches of ordinary text, keeping scratch memory and the tokens so far.
struct SegmentEncoder {
    private(set) var tokens: [Int32] = []
    private(set) var beyond = Tokenizer.Encoding.beyond(0)
    private let tokenizer: Tokenizer
    private let text: UnsafeBufferPointer<UInt8>
    private let weight: Int
    private let limit: Int
    private let meter: EncodingMeter
    /// A matcher for each step of the pre-tokenizer that has a pattern.
    private var matchers: [PatternMatcher?]
    private var pieces: PieceEncoder
    /// Whether the first step of the pre-tokenizer makes pieces of all of its text.
    private let cutsFirst: Bool
    /// The end of what ``tokens`` stand for in the text; in composed text the furthest that it can be.
    private var consumed = 0
    /// Work that ``meter`` was not told of yet.
    private var uncounted = 0
    /// Work since it was asked whether the text can stay below its limit.
    private var unchecked = 0

    init(_ tokenizer: Tokenizer, _ text: UnsafeBufferPointer<UInt8>, limit: Int, meter: EncodingMeter) {
        self.tokenizer = tokenizer
        self.text = text
        self.limit = limit
        self.meter = meter
        weight = limit == .max ? 0 : tokenizer.bound.weight(of: text)
        let steps = PreTokenizer.steps(for: text.count)
        matchers = tokenizer.preTokenizer.steps.map { step in
            switch step {
            case .isolate(let pattern), .split(let pattern, _, _), .digitGroups(let pattern, _):
                PatternMatcher(pattern, stepLimit: steps, sharesSteps: true)
            case .splitText, .prefixSpace, .byteAlphabet, .metaspace: nil
            }
        }
        pieces = PieceEncoder(tokenizer)
        if case .isolate = tokenizer.preTokenizer.steps.first { cutsFirst = true } else { cutsFirst = false }
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
        if let normalized = try tokenizer.normalizer.normalized(part, meter: meter) {
            return try normalized.withUnsafeBufferPointer { normalized throws(TokenizerError) in
                try appendNormalized(normalized, from: segment)
            }
        }
        return try appendNormalized(part, from: segment)
    }

    /// Finds the added tokens that are looked for in normalised text.
    ///
    /// - Parameter segment: Where in the whole text `part` comes from.
    private mutating func appendNormalized(
        _ part: UnsafeBufferPointer<UInt8>, from segment: Range<Int>
    ) throws(TokenizerError) -> Bool {
        let added = tokenizer.normalizedTokens
        var start = 0
        var position = added.isEmpty ? part.count : 0
        while position < part.count {
            guard added.mayBegin(with: part[position]) else {
                position += 1
                continue
            }
            switch added.find(in: part, at: position, floor: start, controlLimit: 0) {
            case .nothing: position += 1
            case .rejected(let end): position = end
            case .match(let match):
                guard try appendPart(part, start..<match.range.lowerBound, from: segment) else { return false }
                tokens.append(match.token)
                position = match.range.upperBound
                start = position
            }
        }
        return try appendPart(part, start..<part.count, from: segment)
    }

    private mutating func appendPart(
        _ part: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, from segment: Range<Int>
    ) throws(TokenizerError) -> Bool {
        guard !range.isEmpty else { return true }
        let piece = UnsafeBufferPointer(rebasing: part[range])
        let isStart = segment.lowerBound == 0 && range.lowerBound == 0
        guard let shrinkage = tokenizer.bound.shrinkage, cutsFirst || tokenizer.preTokenizer.steps.isEmpty else {
            guard try cut(piece, step: 0, isStart: isStart) else { return false }
            return try goesOn(after: 0, consumed: range.upperBound == part.count ? segment.upperBound : nil)
        }
        // The commonest cases, in which it is known how far the text is consumed.
        let cutsFurther = tokenizer.preTokenizer.steps.count > 1
        var start = 0
        while start < piece.count {
            let end = cutsFirst ? endOfPiece(in: piece, from: start, step: 0) : pieces.cut(in: piece, after: start)
            let part = UnsafeBufferPointer(rebasing: piece[start..<end])
            if cutsFurther {
                guard try cut(part, step: 1, isStart: false) else { return false }
            } else {
                try pieces.append(part, to: &tokens, meter: meter)
                uncounted += end - start
            }
            unchecked += end - start
            consumed = min(segment.lowerBound + (range.lowerBound + end) * shrinkage, segment.upperBound)
            if unchecked >= Tokenizer.checkedWork {
                guard try goesOn(after: 0, consumed: consumed) else { return false }
            }
            start = end
        }
        return true
    }

    // MARK: - Cutting

    /// The end of the piece that begins at `start`, where matches and what lies between them are pieces.
    private mutating func endOfPiece(
        in text: UnsafeBufferPointer<UInt8>, from start: Int, step: Int
    ) -> Int {
        // After a failed match the rest stays one piece: it is still tokenized, only with other boundaries.
        guard let match = try? matchers[step]?.firstMatch(in: text, from: start) else { return text.count }
        if match.lowerBound > start { return match.lowerBound }
        if !match.isEmpty { return match.upperBound }
        // An empty match at the start cuts nothing; one further on ends the piece.
        var next = start + 1
        while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
        guard next < text.count, let later = try? matchers[step]?.firstMatch(in: text, from: next) else {
            return text.count
        }
        return later.lowerBound
    }

    /// Cuts a piece by the steps from `step` on and appends the tokens of what remains.
    ///
    /// - Parameter isStart: Whether the piece begins the whole text.
    /// - Returns: Whether to go on.
    private mutating func cut(
        _ piece: UnsafeBufferPointer<UInt8>, step: Int, isStart: Bool
    ) throws(TokenizerError) -> Bool {
        guard !piece.isEmpty else { return true }
        let steps = tokenizer.preTokenizer.steps
        guard step < steps.count else {
            try appendPieces(of: piece)
            return try goesOn(after: piece.count, consumed: nil)
        }
        switch steps[step] {
        case .isolate:
            var start = 0
            while start < piece.count {
                let end = endOfPiece(in: piece, from: start, step: step)
                let part = UnsafeBufferPointer(rebasing: piece[start..<end])
                guard try cut(part, step: step + 1, isStart: isStart && start == 0) else { return false }
                start = end
            }
            return true
        case .split(_, let behavior, let isInverted):
            return try split(piece, behavior, isInverted, step, isStart) { encoder, start in
                try? encoder.matchers[step]?.firstMatch(in: piece, from: start)
            }
        case .splitText(let text, let behavior, let isInverted):
            return try split(piece, behavior, isInverted, step, isStart) { _, start in
                TextCuts.find(text, in: piece, from: start)
            }
        case .digitGroups(_, let needsBoundary):
            return try cutDigits(piece, needsBoundary: needsBoundary, step, isStart)
        case .prefixSpace:
            if piece[0] == 0x20 { return try cut(piece, step: step + 1, isStart: isStart) }
            return try cut(changed: [0x20] + Array(piece), step: step + 1, isStart: isStart)
        case .byteAlphabet:
            return try cut(changed: ByteAlphabet.encode(piece), step: step + 1, isStart: isStart)
        case .metaspace(let replacement, let prepending, let splits):
            let prepends = prepending == .always || prepending == .first && isStart
            let changed = TextCuts.metaspaced(piece, replacement, prepends: prepends)
            guard splits else { return try cut(changed: changed, step: step + 1, isStart: isStart) }
            return try changed.withUnsafeBufferPointer { changed throws(TokenizerError) in
                try split(changed, .mergedWithNext, false, step, isStart) { _, start in
                    TextCuts.find(replacement, in: changed, from: start)
                }
            }
        }
    }

    /// Appends the tokens of a piece, in the shorter pieces that the model allows.
    private mutating func appendPieces(of piece: UnsafeBufferPointer<UInt8>) throws(TokenizerError) {
        var start = 0
        while start < piece.count {
            let end = pieces.cut(in: piece, after: start)
            try pieces.append(UnsafeBufferPointer(rebasing: piece[start..<end]), to: &tokens, meter: meter)
            start = end
        }
    }

    private mutating func cut(changed: [UInt8], step: Int, isStart: Bool) throws(TokenizerError) -> Bool {
        try changed.withUnsafeBufferPointer { changed throws(TokenizerError) in
            try cut(changed, step: step, isStart: isStart)
        }
    }

    private mutating func split(
        _ piece: UnsafeBufferPointer<UInt8>, _ behavior: PreTokenizerStep.Behavior, _ isInverted: Bool, _ step: Int,
        _ isStart: Bool, _ next: (inout SegmentEncoder, Int) -> Range<Int>?
    ) throws(TokenizerError) -> Bool {
        var joiner = SpanJoiner(behavior)
        var start = 0
        var from = 0
        while from <= piece.count, start < piece.count {
            let match = next(&self, from) ?? piece.count..<piece.count
            let gap = start..<match.lowerBound
            for (span, isMatch) in [(gap, isInverted), (match, !isInverted)] where !span.isEmpty {
                guard let joined = joiner.add(span, isDelimiter: isMatch) else { continue }
                guard try cut(joined, of: piece, step: step, isStart: isStart) else { return false }
            }
            start = match.upperBound
            from = match.upperBound
            if match.isEmpty {
                // The search goes on after the scalar that an empty match stands before.
                repeat { from += 1 } while from < piece.count && piece[from] & 0xC0 == 0x80
            }
        }
        guard let last = joiner.finish() else { return true }
        return try cut(last, of: piece, step: step, isStart: isStart)
    }

    private mutating func cut(
        _ span: Range<Int>, of piece: UnsafeBufferPointer<UInt8>, step: Int, isStart: Bool
    ) throws(TokenizerError) -> Bool {
        try cut(
            UnsafeBufferPointer(rebasing: piece[span]), step: step + 1, isStart: isStart && span.lowerBound == 0)
    }

    /// Runs of digits become groups of three, counted from the right.
    private mutating func cutDigits(
        _ piece: UnsafeBufferPointer<UInt8>, needsBoundary: Bool, _ step: Int, _ isStart: Bool
    ) throws(TokenizerError) -> Bool {
        var pending = 0
        var from = 0
        while from < piece.count, let run = try? matchers[step]?.firstMatch(in: piece, from: from) {
            from = run.upperBound
            if needsBoundary, AddedTokenTrie.isWord(piece, at: run.upperBound) { continue }
            guard try cut(pending..<run.lowerBound, of: piece, step: step, isStart: isStart) else { return false }
            for group in TextCuts.digitGroups(of: run, in: piece) {
                guard try cut(group, of: piece, step: step, isStart: isStart) else { return false }
            }
            pending = run.upperBound
        }
        return try cut(pending..<piece.count, of: piece, step: step, isStart: isStart)
    }

    // MARK: - Limits

    /// - Parameter end: How far the text is consumed at most; nil where that is not known.
    private mutating func goesOn(after work: Int, consumed end: Int?) throws(TokenizerError) -> Bool {
        uncounted += work
        unchecked += end == nil ? 0 : work
        if uncounted >= Tokenizer.checkedWork {
            try meter.count(uncounted)
            uncounted = 0
            // The tokens so far are certain, whatever they stand for.
            if tokens.count >= limit, weight - consumed > Tokenizer.countedBytes { return stop(tokens.count - 1) }
        }
        guard let end else { return true }
        consumed = end
        guard unchecked >= Tokenizer.checkedWork else { return true }
        unchecked = 0
        return countBeyondLimit().map { stop($0) } ?? true
    }

    private mutating func stop(_ count: Int) -> Bool {
        beyond = .beyond(count)
        return false
    }

    /// A number of tokens that the whole text is certain to exceed, if that is not below the limit and counting them all
    /// would take long.
    func countBeyondLimit() -> Int? {
        let rest = weight - consumed
        guard rest > Tokenizer.countedBytes else { return nil }
        let fewest = tokens.count + tokenizer.bound.fewestTokens(weight: rest)
        return fewest >= limit ? fewest - 1 : nil
    }
}
