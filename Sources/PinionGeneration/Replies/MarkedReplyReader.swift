import TextGeneration

/// Reads replies whose parts stand between marks.
struct MarkedReplyReader: ReplyPartReader {
    /// What the bytes that come are.
    private enum Place: Sendable {
        /// White space at most has been read; `isAfterThinking` if it is no part of the reply.
        case beginning(isAfterThinking: Bool)
        case text
        /// `isLeading` until the first byte that is no white space.
        case thinking(isLeading: Bool)
        /// The beginning of a call, or one.
        case call
        /// Behind a call or all calls: the closing marks that may still come.
        case closing([String])
        /// Behind a call.
        case between(isSeparated: Bool)
    }

    private enum Mark: Sendable, Equatable {
        case thinkingOpen, thinkingClose, textOpen, textClose
        /// By the rest of the opening; nil where the mark is the beginning of a body.
        case callOpen(rest: [String]?)
    }

    /// A call that is being read.
    private struct Attempt: Sendable {
        /// Bytes that become text if this is no call, the white space before its mark included. Empty once the call is
        /// certain.
        var pending: [UInt8]
        /// Bytes of a certain call that no piece accounts for yet, because they may be read again.
        var unhidden = 0
        var origin: Origin
        /// Parts of the opening that are to come.
        var opening: [LiteralMatcher]
        var body: any CallBodyReader
        var call = CallWriter()
        var isCertain = false
        /// Whether its first mark is an ordinary word, such as `functools`, which begins a call only where the next mark
        /// follows.
        var isWord = false
    }

    /// Where a call was begun.
    private enum Origin: Sendable { case text, thinking }

    private var output: ReplyOutput
    /// Beginnings of calls that became text, and calls that ended too early.
    private var givenUp = 0
    private let format: ReplyFormat
    private let form: CallFormat?
    private let types: ToolTypes
    private let callsStandAlone: Bool
    private let maximumCalls: Int?
    /// The names of tools where nothing else tells a call from any other text; nil where every name may be one.
    private let callable: Set<[UInt8]>?
    private var place: Place
    private var attempt: Attempt?
    /// What may stand behind a call.
    private let followers: [Follower]
    /// What may stand behind the separator of two calls.
    private let separated: [Follower]
    private var finders: [(mark: Mark, finder: MarkFinder)] = []
    /// What may become a mark or stand in front of one.
    private var held: [UInt8] = []
    /// Bytes of ``held`` up to the last one that is no white space.
    private var solid = 0

    init(_ format: ReplyFormat, _ options: ReplyReader.Options) {
        self.format = format
        let calls = options.readsCalls ? format.calls : nil
        form = calls
        if case .tagged? = calls?.body { types = ToolTypes(options.tools) } else { types = ToolTypes() }
        callsStandAlone = options.callsStandAlone
        maximumCalls = options.maximumCalls
        callable = calls?.isUnmarked == true ? options.callable : nil
        output = ReplyOutput(options)
        followers = Self.followers(of: format, calls, isSeparated: false)
        separated = Self.followers(of: format, calls, isSeparated: true)
        place =
            options.isThinking && format.thinking != nil
            ? .thinking(isLeading: true) : .beginning(isAfterThinking: false)
        if let thinking = format.thinking {
            finders.append((.thinkingOpen, MarkFinder(Array(thinking.open.utf8))))
            finders.append((.thinkingClose, MarkFinder(Array(thinking.close.utf8))))
        }
        if let calls {
            let openings = [calls.opening] + calls.aliases.map(\.open)
            for opening in openings where !opening.isEmpty {
                finders.append((.callOpen(rest: Array(opening.dropFirst())), MarkFinder(Array(opening[0].utf8))))
            }
            if calls.hasBareBodies, case .tagged(let form) = calls.body {
                finders.append((.callOpen(rest: nil), MarkFinder(Array(form.nameOpen.utf8))))
            }
        }
        for marks in format.textMarks {
            finders.append((.textOpen, MarkFinder(Array(marks.open.utf8))))
            finders.append((.textClose, MarkFinder(Array(marks.close.utf8))))
        }
    }

    /// Whether a mark of text was opened.
    private var isTextMarked = false
    /// Whether marks of calls are passed over, because what is read began as a call and was none.
    private var ignoresCalls = false
    private var looksForCalls: Bool { !ignoresCalls && output.calls < maximumCalls ?? .max }

    var calls: Int { output.calls }
    var failedCalls: Int { givenUp + output.failedInputs }

    var isThinking: Bool {
        switch place {
        case .thinking: true
        case .call: attempt?.origin == .thinking && attempt?.isCertain == false
        default: false
        }
    }

    var isWithinCall: Bool {
        guard case .call = place, let attempt else { return false }
        return attempt.isCertain && !attempt.body.isWhole
    }

    mutating func append(_ bytes: some Sequence<UInt8>) -> [ReplyReader.Piece] {
        for byte in bytes { read(byte) }
        release()
        flushCall()
        return output.take()
    }

    mutating func finish(isCut: Bool) -> [ReplyReader.Piece] {
        switch place {
        case .call:
            guard var attempt else { break }
            let known = givenUp
            if !attempt.isCertain {
                giveUp(attempt)
                if isCut { givenUp = known }
            } else {
                output.hide(attempt.unhidden)
                attempt.unhidden = 0
                if isCut || !attempt.body.isWhole { attempt.body.flush(into: &attempt.call) }
                if !isCut {
                    let count = attempt.call.untold
                    attempt.body.close(into: &attempt.call)
                    let isClosed = attempt.body.isWhole || attempt.call.untold > count
                    if !isClosed { givenUp += 1 }
                }
                output.continueCall(attempt.call.takeArguments())
                output.endCall()
                self.attempt = attempt
            }
        case .closing: hideHeld()
        case .between(let isSeparated):
            // White space behind the last call is of no use to anybody, and neither is a part of a mark behind it.
            let mark = held.drop { $0.isJSONSpace }
            let isClosing = (isSeparated ? separated : followers).contains {
                !($0.next.leadsToCall && $0.next != .separator) && $0.text.starts(with: mark)
            }
            if solid == 0 || isClosing { hideHeld() } else { hideLines() }
        case .beginning, .text, .thinking: break
        }
        if case .beginning(isAfterThinking: true) = place, solid == 0 {
            output.hide(held.count)
        } else {
            output.write(held, isThinking: isThinking)
        }
        held = []
        flushCall()
        return output.take()
    }

    // MARK: - Bytes

    private mutating func read(_ byte: UInt8) {
        switch place {
        case .beginning, .text, .thinking: readText(byte)
        case .call: readCall(byte)
        case .closing(let marks): readClosing(byte, marks)
        case .between(let isSeparated): readBetween(byte, isSeparated: isSeparated)
        }
    }

    private mutating func hold(_ byte: UInt8) {
        held.append(byte)
        if !byte.isJSONSpace { solid = held.count }
    }

    private mutating func hideHeld() {
        output.hide(held.count)
        dropHeld(held.count)
    }

    /// Takes what is held, to be read again.
    private mutating func takeHeld() -> [UInt8] {
        defer { dropHeld(held.count) }
        return held
    }

    private func isActive(_ mark: Mark) -> Bool {
        switch (mark, place) {
        case (.thinkingOpen, .beginning), (.thinkingClose, .thinking), (.thinkingClose, .beginning): true
        case (.textOpen, .beginning): !isTextMarked
        case (.textClose, .beginning), (.textClose, .text): isTextMarked
        case (.callOpen, .beginning): looksForCalls
        case (.callOpen, .text): form?.isUnmarked == false && !callsStandAlone && looksForCalls
        case (.callOpen, .thinking): form?.isUnmarked == false && looksForCalls
        default: false
        }
    }

    private mutating func readText(_ byte: UInt8) {
        hold(byte)
        var found: Int?
        for index in finders.indices where finders[index].finder.advance(byte) && isActive(finders[index].mark) {
            if found.map({ finders[$0].finder.count < finders[index].finder.count }) ?? true { found = index }
        }
        if let found { return take(finders[found].mark, count: finders[found].finder.count) }
        if case .thinking(isLeading: true) = place, !byte.isJSONSpace {
            hideLines()
            place = .thinking(isLeading: false)
        }
        guard case .beginning(let isAfterThinking) = place, !byte.isJSONSpace else { return }
        let leading = held.prefix { $0.isJSONSpace }.count
        // A call without a mark is begun by its own first byte.
        if let form, form.opening.isEmpty, held.count == leading + 1, byte == UInt8(ascii: "{"), looksForCalls {
            return beginBody(1)
        }
        guard partial < held.count - leading else { return }
        if isAfterThinking { hideLines() }
        place = .text
    }

    /// Hides the line breaks behind a mark, and the white space in front of the last one.
    private mutating func hideLines() {
        let leading = held.prefix { $0.isJSONSpace }
        guard let last = leading.lastIndex(of: UInt8(ascii: "\n")) else { return }
        output.hide(last + 1)
        dropHeld(last + 1)
    }

    /// Bytes at the end that are the beginning of an active mark.
    private var partial: Int {
        finders.reduce(0) { isActive($1.mark) ? max($0, $1.finder.matched) : $0 }
    }

    private mutating func dropHeld(_ count: Int) {
        guard count > 0 else { return }
        held.removeFirst(count)
        solid = max(0, solid - count)
    }

    private mutating func resetFinders() {
        for index in finders.indices { finders[index].finder.reset() }
    }

    /// Writes what is certain, at the end of what was given.
    private mutating func release() {
        switch place {
        case .text, .thinking(isLeading: false): break
        default: return
        }
        var ready = held.count - partial
        // White space may stand in front of a mark.
        if form != nil || isThinking { ready = partial == 0 ? solid : held[..<ready].solidCount }
        guard ready > 0 else { return }
        writeHeld(ready)
    }

    // MARK: - Marks

    private mutating func take(_ mark: Mark, count: Int) {
        let before = held.count - count
        switch mark {
        case .callOpen(let rest):
            guard let rest else { return beginBody(count) }
            let isWord = held[before...].allSatisfy { LiteralCallReader.isNameByte($0) }
            beginCall(mark: count, opening: rest)
            attempt?.isWord = isWord
            return
        case .thinkingOpen: place = .thinking(isLeading: true)
        case .thinkingClose:
            // White space around the mark is no part of what was thought. At the beginning the mark closes nothing.
            writeHeld(held[..<before].solidCount)
            place = .beginning(isAfterThinking: true)
        case .textOpen:
            isTextMarked = true
            place = .beginning(isAfterThinking: true)
        case .textClose:
            isTextMarked = false
            writeHeld(format.textMarks.contains(where: \.ownsSpace) ? held[..<before].solidCount : before)
            place = .text
        }
        hideHeld()
        resetFinders()
    }

    /// Writes so many bytes of what is held.
    private mutating func writeHeld(_ count: Int) {
        output.write(held[..<count], isThinking: isThinking)
        dropHeld(count)
    }

    // MARK: - Calls

    private func makeBody() -> any CallBodyReader {
        switch form?.body {
        case .object(let names, let arguments, _)?:
            ObjectCallReader(names: names, arguments: arguments, needsArguments: form?.isUnmarked == true)
        case .keyed?, nil: ObjectCallReader()
        case .named(let form)?: NamedCallReader(form)
        case .tagged(let form)?: TaggedCallReader(form, types)
        case .literal(let form)?: LiteralCallReader(form, isUnmarked: self.form?.isUnmarked == true)
        }
    }

    /// Begins to read a call whose mark is the last bytes held.
    ///
    /// - Parameter opening: The marks that follow, but for that in front of the tool's name.
    private mutating func beginCall(mark: Int, opening: [String]) {
        let origin: Origin = isThinking ? .thinking : .text
        writeHeld(held[..<(held.count - mark)].solidCount)
        let marks = opening + [form?.body.prefix ?? ""]
        attempt = Attempt(
            pending: takeHeld(), origin: origin, opening: marks.filter { !$0.isEmpty }.map(LiteralMatcher.init),
            body: makeBody())
        resetFinders()
        place = .call
    }

    /// Begins to read a call that begins with the last bytes held, without a mark in front of them.
    private mutating func beginBody(_ count: Int) {
        let bytes = Array(held.suffix(count))
        beginCall(mark: count, opening: [])
        attempt?.pending.removeLast(count)
        for byte in bytes { read(byte) }
    }

    private mutating func readCall(_ byte: UInt8) {
        guard var attempt else { return }
        self.attempt = nil
        if attempt.isCertain { attempt.unhidden += 1 } else { attempt.pending.append(byte) }
        guard attempt.opening.isEmpty else {
            switch attempt.opening[0].read(byte) {
            case .more: goOn(attempt, byte)
            case .end:
                attempt.opening.removeFirst()
                self.attempt = attempt
            case .wrong: fail(attempt, byte)
            }
            return
        }
        let step = attempt.body.read(byte, into: &attempt.call)
        if let callable, let name = attempt.call.name, !attempt.isCertain, !callable.contains(name) {
            return fail(attempt, byte)
        }
        let begins = attempt.call.isCertain && !attempt.isCertain
        if begins {
            attempt.isCertain = true
            attempt.unhidden = attempt.pending.count
            attempt.pending = []
        }
        if attempt.isCertain {
            let again =
                switch step {
                case .more: attempt.body.heldBytes
                case .end: 0
                case .endBefore(let bytes): bytes.count
                case .wrong: 1
                }
            output.hide(attempt.unhidden - again)
            attempt.unhidden = again
        }
        if begins { output.beginCall(attempt.call.name ?? []) }
        switch step {
        case .more: goOn(attempt, byte)
        case .end: endCall(attempt, again: [])
        case .endBefore(let bytes): endCall(attempt, again: bytes)
        case .wrong: fail(attempt, byte)
        }
    }

    /// Keeps a call, unless it has been uncertain for too long.
    private mutating func goOn(_ attempt: Attempt, _ byte: UInt8) {
        if !attempt.isCertain, attempt.pending.count > ReplyLimits.undecidedBytes { return fail(attempt, byte) }
        self.attempt = attempt
    }

    private mutating func endCall(_ attempt: Attempt, again: [UInt8]) {
        var attempt = attempt
        output.continueCall(attempt.call.takeArguments())
        output.endCall()
        let close = form?.close ?? ""
        place = close.isEmpty ? .between(isSeparated: false) : .closing([close])
        for byte in again { read(byte) }
    }

    /// What was a call until this byte goes on as text; what was none yet becomes text.
    private mutating func fail(_ attempt: Attempt, _ byte: UInt8) {
        var attempt = attempt
        if attempt.isCertain {
            givenUp += 1
            attempt.body.close(into: &attempt.call)
            output.continueCall(attempt.call.takeArguments())
            output.endCall()
            place = .text
        } else {
            attempt.pending.removeLast()
            giveUp(attempt)
        }
        read(byte)
    }

    private mutating func giveUp(_ attempt: Attempt) {
        let isWord = attempt.isWord && !attempt.opening.isEmpty
        if form?.isUnmarked == false, !isWord { givenUp += 1 }
        self.attempt = nil
        resetFinders()
        place = attempt.origin == .thinking ? .thinking(isLeading: false) : .text
        // Marks of thinking may stand in it; calls would be looked for again and again.
        ignoresCalls = true
        for byte in attempt.pending { readText(byte) }
        ignoresCalls = false
    }

    private mutating func flushCall() {
        guard var attempt, attempt.isCertain else { return }
        self.attempt = nil
        output.continueCall(attempt.call.takeArguments())
        self.attempt = attempt
    }

    // MARK: - Behind calls

    /// A mark that may follow, and what it leads to.
    private struct Follower: Sendable {
        enum Next: Sendable, Equatable {
            case separator, close, body, thinkingClose
            /// By the rest of the opening.
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

    private mutating func readBetween(_ byte: UInt8, isSeparated: Bool) {
        hold(byte)
        if solid == 0 { return }
        let mark = Array(held.drop { $0.isJSONSpace })
        var possible = isSeparated ? separated : followers
        if !looksForCalls { possible.removeAll(where: \.next.leadsToCall) }
        // A mark may be the beginning of a longer one.
        if possible.contains(where: { $0.text.count > mark.count && $0.text.starts(with: mark) }) { return }
        if let exact = possible.first(where: { $0.text == mark }) { return take(exact) }
        // One that was, and did not go on.
        if let shorter = possible.filter({ mark.starts(with: $0.text) }).max(by: { $0.text.count < $1.text.count }) {
            let rest = mark.dropFirst(shorter.text.count)
            held.removeLast(rest.count)
            solid = held.count
            take(shorter)
            for byte in rest { read(byte) }
            return
        }
        if let form, case .literal = form.body, form.body.prefix.isEmpty, looksForCalls,
            Self.isBodyNext(form, isSeparated: isSeparated), LiteralCallReader.isNameByte(byte)
        {
            return beginBody(mark.count)
        }
        // Text behind the call.
        hideLines()
        resetFinders()
        place = .text
        for byte in takeHeld() { read(byte) }
    }

    /// Goes on behind a mark, which is the last thing held.
    private mutating func take(_ follower: Follower) {
        switch follower.next {
        case .separator:
            hideHeld()
            place = .between(isSeparated: true)
        case .close:
            hideHeld()
            // Several sections may close with this mark. The longest list serves all, because no mark of it has to come.
            let closings = form.map(Self.sections)?.map(\.close) ?? []
            let longest = closings.filter { $0.first.map { Array($0.utf8) } == follower.text }
                .max { $0.count < $1.count }
            expect(longest?.dropFirst())
        case .thinkingClose:
            hideHeld()
            resetFinders()
            place = .beginning(isAfterThinking: true)
        case .call(let rest): beginCall(mark: follower.text.count, opening: rest)
        case .body: beginBody(follower.text.count)
        }
    }

    /// Goes on to closing marks; with none left, to what stands behind calls.
    private mutating func expect(_ marks: ArraySlice<String>?) {
        place = marks.flatMap { $0.isEmpty ? nil : .closing(Array($0)) } ?? .between(isSeparated: false)
    }

    private mutating func readClosing(_ byte: UInt8, _ marks: [String]) {
        hold(byte)
        if solid == 0 { return }
        let read = held.drop { $0.isJSONSpace }
        let mark = Array(marks[0].utf8)
        if mark.elementsEqual(read) {
            hideHeld()
            expect(marks.dropFirst())
        } else if !mark.starts(with: read) {
            // The mark is missing: what was read may be another one.
            place = .between(isSeparated: false)
            for byte in takeHeld() { self.read(byte) }
        }
    }
}
