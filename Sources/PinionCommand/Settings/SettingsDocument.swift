/// The part of `docs/reference/configuration.md` that the table of settings writes.
package enum SettingsDocument {
    /// The heading from which on the document is this text.
    package static let heading = "## Settings"

    package static var text: String {
        ([heading] + Setting.table.map(section)).joined(separator: "\n\n") + "\n"
    }

    private static func section(_ setting: Setting) -> String {
        """
        ### `\(setting.flag)`

        \(setting.help).

        - variable `\(setting.variable)`, file key `\(setting.name.rawValue)`
        - value: \(values(setting.kind))
        - default: \(setting.fallback ?? "false")
        """
    }

    /// Words of a list item, within the width of a page.
    private static func lines(_ beginning: String, _ words: [String]) -> String {
        var text = beginning
        var width = "- value: ".count + beginning.count
        for (index, word) in words.enumerated() {
            let part = word + (index == words.count - 1 ? "" : ",")
            let isFull = width + part.count + 1 > maximumWidth
            text += (isFull ? "\n  " : " ") + part
            width = isFull ? part.count + 2 : width + part.count + 1
        }
        return text
    }

    private static let maximumWidth = 120

    private static func values(_ kind: Setting.Kind) -> String {
        switch kind {
        case .address: "a host name or address"
        case .name(let words): words
        case .path: "a path"
        case .list: "any number: the flag is repeated, the variable divided by commas, and the file holds a list"
        case .secrets: "any number: the flag is repeated, the variable holds one, and the file holds a list"
        case .toggle: "true or false; as a flag it has no value and means true"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .word(let words): lines("one of", words)
        case .size: "a size such as 512M or 4G, at most the memory of the machine"
        }
    }
}
