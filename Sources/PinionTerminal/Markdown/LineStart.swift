/// What a line of Markdown is: told from its first characters, as far as they have come.
///
/// The rules are CommonMark's, read for streams: a line becomes a paragraph's as soon as it cannot be anything else.
struct LineStart: Equatable {
    /// A block that holds others.
    enum Container: Equatable {
        case quote
        /// A list's item, with the columns that its later lines are indented by.
        case item(indent: Int, marker: String)
    }

    struct Fence: Equatable {
        var byte: UInt8
        var length: Int
        var indent: Int
        var info: String
    }

    enum Leaf: Equatable {
        case blank, paragraph, rule, indentedCode, tableRow
        case heading(Int)
        case fence(Fence)
        /// A line within a block of code, and the one that ends it.
        case codeLine, closingFence
    }

    enum Reading: Equatable {
        case found(LineStart)
        /// The next character may decide.
        case needsMore
        /// Only the whole line decides.
        case needsLine
    }

    /// What the line is read in.
    struct Context {
        var containers: [Container] = []
        var fence: Fence?
        var isInParagraph = false
    }

    /// Depth of containers from which on marks are text.
    private static let maximumDepth = 24
    /// Digits of a number that begins an item.
    private static let maximumDigits = 9
    /// Undecided bytes after which the whole line is waited for, so that they are not read anew for each byte.
    private static let patience = 128

    /// Containers that go on from the line before.
    var matched: Int
    var opened: [Container]
    var leaf: Leaf
    /// Bytes of the line before its content.
    var consumed: Int

    /// - Parameter isComplete: Whether the line ends behind the bytes.
    static func read(_ bytes: [UInt8], isComplete: Bool, in context: Context) -> Reading {
        var reader = Reader(bytes: bytes, isComplete: isComplete, context: context)
        let reading = reader.read()
        return reading == .needsMore && bytes.count > patience ? .needsLine : reading
    }

    private struct Reader {
        let bytes: [UInt8]
        let isComplete: Bool
        let context: Context
        var position = 0
        /// Columns of a tab that reach into the content.
        var extra = 0
        var matched = 0
        var opened: [Container] = []

        mutating func read() -> Reading {
            if let reading = readContainers() { return reading }
            if let fence = context.fence, matched == context.containers.count { return readCode(fence) }
            while true {
                if let reading = readBlock() { return reading }
            }
        }

        private func found(_ leaf: Leaf, at position: Int) -> Reading {
            .found(LineStart(matched: matched, opened: opened, leaf: leaf, consumed: position))
        }

        /// Columns of white space from the position on, and where it ends.
        private func indentation() -> (columns: Int, end: Int) {
            var (columns, end) = (extra, position)
            while end < bytes.count {
                if bytes[end] == 0x20 { columns += 1 } else if bytes[end] == 0x09 { columns += 4 } else { break }
                end += 1
            }
            return (columns, end)
        }

        private mutating func consume(columns: Int) {
            var left = columns - extra
            extra = 0
            while left > 0, position < bytes.count {
                let width = bytes[position] == 0x09 ? 4 : 1
                position += 1
                left -= width
            }
            extra = max(0, -left)
        }

        /// Goes behind the marks of the containers that go on; nil when it is known which do.
        private mutating func readContainers() -> Reading? {
            for container in context.containers {
                let (indent, end) = indentation()
                if end == bytes.count, !isComplete { return .needsMore }
                let isBlank = end == bytes.count
                switch container {
                case .quote:
                    guard indent < 4, !isBlank, bytes[end] == UInt8(ascii: ">") else { return nil }
                    guard openQuote(at: end) else { return .needsMore }
                case .item(let columns, _):
                    guard isBlank || indent >= columns else { return nil }
                    if !isBlank { consume(columns: columns) }
                }
                matched += 1
            }
            return nil
        }

        /// - Returns: Whether the byte behind the mark is there, which may be a space that belongs to it.
        private mutating func openQuote(at mark: Int) -> Bool {
            guard mark + 1 < bytes.count || isComplete else { return false }
            position = mark + 1
            extra = 0
            if position < bytes.count, bytes[position] == 0x20 { position += 1 }
            return true
        }

        private mutating func readCode(_ fence: Fence) -> Reading {
            let (indent, start) = indentation()
            if start == bytes.count, !isComplete { return .needsMore }
            var end = start
            while end < bytes.count, bytes[end] == fence.byte { end += 1 }
            if end - start >= fence.length || end == bytes.count, end > start, indent < 4 {
                let rest = bytes[end...]
                if rest.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) {
                    if !isComplete { return .needsMore }
                    if end - start >= fence.length { return found(.closingFence, at: bytes.count) }
                }
            }
            consume(columns: min(fence.indent, indent))
            return found(.codeLine, at: position)
        }

        /// Reads a container or the leaf; nil after a container.
        private mutating func readBlock() -> Reading? {
            let (indent, start) = indentation()
            guard start < bytes.count else { return isComplete ? found(.blank, at: start) : .needsMore }
            let isContinuation = context.isInParagraph && opened.isEmpty
            if indent >= 4 {
                if isContinuation { return found(.paragraph, at: start) }
                consume(columns: 4)
                return found(.indentedCode, at: position)
            }
            let isDeep = context.containers.count + opened.count >= maximumDepth
            switch bytes[start] {
            case UInt8(ascii: ">") where !isDeep:
                guard openQuote(at: start) else { return .needsMore }
                opened.append(.quote)
                return nil
            case UInt8(ascii: "#"): return heading(start)
            case UInt8(ascii: "`"), UInt8(ascii: "~"): return fence(start, indent)
            case UInt8(ascii: "|"): return isComplete ? found(.tableRow, at: start) : .needsLine
            case UInt8(ascii: "=") where isContinuation && matched == context.containers.count:
                return underline(start)
            case UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "_"):
                if let reading = rule(start) { return reading }
                if bytes[start] == UInt8(ascii: "_") || isDeep { return found(.paragraph, at: start) }
                return item(start, markEnd: start + 1, indent, mayInterrupt: true)
            case UInt8(ascii: "0")...UInt8(ascii: "9") where !isDeep: return numbered(start, indent)
            default: return found(.paragraph, at: start)
            }
        }

        private func run(_ start: Int) -> Int {
            var end = start
            while end < bytes.count, bytes[end] == bytes[start] { end += 1 }
            return end
        }

        private func heading(_ start: Int) -> Reading {
            let end = run(start)
            guard end - start <= 6 else { return found(.paragraph, at: start) }
            if end == bytes.count { return isComplete ? found(.heading(end - start), at: end) : .needsMore }
            return bytes[end] == 0x20 || bytes[end] == 0x09
                ? found(.heading(end - start), at: end + 1) : found(.paragraph, at: start)
        }

        private func fence(_ start: Int, _ indent: Int) -> Reading {
            let end = run(start)
            guard end < bytes.count || isComplete else { return .needsMore }
            guard end - start >= 3 else { return found(.paragraph, at: start) }
            let rest = bytes[end...]
            if bytes[start] == UInt8(ascii: "`"), rest.contains(UInt8(ascii: "`")) {
                return found(.paragraph, at: start)
            }
            guard isComplete else { return .needsLine }
            let info = String(decoding: rest, as: UTF8.self).split(separator: " ").joined(separator: " ")
            return found(
                .fence(Fence(byte: bytes[start], length: end - start, indent: indent, info: info)), at: bytes.count)
        }

        /// A line of `=` below a paragraph, which makes it a heading: the paragraph has been shown by then.
        private func underline(_ start: Int) -> Reading {
            let end = run(start)
            guard bytes[end...].allSatisfy({ $0 == 0x20 }) else { return found(.paragraph, at: start) }
            return isComplete ? found(.rule, at: bytes.count) : .needsMore
        }

        /// A line of three or more `-`, `*` or `_`, or a line of `-` below a paragraph.
        private func rule(_ start: Int) -> Reading? {
            let mark = bytes[start]
            guard mark != UInt8(ascii: "+") else { return nil }
            guard bytes[start...].allSatisfy({ $0 == mark || $0 == 0x20 || $0 == 0x09 }) else { return nil }
            guard isComplete else { return .needsMore }
            let count = bytes[start...].count { $0 == mark }
            let isUnderline =
                mark == UInt8(ascii: "-") && context.isInParagraph && opened.isEmpty
                && matched == context.containers.count && run(start) - start == count
            return count >= 3 || (isUnderline && count >= 2) ? found(.rule, at: bytes.count) : nil
        }

        private mutating func numbered(_ start: Int, _ indent: Int) -> Reading? {
            var end = start
            while end < bytes.count, end - start <= maximumDigits, (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= bytes[end]
            {
                end += 1
            }
            if end == bytes.count, !isComplete { return .needsMore }
            guard end < bytes.count, end - start <= maximumDigits,
                [UInt8(ascii: "."), UInt8(ascii: ")")].contains(bytes[end])
            else { return found(.paragraph, at: start) }
            // A number in running text begins a line by chance; only a list's first number ends a paragraph.
            let isFirst = bytes[start..<end].elementsEqual("1".utf8)
            let isInList = context.containers.contains { $0 != .quote }
            return item(start, markEnd: end + 1, indent, mayInterrupt: isFirst || isInList)
        }

        private mutating func item(_ start: Int, markEnd: Int, _ indent: Int, mayInterrupt: Bool) -> Reading? {
            guard markEnd < bytes.count || isComplete else { return .needsMore }
            let isBare = markEnd >= bytes.count
            let isContinuation = context.isInParagraph && opened.isEmpty
            guard isBare || bytes[markEnd] == 0x20 || bytes[markEnd] == 0x09,
                !isContinuation || (mayInterrupt && !isBare)
            else { return found(.paragraph, at: start) }
            position = markEnd
            extra = 0
            let (space, end) = indentation()
            if end == bytes.count, !isComplete { return .needsMore }
            let width = markEnd - start
            let marker = String(decoding: bytes[start..<markEnd], as: UTF8.self)
            // Five spaces and more are code within the item, and an empty item has one.
            let gap = end == bytes.count || space > 4 ? 1 : space
            opened.append(.item(indent: indent + width + gap, marker: marker))
            consume(columns: gap)
            return nil
        }
    }
}
