import Foundation
import PinionGrammar
import PinionJSON
import TestSupport
import Testing

private let walkDirectory = ProcessInfo.processInfo.environment["PINION_SCHEMA_WALKS"]

/// Writes texts that masks let through, for `Tests/Fixtures/schemas/judge_walks.py`, which judges them by another
/// implementation. `PINION_SCHEMA_WALKS` names a directory with `schemas.jsonl`, a schema a line.
@Suite("Texts that masks let through", .enabled(if: walkDirectory != nil)) struct SchemaTextExport {
    /// Texts of each schema, and tokens after which a walk takes whatever ends it soonest.
    private static let walks = 200
    private static let longest = 120

    @Test("Every walk ends in a whole text")
    func walks() throws {
        let directory = URL(filePath: try #require(walkDirectory))
        let lines = try String(contentsOf: directory.appending(path: "schemas.jsonl"), encoding: .utf8)
            .split(separator: "\n")
        let vocabulary = TokenVocabulary(tokens: Self.tokens, endTokens: [0])
        let limits = JSONLimits(depth: 100, values: 1_000_000)
        var output = ""
        var (refused, unfinished) = (0, 0)
        for (index, line) in lines.enumerated() {
            var random = SeededGenerator(seed: UInt64(index))
            let schema = try JSONValue.parse(Array(line.utf8), limits: limits)
            guard let compiled = try? SchemaGrammar.compile(schema, mode: .strict) else {
                refused += 1
                continue
            }
            let grammar = CompiledGrammar(compiled.grammar, vocabulary: vocabulary, encode: nil)
            for _ in 0..<Self.walks {
                guard let text = Self.walk(grammar, &random) else {
                    unfinished += 1
                    continue
                }
                let fields = ["schema": "\(index)", "text": String(decoding: text, as: UTF8.self)]
                output += String(decoding: try JSONEncoder().encode(fields), as: UTF8.self) + "\n"
            }
        }
        try output.write(to: directory.appending(path: "walks.jsonl"), atomically: true, encoding: .utf8)
        print("\(lines.count) schemas, \(refused) refused, \(unfinished) walks left unfinished")
    }

    /// Bytes, and stretches of JSON as vocabularies have them.
    private static let tokens: [[UInt8]?] =
        [nil] + (0...255).map { [UInt8($0)] }
        + [
            "{\"", "\":", "\": ", "\",", "\", \"", "\"}", "}}", "[]", "{}", "],", "[[", "true", "false", "null", "foo",
            "bar",
            "\"foo\":", "10", "12", ".5", "-1", "e+", "\\n", "\\\"", "\\u00", "é", "日本", "😀", "\n  ", "    ", ", ",
            "ab", "aaa",
        ].map { Array($0.utf8) }

    /// - Returns: nil for a text that does not end in time.
    private static func walk(_ grammar: CompiledGrammar, _ random: inout SeededGenerator) -> [UInt8]? {
        let session = GrammarSession(grammar)
        var text: [UInt8] = []
        for step in 0..<4 * longest {
            var words = [UInt64](repeating: 0, count: (tokens.count + 63) / 64)
            words.withUnsafeMutableBufferPointer { session.markAllowed(in: $0) }
            var allowed = (0..<Int32(tokens.count)).filter { words[Int($0) / 64] >> UInt64($0 % 64) & 1 == 1 }
            precondition(!allowed.isEmpty, "nothing can follow \(String(decoding: text, as: UTF8.self))")
            if allowed.contains(0), step > longest || random.below(4) == 0 { return text }
            allowed.removeAll { $0 == 0 }
            if allowed.isEmpty { return text }
            let closing = allowed.filter { [0x22, 0x7D, 0x5D].contains(tokens[Int($0)]?.first ?? 0) }
            let chosen = step > longest && !closing.isEmpty ? closing : allowed
            let token = chosen[random.below(chosen.count)]
            session.advance(token)
            text += tokens[Int(token)] ?? []
        }
        return nil
    }
}
