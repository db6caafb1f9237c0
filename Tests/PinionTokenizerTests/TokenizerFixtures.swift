import Foundation
import PinionTokenizer
import Testing

/// Reads what `make_tokenizer_fixtures.py` wrote.
enum TokenizerFixtures {
    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/tokenizer")

    static func load<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(contentsOf: folder.appending(path: name)))
    }

    /// The SmolLM2 vocabulary with the given pre-tokenizer and user-defined tokens appended.
    static func description(
        preTokenizer: String = "smollm", userDefined: [String] = []
    ) throws -> TokenizerMetadata {
        let text = try String(contentsOf: folder.appending(path: "smollm2-vocab.txt"), encoding: .utf8)
        let lines = text.utf8.split(separator: 0x0A).map { String(Substring($0)) }
        let specialCount = try #require(Int(lines[0]))
        let byteCount = try #require(Int(lines[specialCount + 1]))
        let merges = Array(lines[(specialCount + byteCount + 2)...])
        let texts =
            lines[1...specialCount] + lines[(specialCount + 2)..<(specialCount + 2 + byteCount)]
            + merges.map { merge in String(String.UnicodeScalarView(merge.unicodeScalars.filter { $0 != " " })) }
            + userDefined
        var types = [Int32](repeating: 1, count: texts.count)
        for index in 0..<specialCount { types[index] = 3 }
        for index in texts.count - userDefined.count..<texts.count { types[index] = 4 }
        return TokenizerMetadata(
            preTokenizer: preTokenizer, tokens: texts.map { Array($0.utf8) }, types: types, merges: merges,
            beginToken: 1, endToken: 2, unknownToken: 0, paddingToken: 2)
    }

    static let smollm = Result { try Tokenizer(description()) }
}
