/// How pieces become tokens.
package enum TokenModelDescription: Sendable, Equatable {
    case bytePairs(BytePairs)
    case unigram(Unigram)
    case wordPiece(WordPiece)

    /// What text without a token becomes.
    package var unknownToken: Int32? {
        switch self {
        case .bytePairs(let pairs): pairs.unknownToken
        case .unigram(let unigram): unigram.unknownToken
        case .wordPiece(let pieces): pieces.unknownToken
        }
    }

    /// Merges of neighbours, the most preferred first.
    package struct BytePairs: Sendable, Equatable {
        package enum Rules: Sendable, Equatable {
            /// Left and right text of each merge, one after the other, most preferred first.
            case pairs(ByteStrings)
            /// A score for each token: any two neighbours that make a token may merge, the highest score first.
            case scores([Float])
        }

        package var rules: Rules
        /// Token texts are written in the byte-level alphabet; otherwise they are plain characters.
        package var isByteLevel: Bool
        /// A character without a token becomes the tokens `<0x00>` ... of its bytes.
        package var fallsBackToBytes = false
        /// What else a character without a token becomes; nil leaves it out.
        package var unknownToken: Int32?
        /// Neighbouring unknown characters become one token.
        package var fusesUnknown = false
        /// A piece that is a token as a whole is taken at once, without merging.
        package var ignoresMerges = false

        package init(rules: Rules, isByteLevel: Bool) {
            self.rules = rules
            self.isByteLevel = isByteLevel
        }
    }

    /// The sequence of tokens with the greatest sum of scores.
    package struct Unigram: Sendable, Equatable {
        package var scores: [Double]
        /// Tokens that the model makes, from the first; those beyond are added ones only. Nil is all.
        package var ownTokens: Int?
        package var unknownToken: Int32?
        package var fallsBackToBytes = false
        /// As SentencePiece does, scores are summed in single precision, and an unknown character scores below the worst
        /// normal token; `tokenizers` uses double precision and all tokens, and chooses otherwise where ways score alike.
        package var followsSentencePiece = false

        package init(scores: [Double], unknownToken: Int32?) {
            self.scores = scores
            self.unknownToken = unknownToken
        }
    }

    /// The longest token that fits, again and again until the end of the word.
    package struct WordPiece: Sendable, Equatable {
        package enum Marking: Sendable, Equatable {
            /// Tokens that continue a word begin with this text, `##`.
            case continuing([UInt8])
            /// Tokens that begin a word begin with this text, `▁`.
            case beginning([UInt8])
        }

        package var marking: Marking
        package var unknownToken: Int32?
        /// Longer words, in characters, are unknown as a whole.
        package var maximumWordLength = 100

        package init(marking: Marking, unknownToken: Int32?) {
            self.marking = marking
            self.unknownToken = unknownToken
        }
    }
}
