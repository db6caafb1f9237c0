import Foundation
import PinionGrammar
import PinionJSON
import PinionModelFiles
import PinionTokenizer
import Testing

private let environment = ProcessInfo.processInfo.environment

/// Times for `Tests/Fixtures/schemas/time_masks.py`, which compares them with others: `PINION_SCHEMA_TIMES` names a
/// directory with `jobs.jsonl`, a line `{"schema": ..., "texts": [...]}` each, and gets `pinion.jsonl`.
@Suite(
    "Times of compilations and masks",
    .enabled(if: environment["PINION_SCHEMA_TIMES"] != nil && environment["PINION_TEST_MODEL"] != nil))
struct SchemaTimeExport {
    /// Nanoseconds.
    private struct Times: Encodable {
        /// From the schema's text to the first mask.
        var first: [Int64] = []
        /// With a grammar that was just compiled, and the same again.
        var cold: [Int64] = []
        var warm: [Int64] = []
        /// Taking note of a token.
        var coldAdvance: [Int64] = []
        var warmAdvance: [Int64] = []
        /// Texts that were refused.
        var refused = 0
    }

    private static let limits = JSONLimits(depth: 100, values: 1_000_000)

    @Test("Masks are found in front of every token", arguments: [false, true])
    func times(isCompact: Bool) throws {
        let directory = URL(filePath: try #require(environment["PINION_SCHEMA_TIMES"]))
        let package = try ModelPackage(path: try #require(environment["PINION_TEST_MODEL"]))
        let tokenizer = try Tokenizer(package.tokenizer())
        let texts = (0..<Int32(tokenizer.vocabularyCount)).map { tokenizer.replyBytes(of: $0) }
        let vocabulary = TokenVocabulary(tokens: texts, endTokens: tokenizer.endOfGenerationTokens)
        var lines: [Data] = []
        for line in try Data(contentsOf: directory.appending(path: "jobs.jsonl")).split(separator: UInt8(ascii: "\n")) {
            guard case .object(let job) = try JSONValue.parse(Array(line), limits: Self.limits),
                let schema = job["schema"], case .array(let instances)? = job["texts"]
            else { continue }
            let replies = instances.map { instance -> [Int32] in
                guard case .string(let text) = instance else { return [] }
                return tokenizer.encode(Array(text.utf8), templateRanges: [])
            }
            var times = Times()
            try Self.run(schema, replies, vocabulary, isCompact, &times)
            lines.append(try JSONEncoder().encode(times))
        }
        let name = isCompact ? "pinion-compact.jsonl" : "pinion.jsonl"
        try Data(lines.joined(separator: [UInt8(ascii: "\n")])).write(to: directory.appending(path: name))
        #expect(!lines.isEmpty)
    }

    private static func run(
        _ schema: JSONValue, _ replies: [[Int32]], _ vocabulary: TokenVocabulary, _ isCompact: Bool,
        _ times: inout Times
    ) throws {
        let clock = ContinuousClock()
        let text = schema.compactText
        var words = [UInt64](repeating: 0, count: (vocabulary.count + 63) / 64)
        var grammar: CompiledGrammar?
        times.first.append(
            nanoseconds(
                try clock.measure {
                    let schema = try JSONValue.parse(text, limits: Self.limits)
                    let translated = try SchemaGrammar.compile(schema, mode: .strict).grammar
                    let compiled = CompiledGrammar(translated, vocabulary: vocabulary, encode: nil)
                    grammar = compiled
                    let session = GrammarSession(compiled, isCompact: isCompact)
                    words.withUnsafeMutableBufferPointer { session.markAllowed(in: $0) }
                }))
        guard let grammar else { return }
        for isWarm in [false, true] {
            for reply in replies {
                let session = GrammarSession(grammar, isCompact: isCompact)
                for token in reply {
                    words.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
                    let mask = nanoseconds(
                        clock.measure { words.withUnsafeMutableBufferPointer { session.markAllowed(in: $0) } })
                    guard words[Int(token) / 64] >> UInt64(token % 64) & 1 == 1 else {
                        times.refused += 1
                        break
                    }
                    let advance = nanoseconds(clock.measure { session.advance(token) })
                    if isWarm {
                        times.warm.append(mask)
                        times.warmAdvance.append(advance)
                    } else {
                        times.cold.append(mask)
                        times.coldAdvance.append(advance)
                    }
                }
            }
        }
    }

    private static func nanoseconds(_ time: Duration) -> Int64 { Int64(time / .nanoseconds(1)) }
}
