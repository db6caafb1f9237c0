/// What a program's sets and assertions say of a place in UTF-8 text.
extension PatternProgram {
    /// The position after the scalar at `position` if it is in the set.
    @inline(__always)
    func scalarEnd(_ text: UnsafeBufferPointer<UInt8>, _ position: Int, _ set: FlatSet) -> Int? {
        guard position < text.count else { return nil }
        let byte = text[position]
        if byte < 0x80 { return set.containsASCII(byte) ? position &+ 1 : nil }
        let (scalar, length) = Self.decode(text, position)
        return length > 0 && containsNonASCII(set, scalar) ? position &+ length : nil
    }

    /// A scalar of two to four bytes; the length is 0 where the text is cut short or begins inside of a scalar.
    private static func decode(_ text: UnsafeBufferPointer<UInt8>, _ position: Int) -> (UInt32, Int) {
        let lead = UInt32(text[position])
        let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 0
        guard length > 0, position + length <= text.count else { return (0, 0) }
        var scalar = lead & (0xFF >> UInt32(length + 1))
        for offset in 1..<length { scalar = scalar << 6 | UInt32(text[position + offset] & 0x3F) }
        return (scalar, length)
    }

    /// Whether an instruction can match at a scalar of this first byte; true where only trying tells.
    @inline(__always)
    func mayBegin(_ instruction: Instruction, with byte: UInt8) -> Bool {
        switch instruction {
        case .byte(let wanted): byte == wanted
        case .set(let set), .run(let set, minimum: 1..., maximum: _, mode: _):
            byte >= 0x80 || sets[Int(set)].containsASCII(byte)
        default: true
        }
    }

    /// Whether an assertion holds between two bytes of a text.
    @inline(__always)
    func holds(_ assertion: PatternAssertion, _ text: UnsafeBufferPointer<UInt8>, _ position: Int) -> Bool {
        switch assertion {
        case .textStart: position == 0
        case .textEnd: position == text.count
        case .lineStart: position == 0 || isMember(text, before: position, of: sets[1])
        case .lineEnd: position == text.count || scalarEnd(text, position, sets[1]) != nil
        case .wordBoundary: isAtWordBoundary(text, position)
        case .notWordBoundary: !isAtWordBoundary(text, position)
        }
    }

    private func isAtWordBoundary(_ text: UnsafeBufferPointer<UInt8>, _ position: Int) -> Bool {
        let word = sets[0]
        return isMember(text, before: position, of: word) != (scalarEnd(text, position, word) != nil)
    }

    private func isMember(_ text: UnsafeBufferPointer<UInt8>, before position: Int, of set: FlatSet) -> Bool {
        guard position > 0 else { return false }
        var start = position - 1
        while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
        return scalarEnd(text, start, set) != nil
    }
}
