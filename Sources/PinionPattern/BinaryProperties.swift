import Synchronization

/// The scalar sets of Unicode's yes-or-no properties, which the standard library tells scalar by scalar only.
///
/// A set is made when its name is first asked for, in some milliseconds, and kept: a pattern may name it thousands of times.
enum BinaryProperties {
    private static let properties: [String: @Sendable (Unicode.Scalar.Properties) -> Bool] = [
        "alphabetic": { $0.isAlphabetic }, "asciihexdigit": { $0.isASCIIHexDigit }, "cased": { $0.isCased },
        "dash": { $0.isDash }, "diacritic": { $0.isDiacritic }, "emoji": { $0.isEmoji },
        "emojimodifier": { $0.isEmojiModifier }, "emojimodifierbase": { $0.isEmojiModifierBase },
        "emojipresentation": { $0.isEmojiPresentation }, "hexdigit": { $0.isHexDigit },
        "idcontinue": { $0.isIDContinue }, "idstart": { $0.isIDStart }, "ideographic": { $0.isIdeographic },
        "lowercase": { $0.isLowercase }, "math": { $0.isMath }, "quotationmark": { $0.isQuotationMark },
        "uppercase": { $0.isUppercase }, "whitespace": { $0.isWhitespace }, "xidcontinue": { $0.isXIDContinue },
        "xidstart": { $0.isXIDStart },
    ]

    private static let known = Mutex<[String: ScalarSet]>([:])

    /// The set of a property, by its long name in lower case without `_`; nil for another name.
    static func set(named name: String) -> ScalarSet? {
        guard let holds = properties[name] else { return nil }
        if let set = known.withLock({ $0[name] }) { return set }
        var ranges: [ClosedRange<UInt32>] = []
        var start: UInt32?
        for value in UInt32(0)...0x110000 {
            let isMember = Unicode.Scalar(value).map { holds($0.properties) } ?? false
            if isMember, start == nil { start = value }
            if !isMember, let first = start {
                ranges.append(first...value - 1)
                start = nil
            }
        }
        let set = ScalarSet(ranges)
        known.withLock { $0[name] = set }
        return set
    }
}
