/// The text that is being written, as keys change it: no terminal, no clock.
///
///     var editor = LineEditor()
///     editor.take(.text("a"))     // .changed
///     editor.take(.enter)         // .submitted("a")
///
/// The text is a list of characters as people count them (grapheme clusters), and the cursor stands between two of them,
/// so that an emoji of several scalars is passed and removed as one. A scalar that joins the character before it, such as
/// a mark, does so also when it is typed later.
package struct LineEditor: Sendable {
    /// What a key did.
    package enum Action: Sendable, Equatable {
        case none
        /// Text or cursor differ.
        case changed
        /// The text, which is empty from then on.
        case submitted(String)
        /// Control-C, with the text that it threw away.
        case interrupted(hadText: Bool)
        /// Control-D where there is no text.
        case ended
        case suspended
        case cleared
        /// The key did nothing, and its user should hear so.
        case refused
    }

    /// Bytes of a text; beyond them nothing more is taken.
    package static let maximumLength = 256 << 10

    /// The search in the history, while it goes on.
    package struct Search: Sendable, Equatable {
        package var pattern = ""
        /// The entry found; nil for none.
        var match: Int?
        /// What was written before it.
        var draft: [Character]
    }

    package private(set) var characters: [Character] = []
    /// Characters before the cursor.
    package private(set) var cursor = 0
    package private(set) var search: Search?
    package var history: InputHistory
    /// The text that was killed last, for ``Key/control(_:)`` of y.
    private var killed: [Character] = []
    private var length = 0

    package init(history: InputHistory = InputHistory()) {
        self.history = history
    }

    package var text: String { String(characters) }

    package var isEmpty: Bool { characters.isEmpty }

    /// Replaces the text, with the cursor at its end.
    package mutating func set(_ text: String) {
        characters = Array(text)
        length = text.utf8.count
        cursor = characters.count
    }

    package mutating func take(_ key: Key) -> Action {
        if search != nil, let action = takeInSearch(key) { return action }
        switch key {
        case .text(let text), .paste(let text): return insert(text)
        case .tab: return insert("\t")
        case .newLine: return insert("\n")
        case .enter: return submit()
        case .backspace, .control("h"): return remove(cursor - 1..<cursor)
        case .delete: return remove(cursor..<cursor + 1)
        case .left, .control("b"): return move(to: cursor - 1)
        case .right, .control("f"): return move(to: cursor + 1)
        case .wordLeft, .alt("b"), .alt("B"): return move(to: wordStart(before: cursor))
        case .wordRight, .alt("f"), .alt("F"): return move(to: wordEnd(after: cursor))
        case .home, .control("a"): return move(to: lineStart(of: cursor))
        case .end, .control("e"): return move(to: lineEnd(of: cursor))
        case .up, .control("p"): return moveUp()
        case .down, .control("n"): return moveDown()
        case .alt("<"): return move(to: 0)
        case .alt(">"): return move(to: characters.count)
        case .control("u"): return kill(lineStart(of: cursor)..<cursor)
        case .control("k"): return killToEnd()
        case .control("w"): return kill(spaceStart(before: cursor)..<cursor)
        case .alt("\u{7F}"): return kill(wordStart(before: cursor)..<cursor)
        case .alt("d"): return kill(cursor..<wordEnd(after: cursor))
        case .control("y"): return insert(String(killed))
        case .control("t"): return transpose()
        case .control("r"):
            search = Search(draft: characters)
            return .changed
        case .control("l"): return .cleared
        case .control("z"): return .suspended
        case .control("c"):
            let hadText = !isEmpty
            set("")
            history.leave()
            return .interrupted(hadText: hadText)
        case .control("d"): return isEmpty ? .ended : remove(cursor..<cursor + 1)
        case .control, .alt, .pageUp, .pageDown, .escape: return .none
        }
    }

    // MARK: - Changing

    private mutating func insert(_ text: String) -> Action {
        guard !text.isEmpty else { return .none }
        guard length + text.utf8.count <= Self.maximumLength else { return .refused }
        characters.insert(contentsOf: text, at: cursor)
        length += text.utf8.count
        let start = cursor
        cursor += text.count
        rejoin(from: start)
        return .changed
    }

    /// Makes characters of what stands beside each other now: a mark joins what is left of it, and flags are pairs.
    ///
    /// Line ends join nothing, so that the lines from a place to the cursor are looked at.
    private mutating func rejoin(from place: Int) {
        let (start, end) = (lineStart(of: min(place, cursor)), lineEnd(of: cursor))
        let isPlain = characters[start..<end].allSatisfy(\.isASCII)
        guard !isPlain else { return }
        let before = characters[start..<cursor].reduce(0) { $0 + $1.unicodeScalars.count }
        let joined = Array(String(characters[start..<end]))
        var (scalars, next) = (0, 0)
        // A cursor within what has become one character stands behind it.
        while scalars < before, next < joined.count {
            scalars += joined[next].unicodeScalars.count
            next += 1
        }
        characters.replaceSubrange(start..<end, with: joined)
        cursor = start + next
    }

    private mutating func remove(_ range: Range<Int>) -> Action {
        guard range.lowerBound >= 0, range.upperBound <= characters.count, !range.isEmpty else { return .refused }
        length -= characters[range].reduce(0) { $0 + $1.utf8.count }
        characters.removeSubrange(range)
        cursor = range.lowerBound
        rejoin(from: cursor)
        return .changed
    }

    private mutating func kill(_ range: Range<Int>) -> Action {
        guard !range.isEmpty else { return .refused }
        killed = Array(characters[range])
        return remove(range)
    }

    /// To the end of the line, and at the end the line's end.
    private mutating func killToEnd() -> Action {
        let end = lineEnd(of: cursor)
        return kill(cursor..<(end == cursor ? min(cursor + 1, characters.count) : end))
    }

    private mutating func transpose() -> Action {
        guard cursor > 0, characters.count > 1 else { return .refused }
        let right = min(cursor, characters.count - 1)
        characters.swapAt(right - 1, right)
        cursor = right + 1
        rejoin(from: right - 1)
        return .changed
    }

    private mutating func submit() -> Action {
        // A backslash at the end of a line says that the text goes on.
        if let last = characters.last, last == "\\", cursor == characters.count {
            characters[characters.count - 1] = "\n"
            rejoin(from: cursor)
            return .changed
        }
        let text = text
        set("")
        return .submitted(text)
    }

    // MARK: - Moving

    private mutating func move(to place: Int) -> Action {
        guard (0...characters.count).contains(place) else { return .refused }
        cursor = place
        return .changed
    }

    private func lineStart(of place: Int) -> Int {
        (characters[..<place].lastIndex(of: "\n") ?? -1) + 1
    }

    private func lineEnd(of place: Int) -> Int {
        characters[place...].firstIndex(of: "\n") ?? characters.count
    }

    private func wordStart(before place: Int) -> Int {
        var place = place
        while place > 0, !Self.isWord(characters[place - 1]) { place -= 1 }
        while place > 0, Self.isWord(characters[place - 1]) { place -= 1 }
        return place
    }

    private func wordEnd(after place: Int) -> Int {
        var place = place
        while place < characters.count, !Self.isWord(characters[place]) { place += 1 }
        while place < characters.count, Self.isWord(characters[place]) { place += 1 }
        return place
    }

    /// The start of what stands between spaces.
    private func spaceStart(before place: Int) -> Int {
        var place = place
        while place > 0, characters[place - 1].isWhitespace { place -= 1 }
        while place > 0, !characters[place - 1].isWhitespace { place -= 1 }
        return place
    }

    private static func isWord(_ character: Character) -> Bool { character.isLetter || character.isNumber }

    private mutating func moveUp() -> Action {
        let start = lineStart(of: cursor)
        guard start > 0 else {
            guard let older = history.older(than: text) else { return .refused }
            set(older)
            return .changed
        }
        let above = lineStart(of: start - 1)
        return move(to: min(above + (cursor - start), start - 1))
    }

    private mutating func moveDown() -> Action {
        let end = lineEnd(of: cursor)
        guard end < characters.count else {
            guard let newer = history.newer() else { return .refused }
            set(newer)
            return .changed
        }
        let column = cursor - lineStart(of: cursor)
        return move(to: min(end + 1 + column, lineEnd(of: end + 1)))
    }

    // MARK: - Searching

    /// Nil for a key that ends the search and then does what it does.
    private mutating func takeInSearch(_ key: Key) -> Action? {
        guard var search else { return nil }
        switch key {
        case .text(let text):
            search.pattern += text
            search.match = history.find(search.pattern, before: (search.match ?? history.entries.count) + 1)
        case .control("r"):
            guard let older = history.find(search.pattern, before: search.match ?? history.entries.count) else {
                return .refused
            }
            search.match = older
        case .backspace, .control("h"):
            guard !search.pattern.isEmpty else { return .refused }
            search.pattern.removeLast()
            search.match = history.find(search.pattern, before: history.entries.count)
        case .control("g"), .control("c"), .escape:
            self.search = nil
            set(String(search.draft))
            return .changed
        default:
            self.search = nil
            return nil
        }
        self.search = search
        set(search.match.map { history.entries[$0] } ?? String(search.draft))
        return .changed
    }
}
