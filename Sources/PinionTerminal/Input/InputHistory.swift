/// What was sent before, newest last, for the keys that go through it.
package struct InputHistory: Sendable {
    /// Entries that are kept; the oldest give way.
    package static let maximumCount = 1_000
    /// Bytes of an entry; a longer one is not kept.
    package static let maximumEntry = 16 << 10

    package private(set) var entries: [String]
    /// The entry that is shown; nil for the text that is being written.
    private var position: Int?
    /// The text that was being written when an entry was first shown.
    private var draft = ""

    package init(_ entries: [String] = []) {
        self.entries = Array(entries.suffix(Self.maximumCount))
    }

    /// Keeps a text, unless it is that of the last entry.
    ///
    /// - Returns: Whether it was kept.
    @discardableResult
    package mutating func add(_ text: String) -> Bool {
        position = nil
        let isNew = entries.last.map { !$0.utf8.elementsEqual(text.utf8) } ?? true
        guard isNew, !text.isEmpty, text.utf8.count <= Self.maximumEntry else { return false }
        entries.append(text)
        if entries.count > Self.maximumCount { entries.removeFirst(entries.count - Self.maximumCount) }
        return true
    }

    /// Ends the way through the entries: the next step begins at the newest again.
    mutating func leave() {
        position = nil
    }

    /// The entry before the one shown.
    ///
    /// - Parameter current: The text as it is now.
    mutating func older(than current: String) -> String? {
        let next = (position ?? entries.count) - 1
        guard entries.indices.contains(next) else { return nil }
        if position == nil { draft = current }
        position = next
        return entries[next]
    }

    /// The entry after the one shown, and behind the newest the text that was being written.
    mutating func newer() -> String? {
        guard let shown = position else { return nil }
        position = shown + 1 < entries.count ? shown + 1 : nil
        return position.map { entries[$0] } ?? draft
    }

    /// The newest entry that holds a text, at or before an index.
    func find(_ text: String, before index: Int) -> Int? {
        guard !text.isEmpty else { return nil }
        let wanted = Array(text.utf8)
        return entries[..<min(index, entries.count)].lastIndex { Self.holds(Array($0.utf8), wanted) }
    }

    /// Byte by byte: `String.contains` compares characters, which takes long for hostile marks.
    private static func holds(_ text: [UInt8], _ wanted: [UInt8]) -> Bool {
        guard wanted.count <= text.count else { return false }
        return (0...(text.count - wanted.count)).contains { text[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }
}
