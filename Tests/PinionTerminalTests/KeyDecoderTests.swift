import PinionTerminal
import Testing

@Suite("Keys from the bytes of a terminal")
struct KeyDecoderTests {
    private static let esc = "\u{1B}"
    private static let cases: [(String, [Key])] = [
        ("aB ", [.text("a"), .text("B"), .text(" ")]),
        ("ä漢😀", [.text("ä"), .text("漢"), .text("😀")]),
        ("\r\n\t\u{7F}\u{08}", [.enter, .enter, .tab, .backspace, .backspace]),
        ("\u{01}\u{05}\u{0B}\u{03}\u{1A}", ["a", "e", "k", "c", "z"].map { .control($0) }),
        ("\(esc)[A\(esc)[B\(esc)[C\(esc)[D\(esc)OA\(esc)OD", [.up, .down, .right, .left, .up, .left]),
        ("\(esc)[H\(esc)[F\(esc)[1~\(esc)[4~\(esc)[3~\(esc)[5~", [.home, .end, .home, .end, .delete, .pageUp]),
        ("\(esc)[1;5C\(esc)[1;3D\(esc)[1;2C", [.wordRight, .wordLeft, .right]),
        ("\(esc)b\(esc)\u{7F}\(esc)\r\(esc)ä", [.alt("b"), .alt("\u{7F}"), .newLine, .alt("ä")]),
        ("\(esc)[13;2u\(esc)[27;2;13~\(esc)[13u", [.newLine, .newLine, .enter]),
        ("\(esc)[200~a\r\nb\rc\nd\(esc)[201~e", [.paste("a\nb\nc\nd"), .text("e")]),
        ("\(esc)[200~x\(esc)[20\(esc)[201~", [.paste("x[20")]),
        ("\(esc)[200~\(esc)\(esc)[201~", [.paste("")]),
        ("\(esc)[200~\(esc)[31m\u{0}\u{9B}2J\t漢\(esc)[201~", [.paste("[31m2J\t漢")]),
        ("\(esc)[99;99Xz", [.text("z")]),
    ]

    @Test("Sequences are keys, wherever their bytes are cut", arguments: cases)
    func keys(text: String, expected: [Key]) {
        let bytes = Array(text.utf8)
        var whole = KeyDecoder()
        #expect(whole.push(bytes) == expected)
        for cut in 0...bytes.count {
            var decoder = KeyDecoder()
            let (head, tail) = (decoder.push(bytes[..<cut]), decoder.push(bytes[cut...]))
            #expect(head + tail == expected)
        }
        var single = KeyDecoder()
        #expect(bytes.flatMap { single.push([$0]) } == expected)
    }

    @Test("An escape that nothing follows is a key by itself")
    func escape() {
        var decoder = KeyDecoder()
        #expect(decoder.push([0x1B]) == [])
        #expect(decoder.isAmbiguous)
        #expect(decoder.timeout() == [.escape])
        #expect(!decoder.isAmbiguous)
        #expect(decoder.push(Array("[A".utf8)) == [.text("["), .text("A")])
        #expect(decoder.timeout() == [])
    }

    @Test("What is no UTF-8 is a replacement, and does not swallow what follows")
    func invalid() {
        var decoder = KeyDecoder()
        #expect(
            decoder.push([0xC3, UInt8(ascii: "a"), 0xFF, 0x80]) == [
                .text("\u{FFFD}"), .text("a"), .text("\u{FFFD}"), .text("\u{FFFD}"),
            ])
        #expect(decoder.push([0xC2, 0x9B, UInt8(ascii: "x")]) == [.text("x")])
    }

    @Test("A paste has a bound, and says that it was cut")
    func longPaste() {
        var decoder = KeyDecoder()
        var keys = decoder.push("\u{1B}[200~".utf8)
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16)
        for _ in 0..<8 { keys += decoder.push(piece) }
        keys += decoder.push("\u{1B}[201~y".utf8)
        #expect(keys == [.paste(String(repeating: "x", count: KeyDecoder.maximumPaste)), .text("y")])
        #expect(decoder.isPasteCut)
    }

    @Test("Random bytes never trap, and end in the ground state")
    func random() {
        var generator = Numbers(state: 5)
        var decoder = KeyDecoder()
        for _ in 0..<20_000 {
            let byte = UInt8.random(in: 0...255, using: &generator)
            _ = decoder.push([byte])
        }
        _ = decoder.push("\u{1B}[201~".utf8)
        _ = decoder.timeout()
        #expect(decoder.push([UInt8(ascii: "q")]) == [.text("q")])
    }
}
