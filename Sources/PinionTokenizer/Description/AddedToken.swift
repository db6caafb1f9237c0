/// A token that is found in text as a whole, before the text is cut into pieces.
package struct AddedToken: Sendable, Equatable {
    package var token: Int32
    /// The text is no match where a letter, mark, digit or `_` stands right before or after it.
    package var isSingleWord: Bool
    /// White space before the text belongs to the token.
    package var stripsLeft: Bool
    /// White space after the text belongs to the token.
    package var stripsRight: Bool
    /// The text is looked for in the normalised text rather than in the text as it came.
    package var isNormalized: Bool

    package init(
        _ token: Int32, isSingleWord: Bool = false, stripsLeft: Bool = false, stripsRight: Bool = false,
        isNormalized: Bool = false
    ) {
        self.token = token
        self.isSingleWord = isSingleWord
        self.stripsLeft = stripsLeft
        self.stripsRight = stripsRight
        self.isNormalized = isNormalized
    }
}
