extension Tokenizer {
    /// The text of a token sequence.
    ///
    /// Bytes that are not UTF-8 become U+FFFD, one for each maximal part of a scalar, as Unicode recommends and Python's
    /// `errors="replace"` does. Ids out of range give nothing.
    package func decode(_ tokens: [Int32], skippingControlTokens: Bool = true) -> String {
        var bytes: [UInt8] = []
        var dropped: Int? = 0
        for token in tokens where contains(token) && !(skippingControlTokens && isControl(token)) {
            tokenBytes.append(token, to: &bytes, dropped: &dropped)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
