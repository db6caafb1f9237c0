/// Reads the trailer of a call: closing marks, a separator, and the beginning of the next call.
///
/// A trailer may lack any of its marks. Bytes that are no mark begin text. White space around a mark is no part of the
/// reply.
struct CallTrailerReader: Sendable {
    /// What a byte led to.
    enum Step: Sendable {
        /// The trailer goes on.
        case more
        /// Another call begins with the bytes `pending`; the marks `opening` follow.
        case call(pending: [UInt8], opening: [String])
        /// The thinking that the call stood in was closed.
        case thinkingEnd
        /// Text begins.
        case text
    }

    private enum Place: Sendable {
        /// The closing marks that may still come.
        case closing([String])
        case between(isSeparated: Bool)
    }

    /// A mark that may follow, and what it leads to.
    private struct Follower: Sendable {
        enum Next: Sendable, Equatable {
            case separator, close, body, thinkingClose
            /// Another call, whose opening goes on with these marks.
            case call(rest: [String])

            /// Whether another call may follow.
            var leadsToCall: Bool {
                switch self {
                case .separator, .body, .call: true
                case .close, .thinkingClose: false
                }
            }
        }

        let text: [UInt8]
        let next: Next
    }

    private let form: CallFormat?
    /// What may stand behind a call.
    private let followers: [Follower]
    /// What may stand behind the separator of two calls.
    private let separated: [Follower]
    private var place = Place.between(isSeparated: false)
    private var held = HeldBytes()

    /// - Parameter form: How calls are written; nil where none are looked for, so that there is no trailer.
    init(_ format: ReplyFormat, _ form: CallFormat?) {
        self.form = form
        followers = Self.followers(of: format, form, isSeparated: false)
        separated = Self.followers(of: format, form, isSeparated: true)
    }

    /// Goes to the end of a call's body.
    mutating func begin() {
        let close = form?.close ?? ""
        place = close.isEmpty ? .between(isSeparated: false) : .closing([close])
    }

    /// Takes a byte of the reply.
    ///
    /// - Parameter looksForCalls: Whether another call may begin.
    /// - Returns: What it led to, and the bytes that have to be read again from there.
    mutating func read(
        _ byte: UInt8, looksForCalls: Bool, into output: inout ReplyOutput
    ) -> (step: Step, again: [UInt8]) {
        held.append(byte)
        if held.isBlank { return (.more, []) }
        return switch place {
        case .closing(let marks): readClosing(marks, into: &output)
        case .between(let isSeparated):
            readBetween(byte, isSeparated: isSeparated, looksForCalls: looksForCalls, into: &output)
        }
    }

    /// Ends the trailer where the reply ends.
    ///
    /// - Returns: What is text.
    mutating func finish(into output: inout ReplyOutput) -> [UInt8] {
        switch place {
        case .closing: output.hide(&held)
        case .between(let isSeparated):
            // White space behind the last call is of no use to anybody, and neither is a part of a mark behind it.
            let mark = held.bytes.drop { $0.isJSONSpace }
            let isClosing = (isSeparated ? separated : followers).contains {
                !($0.next.leadsToCall && $0.next != .separator) && $0.text.starts(with: mark)
            }
            if held.isBlank || isClosing { output.hide(&held) } else { output.hideLines(of: &held) }
        }
        return held.take()
    }

    // MARK: - Marks that may follow

    /// The marks around all calls.
    private static func sections(of form: CallFormat) -> [SectionMarks] {
        [SectionMarks(form.sectionOpen, form.sectionClose)] + form.aliases
    }

    /// Whether a body may follow another without marks of its own.
    private static func isBodyNext(_ form: CallFormat, isSeparated: Bool) -> Bool {
        form.open.isEmpty && (isSeparated || form.separator.allSatisfy(\.isWhitespace))
    }

    private static func followers(of format: ReplyFormat, _ form: CallFormat?, isSeparated: Bool) -> [Follower] {
        guard let form else { return [] }
        var result: [Follower] = []
        func add(_ text: String, _ next: Follower.Next) {
            if !text.isEmpty { result.append(Follower(text: Array(text.utf8), next: next)) }
        }
        if !isSeparated {
            add(form.separator.filter { !$0.isWhitespace }, .separator)
            for marks in sections(of: form) { add(marks.close.first ?? "", .close) }
        }
        add(form.open, .call(rest: []))
        if isBodyNext(form, isSeparated: isSeparated) {
            switch form.body {
            case .object, .keyed: add("{", .body)
            case .named, .tagged, .literal: add(form.body.prefix, .body)
            }
        }
        // Of thinking that a call stood in.
        if !isSeparated, let thinking = format.thinking { add(thinking.close, .thinkingClose) }
        guard !isSeparated, !form.isUnmarked else { return result }
        for opening in [form.opening] + form.aliases.map(\.open) where !opening.isEmpty {
            add(opening[0], .call(rest: Array(opening.dropFirst())))
        }
        if form.hasBareBodies { add(form.body.prefix, .body) }
        return result
    }

    // MARK: - Between calls

    private mutating func readBetween(
        _ byte: UInt8, isSeparated: Bool, looksForCalls: Bool, into output: inout ReplyOutput
    ) -> (Step, again: [UInt8]) {
        let mark = Array(held.bytes.drop { $0.isJSONSpace })
        var possible = isSeparated ? separated : followers
        if !looksForCalls { possible.removeAll(where: \.next.leadsToCall) }
        // A mark may be the beginning of a longer one.
        if possible.contains(where: { $0.text.count > mark.count && $0.text.starts(with: mark) }) { return (.more, []) }
        if let exact = possible.first(where: { $0.text == mark }) { return take(exact, into: &output) }
        // One that was, and did not go on.
        if let shorter = possible.filter({ mark.starts(with: $0.text) }).max(by: { $0.text.count < $1.text.count }) {
            let rest = mark.dropFirst(shorter.text.count)
            held.removeLast(rest.count)
            let (step, again) = take(shorter, into: &output)
            return (step, again + rest)
        }
        if let form, case .literal = form.body, form.body.prefix.isEmpty, looksForCalls,
            Self.isBodyNext(form, isSeparated: isSeparated), LiteralCallReader.isNameByte(byte)
        {
            return beginBody(mark.count)
        }
        output.hideLines(of: &held)
        return (.text, held.take())
    }

    /// Goes on behind a mark, which is the last thing held.
    private mutating func take(_ follower: Follower, into output: inout ReplyOutput) -> (Step, again: [UInt8]) {
        switch follower.next {
        case .separator:
            output.hide(&held)
            place = .between(isSeparated: true)
            return (.more, [])
        case .close:
            output.hide(&held)
            // Several sections may close with this mark. The longest list serves all, because no mark of it has to come.
            let closings = form.map(Self.sections)?.map(\.close) ?? []
            let longest = closings.filter { $0.first.map { Array($0.utf8) } == follower.text }
                .max { $0.count < $1.count }
            expect(longest?.dropFirst())
            return (.more, [])
        case .thinkingClose:
            output.hide(&held)
            return (.thinkingEnd, [])
        case .call(let rest): return (.call(pending: held.take(), opening: rest), [])
        case .body: return beginBody(follower.text.count)
        }
    }

    /// Begins a call with the last bytes held, which its body has to read.
    private mutating func beginBody(_ count: Int) -> (Step, again: [UInt8]) {
        let bytes = held.take()
        return (.call(pending: Array(bytes.dropLast(count)), opening: []), Array(bytes.suffix(count)))
    }

    // MARK: - Closing marks

    /// Goes on to closing marks; with none left, to what stands between calls.
    private mutating func expect(_ marks: ArraySlice<String>?) {
        place = marks.flatMap { $0.isEmpty ? nil : .closing(Array($0)) } ?? .between(isSeparated: false)
    }

    private mutating func readClosing(
        _ marks: [String], into output: inout ReplyOutput
    ) -> (Step, again: [UInt8]) {
        let read = held.bytes.drop { $0.isJSONSpace }
        let mark = Array(marks[0].utf8)
        if mark.elementsEqual(read) {
            output.hide(&held)
            expect(marks.dropFirst())
        } else if !mark.starts(with: read) {
            // The mark is missing: what was read may be another one.
            place = .between(isSeparated: false)
            return (.more, held.take())
        }
        return (.more, [])
    }
}
