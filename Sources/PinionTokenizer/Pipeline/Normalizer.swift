import PinionPattern

/// Changes text before it is cut into pieces: the compiled form of ``NormalizerStep``.
struct Normalizer: Sendable {
    private enum Step: Sendable {
        case form(NormalizerStep.Form)
        case scalars(ScalarMap)
        case strip(left: Bool, right: Bool)
        case prepend([UInt8])
        case replaceByte(UInt8, [UInt8])
        case replaceText([UInt8], [UInt8])
        case replacePattern(Pattern, [UInt8])
        case characterMap(CharacterMap)
    }

    /// How many times longer all steps may make a text, and how many bytes in any case. NFKC makes 3 bytes 33; a file's
    /// steps may be made to multiply, and a step that passes the bound is left out.
    private static let maximumGrowth = 64
    private static let leastBound = 64 << 10

    private let steps: [Step]

    var isEmpty: Bool { steps.isEmpty }

    init(_ steps: [NormalizerStep]) throws(TokenizerError) {
        var compiled: [Step] = []
        for step in steps { compiled.append(try Self.compile(step)) }
        self.steps = compiled
    }

    private static func compile(_ step: NormalizerStep) throws(TokenizerError) -> Step {
        switch step {
        case .form(let form): return .form(form)
        case .lowercase: return .scalars(.lowercase)
        case .stripAccents: return .scalars(.stripAccents)
        case .cleanText: return .scalars(.cleanText)
        case .spaceIdeographs: return .scalars(.spaceIdeographs)
        case .filterControls: return .scalars(.filterControls)
        case .strip(let left, let right): return .strip(left: left, right: right)
        case .prepend(let text): return .prepend(text)
        case .replace(let text, let replacement):
            guard let first = text.first else {
                throw TokenizerError(.invalid, "the normaliser replaces an empty text")
            }
            return text.count == 1 ? .replaceByte(first, replacement) : .replaceText(text, replacement)
        case .replacePattern(let pattern, let replacement):
            return .replacePattern(try PreTokenizer.pattern(pattern, of: "normaliser"), replacement)
        case .characterMap(let bytes, let byGrapheme):
            return .characterMap(try CharacterMap(bytes, byGrapheme: byGrapheme))
        }
    }

    /// The normalised text, or nil if it is the text itself.
    ///
    /// - Throws: What `meter` ends the work with.
    func normalized(
        _ text: UnsafeBufferPointer<UInt8>, meter: EncodingMeter
    ) throws(TokenizerError) -> [UInt8]? {
        let bound = text.count * Self.maximumGrowth + Self.leastBound
        var changed: [UInt8]?
        for step in steps {
            let result: [UInt8]?
            if let current = changed {
                result = try current.withUnsafeBufferPointer { current throws(TokenizerError) in
                    try Self.apply(step, current, bound, meter)
                }
            } else {
                result = try Self.apply(step, text, bound, meter)
            }
            if let result, result.count <= bound { changed = result }
        }
        return changed
    }

    private static func apply(
        _ step: Step, _ text: UnsafeBufferPointer<UInt8>, _ bound: Int, _ meter: EncodingMeter
    ) throws(TokenizerError) -> [UInt8]? {
        switch step {
        case .form(let form): return try UnicodeNormalizer.normalized(text, form, meter: meter)
        case .scalars(let map): return try map.applied(to: text, meter: meter)
        case .strip(let left, let right): return stripped(text, left: left, right: right)
        case .prepend(let prefix): return text.isEmpty ? nil : prefix + Array(text)
        case .replaceByte(let byte, let replacement): return replaced(text, byte, replacement)
        case .replaceText(let wanted, let replacement): return replaced(text, wanted, replacement)
        case .replacePattern(let pattern, let replacement): return replaced(text, pattern, replacement)
        case .characterMap(let map): return try mapped(text, map, bound, meter)
        }
    }

    private static func stripped(_ text: UnsafeBufferPointer<UInt8>, left: Bool, right: Bool) -> [UInt8]? {
        var range = 0..<text.count
        if left { range = WhiteSpace.end(in: text, from: 0)..<range.upperBound }
        if right {
            range = range.lowerBound..<WhiteSpace.start(in: text, before: range.upperBound, from: range.lowerBound)
        }
        return range.count == text.count ? nil : Array(text[range])
    }

    private static func replaced(
        _ text: UnsafeBufferPointer<UInt8>, _ byte: UInt8, _ replacement: [UInt8]
    ) -> [UInt8]? {
        let count = text.reduce(0) { $1 == byte ? $0 + 1 : $0 }
        guard count > 0 else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + count * replacement.count)
        for found in text {
            if found == byte { result.append(contentsOf: replacement) } else { result.append(found) }
        }
        return result
    }

    private static func replaced(
        _ text: UnsafeBufferPointer<UInt8>, _ wanted: [UInt8], _ replacement: [UInt8]
    ) -> [UInt8]? {
        var result: [UInt8] = []
        var start = 0
        var position = 0
        while position + wanted.count <= text.count {
            if text[position] == wanted[0], text[position..<position + wanted.count].elementsEqual(wanted) {
                result += text[start..<position]
                result += replacement
                position += wanted.count
                start = position
            } else {
                position += 1
            }
        }
        return start == 0 ? nil : result + text[start...]
    }

    /// A pattern that runs out of its steps leaves the rest of the text as it is.
    private static func replaced(
        _ text: UnsafeBufferPointer<UInt8>, _ pattern: Pattern, _ replacement: [UInt8]
    ) -> [UInt8]? {
        var matcher = PatternMatcher(pattern, stepLimit: PreTokenizer.steps(for: text.count), sharesSteps: true)
        var result: [UInt8] = []
        var start = 0
        var hasMatch = false
        while start < text.count, let match = try? matcher.firstMatch(in: text, from: start) {
            var end = match.upperBound
            result += text[start..<match.lowerBound]
            result += replacement
            hasMatch = true
            if match.isEmpty {
                // Past the scalar that the empty match stands before.
                repeat { end += 1 } while end < text.count && text[end] & 0xC0 == 0x80
                result += text[match.upperBound..<min(end, text.count)]
            }
            start = min(end, text.count)
        }
        return hasMatch ? result + text[start...] : nil
    }

    /// Maps a text in parts that begin at ASCII characters, which begin a grapheme after anything but a carriage return.
    private static func mapped(
        _ text: UnsafeBufferPointer<UInt8>, _ map: CharacterMap, _ bound: Int, _ meter: EncodingMeter
    ) throws(TokenizerError) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var start = 0
        while start < text.count, result.count <= bound {
            var end = min(start + EncodingMeter.stride, text.count)
            while end < text.count, text[end] >= 0x80 || text[end] == 0x0A { end += 1 }
            map.append(UnsafeBufferPointer(rebasing: text[start..<end]), to: &result)
            try meter.count(end - start)
            start = end
        }
        return result
    }
}
