import PinionJSON

/// One of JSON's words, and how models write it where their values are not JSON.
struct LiteralWord: Sendable {
    let json: String
    let type: JSONTypes
    /// The spellings that a grammar allows, and a reader takes for the word.
    let spellings: [String]

    static let all = [
        LiteralWord(json: "true", type: .boolean, spellings: ["true", "True"]),
        LiteralWord(json: "false", type: .boolean, spellings: ["false", "False"]),
        LiteralWord(json: "null", type: .null, spellings: ["null", "None"]),
    ]

    private static let bySpelling: [ProtocolWord: LiteralWord] = {
        let pairs = all.flatMap { word in word.spellings.map { (ProtocolWord($0), word) } }
        return Dictionary(uniqueKeysWithValues: pairs)
    }()

    /// The word that a text spells; nil for any other text.
    ///
    /// - Complexity: Linear in the text, which is a model's: `String` would compare it by its characters.
    static func spelled(_ text: [UInt8]) -> LiteralWord? {
        bySpelling[ProtocolWord(String(decoding: text, as: UTF8.self))]
    }
}
