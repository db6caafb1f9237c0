import PinionJSON

/// The texts of special tokens by the names under which chat templates know them.
///
/// A token that the files name no text of is not here, and a template then finds its variable undefined.
package struct SpecialTexts: Sendable {
    /// The names that every family of tokenizers has, as `tokenizer_config.json` spells them.
    package static let commonNames = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]
    /// The variable that lists the texts without names.
    package static let listName = "additional_special_tokens"

    /// Most texts that a file may list, above any model's: every request copies them.
    static let maximumCount = 1 << 14

    /// The texts that have names, each name once: common ones, and a model's own.
    package private(set) var named: [(name: String, text: [UInt8])] = []
    /// Further special tokens, each once.
    package private(set) var unnamed: [[UInt8]] = []
    private var places: [ProtocolWord: Int] = [:]
    private var listed: Set<[UInt8]> = []

    package init() {}

    package subscript(name: String) -> [UInt8]? {
        places[ProtocolWord(name)].map { named[$0].text }
    }

    /// Adds a text, unless there is none or the name has one.
    package mutating func add(_ name: String, _ text: [UInt8]?) {
        guard let text, places[ProtocolWord(name)] == nil else { return }
        places[ProtocolWord(name)] = named.count
        named.append((name, text))
    }

    package mutating func addUnnamed(_ text: [UInt8]) {
        if listed.insert(text).inserted { unnamed.append(text) }
    }
}
