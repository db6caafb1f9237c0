/// How a piece of text looks in a terminal.
package struct TextStyle: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let bold = TextStyle(rawValue: 1 << 0)
    package static let dim = TextStyle(rawValue: 1 << 1)
    package static let italic = TextStyle(rawValue: 1 << 2)
    package static let underlined = TextStyle(rawValue: 1 << 3)
    package static let struck = TextStyle(rawValue: 1 << 4)
    /// Code within text and in blocks: cyan, which is legible on light and dark ground.
    package static let code = TextStyle(rawValue: 1 << 5)
    package static let heading = TextStyle(rawValue: 1 << 6)

    /// Parameters of ECMA-48's SELECT GRAPHIC RENDITION.
    private static let parameters: [(style: TextStyle, code: String)] = [
        (.bold, "1"), (.dim, "2"), (.italic, "3"), (.underlined, "4"), (.struck, "9"), (.code, "36"),
        (.heading, "1;34"),
    ]
    private static let reset = "\u{1B}[0m"

    /// The sequence that makes what follows look like this, whatever the look was before.
    package var sequence: String {
        guard !isEmpty else { return Self.reset }
        let codes = Self.parameters.filter { contains($0.style) }.map(\.code)
        return "\u{1B}[0;\(codes.joined(separator: ";"))m"
    }

    /// A text in this style, which ends with it; the text as it is where the terminal has no styles.
    package func styling(_ text: String, if isStyled: Bool) -> String {
        isStyled && !isEmpty && !text.isEmpty ? sequence + text + Self.reset : text
    }
}

/// Text of one style.
package struct StyledText: Sendable, Equatable {
    package var text: String
    package var style: TextStyle

    package init(_ text: String, _ style: TextStyle = []) {
        (self.text, self.style) = (text, style)
    }
}
