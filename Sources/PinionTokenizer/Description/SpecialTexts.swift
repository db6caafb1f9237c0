/// The texts of special tokens by the names under which chat templates know them.
///
/// A token that the files name no text of is not here, and a template then finds its variable undefined.
package struct SpecialTexts: Sendable, Equatable {
    /// The names that every family of tokenizers has, as `tokenizer_config.json` spells them.
    package static let commonNames = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]
    /// The variable that lists the texts without names.
    package static let listName = "additional_special_tokens"

    /// Named texts, each name once; beside the common names those of a model's own.
    package private(set) var named: [(name: String, text: [UInt8])] = []
    /// Further special tokens.
    package var unnamed: [[UInt8]] = []

    package init() {}

    package subscript(name: String) -> [UInt8]? {
        named.first { $0.name.utf8.elementsEqual(name.utf8) }?.text
    }

    /// Adds a text, unless there is none or the name has one.
    package mutating func add(_ name: String, _ text: [UInt8]?) {
        guard let text, self[name] == nil else { return }
        named.append((name, text))
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.unnamed == right.unnamed
            && left.named.elementsEqual(right.named) { $0.name == $1.name && $0.text == $1.text }
    }
}
