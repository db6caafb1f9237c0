/// How tokens become text again.
///
/// Every decoder here is a table of bytes for each token and a rule for the beginning of the text, so that text can be
/// streamed token by token.
package struct DecoderDescription: Sendable, Equatable {
    /// How a token's text becomes its bytes.
    package enum Spelling: Sendable, Equatable {
        /// The text stands for itself.
        case plain
        /// The byte-level alphabet of GPT-2.
        case byteLevel
        /// Each part is replaced in turn, as `▁` by a space.
        case replacing([Replacement])
        /// A space comes before each token but those that begin with `prefix`, which is dropped; with `cleansUp`, the
        /// space before punctuation and English contractions is dropped too.
        case wordPiece(prefix: [UInt8], cleansUp: Bool)
    }

    package struct Replacement: Sendable, Equatable {
        package var text: [UInt8]
        package var replacement: [UInt8]

        package init(_ text: [UInt8], with replacement: [UInt8]) {
            self.text = text
            self.replacement = replacement
        }
    }

    /// What is dropped at the beginning of a text.
    package enum Beginning: Sendable, Equatable {
        case whole
        /// Up to this many spaces.
        case withoutSpaces(Int)
        /// All that became a space in the first token.
        case withoutSpacesOfFirstToken
    }

    package var spelling: Spelling
    /// `<0x0A>` stands for the byte 0A.
    package var readsByteTokens: Bool
    package var beginning: Beginning

    package init(_ spelling: Spelling, readsByteTokens: Bool = true, beginning: Beginning = .whole) {
        self.spelling = spelling
        self.readsByteTokens = readsByteTokens
        self.beginning = beginning
    }

    /// `▁` in UTF-8: what SentencePiece writes for a space.
    package static let metaspace: [UInt8] = [0xE2, 0x96, 0x81]
}
