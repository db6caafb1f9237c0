import Foundation

/// Brings text to one of Unicode's normal forms, in parts, so that the work on a long text can be shared out.
enum UnicodeNormalizer {
    /// Longest run of combining marks that is still normalised. Written text has a handful; it takes time quadratic in the
    /// length of a run, so a text with more is hostile and stays as it is.
    private static let maximumMarkRun = 256

    /// Bytes that are composed at once.
    private static let composedBytes = 32 << 10

    /// The normal form of UTF-8 text, or nil if it needs no change.
    ///
    /// Parts begin at characters that never change with what comes before them, so the parts join to what the whole would
    /// be. A text with a run of more than ``maximumMarkRun`` marks stays as it is.
    ///
    /// - Throws: What `meter` ends the work with.
    static func normalized(
        _ text: UnsafeBufferPointer<UInt8>, _ form: NormalizerStep.Form, meter: EncodingMeter
    ) throws(TokenizerError) -> [UInt8]? {
        // Below U+0300 (lead byte CC) everything is composed already; ASCII is in every form.
        let least: UInt8 = form == .composed ? 0xCC : 0x80
        guard text.contains(where: { $0 >= least }) else { return nil }
        if try hasLongMarkRun(text, meter: meter) { return nil }
        let isCompatible = form == .compatibilityComposed || form == .compatibilityDecomposed
        var composed: [UInt8] = []
        composed.reserveCapacity(text.count)
        var start = 0
        while start < text.count {
            let end = boundary(in: text, from: start + composedBytes, isCompatible: isCompatible)
            let part = String(decoding: UnsafeBufferPointer(rebasing: text[start..<end]), as: UTF8.self)
            switch form {
            case .composed: composed += part.precomposedStringWithCanonicalMapping.utf8
            case .decomposed: composed += part.decomposedStringWithCanonicalMapping.utf8
            case .compatibilityComposed: composed += part.precomposedStringWithCompatibilityMapping.utf8
            case .compatibilityDecomposed: composed += part.decomposedStringWithCompatibilityMapping.utf8
            }
            try meter.count(end - start)
            start = end
        }
        return composed
    }

    private static func hasLongMarkRun(
        _ text: UnsafeBufferPointer<UInt8>, meter: EncodingMeter
    ) throws(TokenizerError) -> Bool {
        var run = 0
        var count = 0
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            run = scalar.value >= 0x300 && isMark(scalar) ? run + 1 : 0
            if run > maximumMarkRun { return true }
            count += 1
            if count % EncodingMeter.stride == 0 { try meter.count(EncodingMeter.stride) }
        }
        return false
    }

    /// The first place at or after `start` before which text may be cut without changing its normal form; the end of the
    /// text if there is none.
    private static func boundary(
        in text: UnsafeBufferPointer<UInt8>, from start: Int, isCompatible: Bool
    ) -> Int {
        var position = start
        while position < text.count {
            if text[position] & 0xC0 != 0x80 {
                let scalar = String(decoding: text[position..<min(position + 4, text.count)], as: UTF8.self)
                    .unicodeScalars.first
                if let scalar, isCompatible ? isPlain(scalar) : neverComposesBackwards(scalar) { return position }
            }
            position += 1
        }
        return text.count
    }

    /// Whether a character is certain to stand for itself after any other. Marks may join their base, Hangul vowels and
    /// finals their syllable, and some vowel signs of the planes above the first are letters by their category.
    private static func neverComposesBackwards(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x300: true
        case 0x1160...0x11FF, 0x10000..<0x1F000: false
        default: !isMark(scalar) && scalar.properties.canonicalCombiningClass == .notReordered
        }
    }

    /// Whether a character is certain to begin with itself in every form: the compatibility forms turn some letters into
    /// marks.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII || (0x4E00...0x9FFF).contains(scalar.value)
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }
}
