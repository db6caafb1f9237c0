import Foundation
import PinionGrammar
import PinionJSON
import PinionModelFiles
import PinionTokenizer
import TestSupport
import Testing

private let environment = ProcessInfo.processInfo.environment

/// Masks over a real vocabulary, compared with a reading of each of its tokens.
///
/// The schemas are those of `Fixtures/schemas/models.py`; `PINION_MASK_SCHEMAS` names another file with a line
/// `{"schema": ...}` each, and `PINION_MASK_STATES` says how many places are looked at.
@Suite(
    "Masks over a real vocabulary",
    .enabled(if: environment["PINION_TEST_MODEL"] != nil, "PINION_TEST_MODEL names no file"))
struct MaskBruteForceTests {
    /// Places that are looked at where nothing else is said.
    private static let places = 30
    /// Tokens behind which a walk begins anew, with the next schema.
    private static let longestWalk = 60
    private static let limits = JSONLimits(depth: 100, values: 1_000_000)

    private static func schemas() throws -> [JSONValue] {
        let own = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/schemas/models.jsonl")
        let url = environment["PINION_MASK_SCHEMAS"].map { URL(filePath: $0) } ?? own
        return try Data(contentsOf: url).split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard case .object(let object) = try JSONValue.parse(Array(line), limits: limits) else { return nil }
            return object["schema"]
        }
    }

    @Test("A mask allows exactly the tokens that the schema can go on with")
    func bruteForce() throws {
        let package = try ModelPackage(path: try #require(environment["PINION_TEST_MODEL"]))
        let tokenizer = try Tokenizer(package.tokenizer())
        let ends = Set(tokenizer.endOfGenerationTokens)
        let texts = (0..<Int32(tokenizer.vocabularyCount)).map { tokenizer.replyBytes(of: $0) }
        let vocabulary = TokenVocabulary(tokens: texts, endTokens: ends)
        let readable = texts.indices.filter { !(texts[$0] ?? []).isEmpty && !ends.contains(Int32($0)) }
        let endings = readable.map { texts[$0] ?? [] }
        let grammars = try Self.schemas().compactMap { try? SchemaGrammar.compile($0, mode: .strict).grammar }
        try #require(grammars.count > 50)
        let wanted = environment["PINION_MASK_STATES"].flatMap { Int($0) } ?? Self.places
        var random = SeededGenerator(seed: 41)
        var (places, grammar) = (0, random.below(grammars.count))
        while places < wanted {
            grammar = (grammar + 1) % grammars.count
            let session = GrammarSession(CompiledGrammar(grammars[grammar], vocabulary: vocabulary, encode: nil))
            var matcher = GrammarMatcher(grammars[grammar])
            var text: [UInt8] = []
            // A place of each walk, so that there are as many schemas as places if there can be.
            let place = random.below(Self.longestWalk)
            for step in 0...place {
                let allowed = Self.allowed(session, vocabulary.count)
                if step == place || allowed.isSubset(of: ends) {
                    var expected: Set<Int32> = []
                    for (token, result) in zip(readable, matcher.read(endings, behind: text)) {
                        if case .refused = result { continue }
                        expected.insert(Int32(token))
                    }
                    if matcher.read(text) == .accepted { expected.formUnion(ends) }
                    let difference = allowed.symmetricDifference(expected).sorted().prefix(5)
                    try #require(
                        allowed == expected,
                        "schema \(grammar), after \(String(decoding: text, as: UTF8.self)): tokens \(Array(difference))"
                    )
                    places += 1
                    break
                }
                let next = Self.choice(allowed.subtracting(ends), texts, &random)
                session.advance(next)
                text += texts[Int(next)] ?? []
            }
        }
        print("\(places) places of \(min(places, grammars.count)) schemas")
    }

    private static func allowed(_ session: GrammarSession, _ count: Int) -> Set<Int32> {
        var words = [UInt64](repeating: 0, count: (count + 63) / 64)
        words.withUnsafeMutableBufferPointer { session.markAllowed(in: $0) }
        return Set((0..<Int32(count)).filter { words[Int($0) / 64] >> UInt64($0 % 64) & 1 == 1 })
    }

    /// Every other time one of the tokens that begin or end something: most tokens only make a string longer.
    private static func choice(
        _ tokens: Set<Int32>, _ texts: [[UInt8]?], _ random: inout SeededGenerator
    ) -> Int32 {
        let marks = tokens.filter { Array(#""{}[],:"#.utf8).contains(texts[Int($0)]?.first ?? 0) }
        let chosen = (marks.isEmpty || random.below(2) == 0 ? tokens : marks).sorted()
        return chosen[random.below(chosen.count)]
    }
}
