/// A map of characters that SentencePiece compiled (`precompiled_charsmap`), which is NFKC with exceptions.
///
/// Four bytes tell the size of a double array, an XOR-compressed trie of 32-bit units as in Kanda's "Space- and
/// time-efficient string dictionaries" (2018); after it follow the replacements, each ended by a NUL. A unit holds the
/// label of its edge in bits 0 to 7, whether a value follows in bit 8, and its offset in bits 10 to 30, shifted by 8 more
/// if bit 9 is set.
struct CharacterMap: Sendable {
    /// Longest grapheme, in bytes, that is looked up as a whole; the limit is the reference's.
    private static let longestGrapheme = 5

    /// Longest replacement, in bytes; the maps that models use have some of 50.
    private static let longestReplacement = 256

    private let units: [UInt32]
    private let replacements: [UInt8]
    private let isByGrapheme: Bool

    /// Throws `invalid` if the sizes contradict each other.
    init(_ bytes: [UInt8], byGrapheme: Bool) throws(TokenizerError) {
        guard bytes.count >= 4 else {
            throw TokenizerError(.invalid, "the character map has \(bytes.count) bytes; expected at least 4")
        }
        func unit(at index: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << UInt32(8 * $1) }
        }
        let size = Int(unit(at: 0))
        guard size % 4 == 0, size <= bytes.count - 4 else {
            throw TokenizerError(
                .invalid,
                "the character map's trie is said to have \(size) bytes; expected a multiple of 4 up to \(bytes.count - 4)"
            )
        }
        units = stride(from: 4, to: 4 + size, by: 4).map(unit)
        replacements = Array(bytes[(4 + size)...])
        isByGrapheme = byGrapheme
    }

    /// Appends the mapped form of a part of a text.
    func append(_ text: UnsafeBufferPointer<UInt8>, to mapped: inout [UInt8]) {
        if isByGrapheme { appendGraphemes(text, to: &mapped) } else { appendPrefixes(text, to: &mapped) }
    }

    /// At each place the longest prefix that the map knows, as SentencePiece does.
    private func appendPrefixes(_ text: UnsafeBufferPointer<UInt8>, to mapped: inout [UInt8]) {
        var position = 0
        while position < text.count {
            let rest = UnsafeBufferPointer(rebasing: text[position...])
            if let match = prefixes(of: rest, isShortest: false) {
                appendReplacement(match.value, to: &mapped)
                position += match.length
            } else {
                repeat {
                    mapped.append(text[position])
                    position += 1
                } while position < text.count && text[position] & 0xC0 == 0x80
            }
        }
    }

    /// Grapheme by grapheme, and by the shortest prefix, as `tokenizers` does.
    private func appendGraphemes(_ text: UnsafeBufferPointer<UInt8>, to mapped: inout [UInt8]) {
        for grapheme in String(decoding: text, as: UTF8.self) {
            let bytes = Array(grapheme.utf8)
            if bytes.count <= Self.longestGrapheme, appendMapped(bytes, to: &mapped) { continue }
            for scalar in grapheme.unicodeScalars {
                let bytes = Array(scalar.utf8)
                if !appendMapped(bytes, to: &mapped) { mapped += bytes }
            }
        }
    }

    private func appendMapped(_ bytes: [UInt8], to mapped: inout [UInt8]) -> Bool {
        guard let match = bytes.withUnsafeBufferPointer({ prefixes(of: $0, isShortest: true) }) else { return false }
        appendReplacement(match.value, to: &mapped)
        return true
    }

    private func appendReplacement(_ start: Int, to mapped: inout [UInt8]) {
        var index = start
        while index < min(replacements.count, start + Self.longestReplacement), replacements[index] != 0 {
            mapped.append(replacements[index])
            index += 1
        }
    }

    /// Where the replacement of a prefix of the text begins, and the prefix's length; nil if the map knows none.
    private func prefixes(
        of text: UnsafeBufferPointer<UInt8>, isShortest: Bool
    ) -> (value: Int, length: Int)? {
        guard let root = units.first else { return nil }
        var found: (value: Int, length: Int)?
        var node = Self.offset(root)
        for (index, byte) in text.enumerated() {
            guard byte != 0 else { break }
            node ^= Int(byte)
            guard node < units.count, units[node] & 0x8000_00FF == UInt32(byte) else { break }
            let unit = units[node]
            node ^= Self.offset(unit)
            guard unit >> 8 & 1 == 1 else { continue }
            guard node < units.count else { break }
            found = (Int(units[node] & 0x7FFF_FFFF), index + 1)
            if isShortest { break }
        }
        return found
    }

    private static func offset(_ unit: UInt32) -> Int {
        Int((unit >> 10) << ((unit & 0x200) >> 6))
    }
}
