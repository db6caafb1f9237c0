import PinionTerminal
import Testing

@Suite("The line editor")
struct LineEditorTests {
    /// An editor after keys, with `|` in its text where the cursor is.
    private static func shown(_ keys: [Key], history: [String] = []) -> String {
        var editor = LineEditor(history: InputHistory(history))
        for key in keys { _ = editor.take(key) }
        return String(editor.characters[..<editor.cursor]) + "|" + String(editor.characters[editor.cursor...])
    }

    private static let word: Key = .paste("one two-three  four")
    private static let cases: [([Key], String)] = [
        ([.text("a"), .text("b"), .left, .text("x")], "ax|b"),
        ([.paste("ab"), .home, .delete, .end, .backspace], "|"),
        ([word, .control("a"), .wordRight, .wordRight], "one two|-three  four"),
        ([word, .alt("b"), .alt("b")], "one two-|three  four"),
        ([word, .control("w")], "one two-three  |"),
        ([word, .control("w"), .control("w"), .control("y")], "one two-three  |"),
        ([word, .alt("\u{7F}"), .alt("\u{7F}")], "one two-|"),
        ([word, .control("a"), .alt("d"), .control("e"), .control("y")], " two-three  fourone|"),
        ([word, .control("u"), .text("x"), .control("y")], "xone two-three  four|"),
        ([.paste("abc\ncd"), .up, .control("k")], "ab|\ncd"),
        ([.paste("abc\ncd"), .up, .control("k"), .control("k")], "ab|cd"),
        ([.paste("abc\nd"), .up, .down], "abc\nd|"),
        ([.paste("a\nbcd"), .up], "a|\nbcd"),
        ([.paste("ab"), .control("t")], "ba|"),
        ([.text("a"), .newLine, .text("b"), .home, .text(">")], "a\n>|b"),
        ([.text("a"), .text("\\"), .enter, .text("b")], "a\nb|"),
        ([.text("e"), .text("\u{301}"), .left, .text("x")], "x|e\u{301}"),
        ([.text("x"), .text("e"), .text("\u{301}"), .backspace], "x|"),
        ([.paste("👩\u{200D}👩\u{200D}👧a"), .left, .left, .delete], "|a"),
        ([.text("🇨"), .text("🇭"), .left], "|🇨🇭"),
        ([.text("a"), .escape, .control("g"), .pageUp, .text("b")], "ab|"),
    ]

    @Test("Keys change the text and move the cursor by characters", arguments: cases)
    func keys(keys: [Key], expected: String) {
        #expect(Self.shown(keys) == expected)
    }

    @Test("Enter submits, Control-C throws away, Control-D ends where there is no text")
    func actions() {
        var editor = LineEditor()
        #expect(editor.take(.enter) == .submitted(""))
        #expect(editor.take(.paste("a\nb")) == .changed)
        #expect(editor.take(.enter) == .submitted("a\nb"))
        #expect(editor.isEmpty)
        #expect(editor.take(.text("x")) == .changed)
        #expect(editor.take(.control("c")) == .interrupted(hadText: true))
        #expect(editor.take(.control("c")) == .interrupted(hadText: false))
        #expect(editor.take(.control("d")) == .ended)
        let actions = [Key.control("z"), .control("l"), .left, .backspace].map { editor.take($0) }
        #expect(actions == [.suspended, .cleared, .refused, .refused])
    }

    @Test("History is walked with the arrows, and the draft is found again behind it")
    func history() {
        let old = ["first", "second\nline", "third"]
        #expect(Self.shown([.text("d"), .up], history: old) == "third|")
        #expect(Self.shown([.up, .up], history: old) == "second\nline|")
        // Within an entry of two lines the arrow moves by a line first.
        #expect(Self.shown([.up, .up, .up], history: old) == "secon|d\nline".replacing("secon|d", with: "seco|nd"))
        #expect(Self.shown([.text("d"), .up, .down], history: old) == "d|")
        #expect(Self.shown([.down, .up, .up, .up, .up, .up, .up], history: ["a"]) == "a|")
    }

    @Test("The history is searched backwards, and left with or without what was found")
    func search() {
        let old = ["alpha one", "beta", "alpha two", "gamma"]
        #expect(Self.shown([.control("r"), .text("a"), .text("l")], history: old) == "alpha two|")
        #expect(Self.shown([.control("r"), .text("al"), .control("r")], history: old) == "alpha one|")
        #expect(Self.shown([.text("x"), .control("r"), .text("al"), .control("g")], history: old) == "x|")
        #expect(Self.shown([.text("x"), .control("r"), .text("zz")], history: old) == "x|")
        #expect(Self.shown([.control("r"), .text("be"), .left], history: old) == "bet|a")
        var editor = LineEditor(history: InputHistory(old))
        for key in [Key.control("r"), .text("gam")] { _ = editor.take(key) }
        #expect(editor.take(.enter) == .submitted("gamma"))
    }

    @Test("History keeps no empty, doubled or huge text, and a bounded number")
    func bounds() {
        var history = InputHistory(["a"])
        let huge = String(repeating: "x", count: InputHistory.maximumEntry + 1)
        let kept = ["a", "", "b", huge].map { history.add($0) }
        #expect(kept == [false, false, true, false])
        for index in 0..<InputHistory.maximumCount { history.add("\(index)") }
        #expect(history.entries.count == InputHistory.maximumCount && history.entries.first == "0")
    }

    @Test("A text has a bound, beyond which nothing is taken")
    func length() {
        var editor = LineEditor()
        let part = String(repeating: "x", count: LineEditor.maximumLength / 2)
        let actions = [Key.paste(part), .paste(part), .text("y"), .backspace, .text("y")].map { editor.take($0) }
        #expect(actions == [.changed, .changed, .refused, .changed, .changed])
    }
}

@Suite("The editor on a screen")
struct EditorScreenTests {
    private static let text = "Hello 漢字 world 👩\u{200D}👩\u{200D}👧 and\nsecond line e\u{301} with more words\n\ttab"

    @Test("Text and cursor stand where they should at every width, after every key", arguments: 4...60)
    func widths(columns: Int) {
        var screen = VirtualScreen(columns: columns, lines: 200)
        var editor = LineEditor()
        var view = EditorScreen(
            prompt: StyledText("> ", .bold), columns: columns, lines: 200, isStyled: true)
        screen.send("before\r\n")
        let start = screen.row
        var keys: [Key] = Self.text.map { $0 == "\n" ? .newLine : $0 == "\t" ? .tab : .text(String($0)) }
        keys += Array(repeating: .left, count: 9) + [.text("x"), .home, .up, .control("k"), .text("漢"), .end]
        for key in keys {
            _ = editor.take(key)
            screen.send(view.draw(editor))
            let layout = EditorLayout(
                prompt: "> ", continuation: "… ", text: editor.characters, cursor: editor.cursor, columns: columns)
            var rows = layout.rows.map { row in
                var row = row
                while row.last == " " { row.removeLast() }
                return row
            }
            while rows.last == "" { rows.removeLast() }
            #expect(Array(screen.text.dropFirst(start)) == rows)
            #expect(screen.row == start + layout.cursorRow && screen.column == layout.cursorColumn)
            #expect(layout.widths.allSatisfy { $0 < max(columns, 4) })
        }
        #expect(screen.strange.isEmpty)
        // All characters are there, in order.
        let shown = screen.text.dropFirst(start).joined().filter { !"> …".contains($0) }
        #expect(shown == editor.text.filter { !"\n\t ".contains($0) })
        screen.send(view.leave() + "end")
        #expect(screen.text.last == "end")
    }

    @Test("Random keys leave text, cursor and screen in agreement", arguments: 0..<20)
    func random(seed: Int) {
        var state = UInt64(seed) &* 7_919 &+ 29
        func pick(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(count))
        }
        let keys: [Key] = [
            .text("a"), .text("漢"), .text("e"), .text("\u{301}"), .text("😀"), .text("\u{200D}"), .text("🇨"), .text("🇭"),
            .text(" "), .text("\\"), .newLine, .tab, .enter, .paste("two\nlines \u{202E}"), .backspace, .delete, .left,
            .right, .up, .down, .home, .end, .wordLeft, .wordRight, .control("u"), .control("k"), .control("w"),
            .control("y"), .control("t"), .control("r"), .control("g"), .alt("d"), .alt("\u{7F}"), .alt("<"), .escape,
        ]
        let columns = 4 + pick(30)
        var editor = LineEditor(history: InputHistory(["old", "older\ntext"]))
        var view = EditorScreen(prompt: StyledText("> "), columns: columns, lines: 300, isStyled: false)
        var screen = VirtualScreen(columns: columns, lines: 300)
        for _ in 0..<400 {
            if case .submitted(let text) = editor.take(keys[pick(keys.count)]) { _ = editor.history.add(text) }
            #expect((0...editor.characters.count).contains(editor.cursor))
            // What is joined is one character again: no two characters of the list would join.
            #expect(Array(editor.text) == editor.characters)
            screen.send(view.draw(editor))
            if editor.search == nil {
                let layout = EditorLayout(
                    prompt: "> ", continuation: "… ", text: editor.characters, cursor: editor.cursor, columns: columns)
                #expect(screen.row == layout.cursorRow && screen.column == layout.cursorColumn)
            }
        }
        #expect(screen.strange.isEmpty)
    }

    @Test("Text taller than the screen is shown around the cursor, and erased without a trace")
    func tall() {
        var screen = VirtualScreen(columns: 20, lines: 5)
        var editor = LineEditor()
        var view = EditorScreen(prompt: StyledText("> "), columns: 20, lines: 5, isStyled: false)
        _ = editor.take(.paste((1...12).map { "line \($0)" }.joined(separator: "\n")))
        screen.send(view.draw(editor))
        #expect(screen.text == (8...12).map { "… line \($0)" })
        for _ in 0..<11 { _ = editor.take(.up) }
        screen.send(view.draw(editor))
        #expect(screen.text.first == "> line 1" && screen.text.count == 5)
        screen.send(view.erase())
        #expect(screen.text.isEmpty)
    }

    @Test("Pasted marks of direction are replaced on the screen and kept in the text")
    func hidden() {
        var screen = VirtualScreen(columns: 40, lines: 5)
        var editor = LineEditor()
        var view = EditorScreen(prompt: StyledText("> "), columns: 40, lines: 5, isStyled: false)
        _ = editor.take(.paste("a\u{202E}b"))
        screen.send(view.draw(editor))
        #expect(screen.text == ["> a\u{FFFD}b"] && editor.text == "a\u{202E}b")
    }

    @Test("A search is shown in place of the prompt")
    func search() {
        var screen = VirtualScreen(columns: 40, lines: 5)
        var editor = LineEditor(history: InputHistory(["hello"]))
        var view = EditorScreen(prompt: StyledText("> "), columns: 40, lines: 5, isStyled: false)
        for key in [Key.control("r"), .text("ell")] { _ = editor.take(key) }
        screen.send(view.draw(editor))
        #expect(screen.text == ["search 'ell': hello"])
    }
}
