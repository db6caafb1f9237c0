/// A search for all marks of a format in a reply, byte by byte.
///
/// The finder of each mark takes every byte. The search reports active marks alone: the reader says which kinds of marks
/// may stand at a place.
struct ReplyMarkSearch: Sendable {
    /// What a mark leads to.
    enum Mark: Sendable, Equatable {
        case thinkingOpen, thinkingClose, textOpen, textClose
        /// A call, whose opening goes on with these marks; nil where the mark is the beginning of a body.
        case callOpen(rest: [String]?)

        fileprivate var kind: Kinds {
            switch self {
            case .thinkingOpen: .thinkingOpen
            case .thinkingClose: .thinkingClose
            case .textOpen: .textOpen
            case .textClose: .textClose
            case .callOpen: .callOpen
            }
        }
    }

    /// The kinds of marks that may stand at a place.
    struct Kinds: OptionSet, Sendable {
        let rawValue: UInt8

        static let thinkingOpen = Kinds(rawValue: 1 << 0)
        static let thinkingClose = Kinds(rawValue: 1 << 1)
        static let textOpen = Kinds(rawValue: 1 << 2)
        static let textClose = Kinds(rawValue: 1 << 3)
        static let callOpen = Kinds(rawValue: 1 << 4)
    }

    /// A mark that the reply ends with, and how many bytes it has.
    struct Match: Sendable {
        let mark: Mark
        let count: Int
    }

    private var finders: [(mark: Mark, finder: MarkFinder)] = []

    /// - Parameter calls: How calls are written; nil where none are looked for.
    init(_ format: ReplyFormat, _ calls: CallFormat?) {
        if let thinking = format.thinking {
            add(.thinkingOpen, thinking.open)
            add(.thinkingClose, thinking.close)
        }
        if let calls {
            let openings = [calls.opening] + calls.aliases.map(\.open)
            for opening in openings where !opening.isEmpty {
                add(.callOpen(rest: Array(opening.dropFirst())), opening[0])
            }
            if calls.hasBareBodies, case .tagged(let form) = calls.body { add(.callOpen(rest: nil), form.nameOpen) }
        }
        for marks in format.textMarks {
            add(.textOpen, marks.open)
            add(.textClose, marks.close)
        }
    }

    private mutating func add(_ mark: Mark, _ text: String) {
        finders.append((mark, MarkFinder(Array(text.utf8))))
    }

    /// Takes a byte of the reply.
    ///
    /// - Returns: The longest active mark that the byte completes.
    mutating func advance(_ byte: UInt8, _ active: Kinds) -> Match? {
        var found: Int?
        for index in finders.indices
        where finders[index].finder.advance(byte) && active.contains(finders[index].mark.kind) {
            if found.map({ finders[$0].finder.count < finders[index].finder.count }) ?? true { found = index }
        }
        return found.map { Match(mark: finders[$0].mark, count: finders[$0].finder.count) }
    }

    /// Bytes at the end that are the beginning of an active mark.
    func partial(_ active: Kinds) -> Int {
        finders.reduce(0) { active.contains($1.mark.kind) ? max($0, $1.finder.matched) : $0 }
    }

    /// Forgets what was read: no mark may reach across this place.
    mutating func reset() {
        for index in finders.indices { finders[index].finder.reset() }
    }
}
