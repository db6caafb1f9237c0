/// How many cells of a terminal a text takes.
///
/// East Asian wide and fullwidth characters take two (``wideRanges``, from the Unicode Character Database), and so do
/// characters that are shown as emoji unless something says otherwise (`Emoji_Presentation`, from Swift's own tables,
/// which are newer). Marks and joiners take none. A cluster of several scalars is as wide as its first, two where a
/// selector asks for an emoji, and two for a flag.
///
/// Terminals differ in clusters, so that a line may be drawn a cell too short or too long there; nothing that is counted
/// here is relied on for safety.
package enum DisplayWidth {
    private static let emojiSelector: UInt32 = 0xFE0F
    /// Scalars that make flags in pairs.
    private static let regionalIndicators: ClosedRange<UInt32> = 0x1F1E6...0x1F1FF
    /// Scalars that give an emoji a tone of skin; they join the emoji before them.
    private static let skinTones: ClosedRange<UInt32> = 0x1F3FB...0x1F3FF
    /// Below it every scalar but controls takes one cell.
    private static let firstMark: UInt32 = 0x300
    /// Below it no scalar is wide.
    private static let firstWide: UInt32 = 0x1100

    /// - Complexity: Linear in the text.
    package static func of(_ text: some StringProtocol) -> Int {
        // Texts of ASCII alone are the usual case, and need no clusters.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    package static func of(_ character: Character) -> Int {
        let scalars = character.unicodeScalars
        guard let first = scalars.first else { return 0 }
        let width = of(first)
        guard scalars.count > 1 else { return width }
        if regionalIndicators.contains(first.value) { return 2 }
        return scalars.dropFirst().first?.value == emojiSelector ? 2 : width
    }

    package static func of(_ scalar: Unicode.Scalar) -> Int {
        let value = scalar.value
        if value < firstMark { return value < 0x20 || 0x7F..<0xA0 ~= value ? 0 : 1 }
        if isWide(scalar) { return 2 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .lineSeparator, .paragraphSeparator: return 0
        default: return 1
        }
    }

    /// Whether a scalar takes two cells by itself.
    static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        guard value >= firstWide else { return false }
        var (low, high) = (0, wideRanges.count)
        while low < high {
            let middle = (low + high) / 2
            if wideRanges[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        if low < wideRanges.count, wideRanges[low].contains(value) { return true }
        return scalar.properties.isEmojiPresentation && !regionalIndicators.contains(value)
    }

    /// Whether a scalar belongs to the character before it.
    static func joinsCharacterBefore(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= firstMark && (skinTones.contains(scalar.value) || of(scalar) == 0)
    }
}
