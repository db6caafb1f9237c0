import PinionPattern

/// Cuts text into the pieces that the model never joins: the compiled form of ``PreTokenizerStep``.
struct PreTokenizer: Sendable {
    enum Step: Sendable {
        /// Matches and the text between them are pieces.
        case isolate(Pattern)
        case split(Pattern, PreTokenizerStep.Behavior, isInverted: Bool)
        case splitText([UInt8], PreTokenizerStep.Behavior, isInverted: Bool)
        case digitGroups(Pattern, needsBoundary: Bool)
        /// Puts a space before a piece that does not begin with one.
        case prefixSpace
        /// Writes pieces in the byte-level alphabet, for the steps after it.
        case byteAlphabet
        case metaspace(replacement: [UInt8], PreTokenizerStep.Prepending, splits: Bool)
    }

    /// Steps that a pattern may take for each byte of a text, and for a text of no bytes. Patterns of models take ten to
    /// thirty; a file's pattern may be made to take exponentially many, and then leaves the rest of the text uncut.
    private static let stepsPerByte = 256
    private static let leastSteps = 1 << 20

    /// Most steps that a file may list.
    static let maximumSteps = 32

    let steps: [Step]
    /// Pieces reach the model in the byte-level alphabet, and have to be read back.
    let endsInAlphabet: Bool
    /// A piece is a part of the text as it was: nothing is added, dropped or replaced.
    let keepsText: Bool

    init(_ description: [PreTokenizerStep]) throws(TokenizerError) {
        guard description.count <= Self.maximumSteps else {
            throw TokenizerError(
                .invalid, "the pre-tokenizer has \(description.count) steps; at most \(Self.maximumSteps) are allowed")
        }
        var steps: [Step] = []
        var endsInAlphabet = false
        for (index, step) in Self.joined(description).enumerated() {
            switch step {
            case .split(let pattern, .isolated, isInverted: _):
                steps.append(.isolate(try Self.pattern(pattern, of: "pre-tokenizer")))
            case .split(let pattern, let behavior, let isInverted):
                steps.append(
                    .split(try Self.pattern(pattern, of: "pre-tokenizer"), behavior, isInverted: isInverted))
            case .splitText(let text, let behavior, let isInverted):
                guard !text.isEmpty else { throw TokenizerError(.invalid, "the pre-tokenizer splits at an empty text") }
                steps.append(.splitText(text, behavior, isInverted: isInverted))
            case .digitGroups(let anyNumber, let needsBoundary):
                let run = (anyNumber ? #"\p{N}+"# : #"\d+"#)
                steps.append(
                    .digitGroups(try Self.pattern(run, of: "pre-tokenizer"), needsBoundary: needsBoundary))
            case .byteLevel(let addsPrefixSpace, let usesPattern):
                if addsPrefixSpace { steps.append(.prefixSpace) }
                if usesPattern {
                    steps.append(.isolate(try Self.pattern(PreTokenizerStep.wordPattern, of: "pre-tokenizer")))
                }
                if index + 1 < description.count, index + 1 < Self.joined(description).count {
                    steps.append(.byteAlphabet)
                    endsInAlphabet = true
                }
            case .metaspace(let replacement, let prepending, let splits):
                guard !replacement.isEmpty else {
                    throw TokenizerError(.invalid, "the pre-tokenizer replaces spaces by an empty text")
                }
                steps.append(.metaspace(replacement: replacement, prepending, splits: splits))
            }
        }
        self.steps = steps
        self.endsInAlphabet = endsInAlphabet
        keepsText = steps.allSatisfy {
            switch $0 {
            case .isolate, .digitGroups, .byteAlphabet: true
            case .split(_, let behavior, _), .splitText(_, let behavior, _): behavior != .removed
            case .prefixSpace, .metaspace: false
            }
        }
    }

    /// GPT-2's pattern after single digits is one pattern: a number takes no space before it, and white space before one
    /// counts as the end of a piece. One search for each piece takes half the time of two.
    private static func joined(_ steps: [PreTokenizerStep]) -> [PreTokenizerStep] {
        let digitsAndWords: [PreTokenizerStep] = [
            .split(pattern: #"\p{N}"#, .isolated), .byteLevel(addsPrefixSpace: false, usesPattern: true),
        ]
        guard steps == digitsAndWords else { return steps }
        return [
            .split(
                pattern: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?![^\s\p{N}])|\s+"#, .isolated),
            .byteLevel(addsPrefixSpace: false, usesPattern: false),
        ]
    }

    static func pattern(_ text: String, of part: String) throws(TokenizerError) -> Pattern {
        do {
            return try Pattern(text, dialect: .oniguruma)
        } catch {
            throw TokenizerError(
                .invalid, "the pattern '\(text.prefix(120))' of the \(part) is not usable: \(error)")
        }
    }

    /// The steps that a pattern may take over a text of so many bytes.
    static func steps(for bytes: Int) -> Int {
        let (product, overflow) = bytes.multipliedReportingOverflow(by: stepsPerByte)
        return overflow ? .max : max(product, leastSteps)
    }
}
