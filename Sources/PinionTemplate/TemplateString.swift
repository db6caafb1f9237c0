/// Text that remembers, scalar by scalar, whether the template or the request wrote it.
///
/// Templates count and slice text by Unicode scalars, as Python does, hence the array. Comparing scalars also keeps
/// canonically equivalent texts apart, which `String` would not.
package struct TemplateString: Sendable {
    /// A maximal piece of one origin, ending before scalar `end`.
    struct Run: Sendable {
        var end: Int
        var origin: TextSpan.Origin
    }

    /// `mixed` always holds at least two runs of alternating origin.
    private enum Origins: Sendable {
        case template
        case request
        case mixed([Run])

        init(_ origin: TextSpan.Origin) {
            self = origin == .template ? .template : .request
        }
    }

    private(set) var scalars: [Unicode.Scalar]
    private var origins: Origins

    init() {
        scalars = []
        origins = .template
    }

    init(scalars: [Unicode.Scalar], origin: TextSpan.Origin) {
        self.scalars = scalars
        origins = Origins(origin)
    }

    package init(_ text: String, origin: TextSpan.Origin = .request) {
        self.init(scalars: Array(text.unicodeScalars), origin: origin)
    }

    var count: Int { scalars.count }
    var isEmpty: Bool { scalars.isEmpty }

    /// Whether any scalar came from the request.
    var hasRequestContent: Bool {
        switch origins {
        case .template: false
        case .request: !scalars.isEmpty
        case .mixed: true
        }
    }

    /// The text without its origins.
    package var text: String { Self.encode(scalars[...]) }

    /// The pieces in order; empty text has none.
    var runs: [Run] {
        switch origins {
        case .template: isEmpty ? [] : [Run(end: count, origin: .template)]
        case .request: isEmpty ? [] : [Run(end: count, origin: .request)]
        case .mixed(let runs): runs
        }
    }

    /// The text for an error's message, in which the request's own words are cut to ``TemplateLimits/quoteLength`` bytes.
    var textForMessage: String {
        var text = ""
        var left = TemplateLimits.quoteLength
        for span in spans {
            if span.origin == .template {
                text += span.text
            } else if left > 0 {
                text += TemplateLimits.quoted(span.text, length: left)
                left -= span.text.utf8.count
            }
        }
        return text
    }

    var spans: [TextSpan] {
        var spans: [TextSpan] = []
        var start = 0
        for run in runs {
            spans.append(TextSpan(Self.encode(scalars[start..<run.end]), origin: run.origin))
            start = run.end
        }
        return spans
    }

    /// The same text, all of it counted as the request's if `taint` holds.
    func tainted(if taint: Bool = true) -> TemplateString {
        taint ? TemplateString(scalars: scalars, origin: .request) : self
    }

    func slice(_ range: Range<Int>) -> TemplateString {
        if range.count == count { return self }
        let part = Array(scalars[range])
        guard case .mixed(let runs) = origins else {
            var result = self
            result.scalars = part
            return result
        }
        var result = TemplateString()
        // Only the runs in the range are looked at: cutting a text of many runs into pieces takes time in proportion
        // to the text and not to runs times pieces.
        var index = range.isEmpty ? runs.count : Self.index(of: range.lowerBound, in: runs)
        var start = range.lowerBound
        while index < runs.count, start < range.upperBound {
            let end = min(runs[index].end, range.upperBound)
            result.note(from: start - range.lowerBound, to: end - range.lowerBound, origin: runs[index].origin)
            start = end
            index += 1
        }
        result.scalars = part
        return result
    }

    /// The index of the run that holds a scalar.
    private static func index(of place: Int, in runs: [Run]) -> Int {
        var low = 0
        var high = runs.count - 1
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].end > place { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The origin of one scalar; the index must be in range.
    func origin(at index: Int) -> TextSpan.Origin {
        switch origins {
        case .template: return .template
        case .request: return .request
        case .mixed(let runs): return runs[Self.index(of: index, in: runs)].origin
        }
    }

    mutating func append(_ other: TemplateString) {
        if other.isEmpty { return }
        let base = count
        switch other.origins {
        case .template: note(from: base, to: base + other.count, origin: .template)
        case .request: note(from: base, to: base + other.count, origin: .request)
        case .mixed(let runs):
            var start = 0
            for run in runs {
                note(from: base + start, to: base + run.end, origin: run.origin)
                start = run.end
            }
        }
        scalars.append(contentsOf: other.scalars)
    }

    mutating func append(_ scalar: Unicode.Scalar, origin: TextSpan.Origin) {
        note(from: count, to: count + 1, origin: origin)
        scalars.append(scalar)
    }

    mutating func append(_ more: some Sequence<Unicode.Scalar>, origin: TextSpan.Origin) {
        let before = scalars.count
        scalars.append(contentsOf: more)
        if scalars.count > before { note(from: before, to: scalars.count, origin: origin) }
    }

    /// Records the origin of the last piece `from..<to`; all before `from` is recorded already.
    private mutating func note(from: Int, to: Int, origin: TextSpan.Origin) {
        if from == 0 {
            origins = Origins(origin)
            return
        }
        switch origins {
        case .template:
            if origin == .request {
                origins = .mixed([Run(end: from, origin: .template), Run(end: to, origin: .request)])
            }
        case .request:
            if origin == .template {
                origins = .mixed([Run(end: from, origin: .request), Run(end: to, origin: .template)])
            }
        case .mixed(var runs):
            // Releases the enum's reference first, so that the array is changed in place.
            origins = .template
            if runs[runs.count - 1].origin == origin {
                runs[runs.count - 1].end = to
            } else {
                runs.append(Run(end: to, origin: origin))
            }
            origins = .mixed(runs)
        }
    }

    private static func encode(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(scalars.count)
        for scalar in scalars {
            if scalar.isASCII {
                bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            } else {
                bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension TemplateString: Equatable, Hashable, Comparable {
    /// Texts are compared without their origins.
    package static func == (left: TemplateString, right: TemplateString) -> Bool {
        left.scalars == right.scalars
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(scalars)
    }

    package static func < (left: TemplateString, right: TemplateString) -> Bool {
        left.scalars.lexicographicallyPrecedes(right.scalars)
    }
}
