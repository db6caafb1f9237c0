import TextGeneration

/// Reads replies whose parts stand between marks.
struct MarkedReplyReader: Sendable {
    /// What the bytes that come are.
    private enum Place: Sendable {
        /// White space at most has been read; `isAfterThinking` if it is no part of the reply.
        case beginning(isAfterThinking: Bool)
        case text
        /// `isLeading` until the first byte that is no white space.
        case thinking(isLeading: Bool)
        /// The beginning of a call, or one.
        case call
        /// Behind a call's body, in front of the mark that closes it.
        case closing(LiteralMatcher)
        /// Behind a call.
        case between(isSeparated: Bool)
        /// Within the marks behind all calls: the parts that may come yet.
        case sectionEnd([String])
    }

    private enum Mark: Sendable, Equatable {
        case thinkingOpen, thinkingClose, textOpen, textClose
        /// By the rest of the opening; nil where the mark is the beginning of a body.
        case callOpen(rest: [String]?)
    }

    /// A call that is being read.
    private struct Attempt: Sendable {
        /// What becomes text if it is none; not kept once it is certain.
        var pending: [UInt8]
        /// Bytes of white space in front of its mark, which `pending` begins with.
        var origin: Origin
        /// Parts of the opening that are to come.
        var opening: [LiteralMatcher]
        var body: any CallBodyReader
        var call = CallWriter()
        var isCertain = false
        /// Whether its mark is an ordinary word, which means a call only before what follows it in one.
        var isWord = false
    }

    /// Where a call was begun.
    private enum Origin: Sendable { case text, thinking }

    var output: ReplyOutput
    private(set) var failedCalls = 0
    private let format: ReplyFormat
    private let calls: CallFormat?
    private let types: ToolTypes
    private var place: Place
    private var attempt: Attempt?
    private var finders: [(mark: Mark, finder: MarkFinder)] = []
    /// What may become a mark or stand in front of one.
    private var held: [UInt8] = []
    /// Bytes of ``held`` up to the last one that is no white space.
    private var solid = 0

    init(_ format: ReplyFormat, _ options: ReplyReader.Options) {
        self.format = format
        calls = options.readsCalls ? format.calls : nil
        types = ToolTypes(options.tools)
        output = ReplyOutput(options)
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

    var isThinking: Bool {
        switch place {
        case .thinking: true
        case .call: attempt?.origin == .thinking && attempt?.isCertain == false
        default: false
        }
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
            let known = failedCalls
            if !attempt.isCertain {
                giveUp(attempt)
                if isCut { failedCalls = known }
            } else {
                if isCut || !attempt.body.isWhole { attempt.body.flush(into: &attempt.call) }
                if !isCut {
                    let count = attempt.call.arguments.count
                    attempt.body.close(into: &attempt.call)
                    let isClosed = attempt.body.isWhole || attempt.call.arguments.count > count
                    if !isClosed { failedCalls += 1 }
                }
                self.attempt = attempt
            }
        case .closing, .sectionEnd:
            output.hide(held.count)
            held = []
        case .between(let isSeparated):
            // White space behind the last call is of no use to anybody, and neither is a part of a mark behind it.
            let mark = held.drop { $0.isJSONSpace }
            let isClosing = candidates(isSeparated: isSeparated).contains {
                $0.next != .call && $0.next != .body && $0.text.starts(with: mark)
            }
            if solid == 0 || isClosing {
                output.hide(held.count)
            } else {
                hideLines()
                output.write(held, isThinking: false)
            }
            held = []
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
        case .closing(let literal): readClosing(byte, literal)
        case .between(let isSeparated): readBetween(byte, isSeparated: isSeparated)
        case .sectionEnd(let parts): readSectionEnd(byte, parts)
        }
    }

    private mutating func hold(_ byte: UInt8) {
        held.append(byte)
        if !byte.isJSONSpace { solid = held.count }
    }

    private func isActive(_ mark: Mark) -> Bool {
        switch (mark, place) {
        case (.thinkingOpen, .beginning), (.thinkingClose, .thinking), (.thinkingClose, .beginning): true
        case (.textOpen, .beginning): !isTextMarked
        case (.textClose, .beginning), (.textClose, .text): isTextMarked
        case (.callOpen, .beginning): !ignoresCalls
        case (.callOpen, .text), (.callOpen, .thinking): calls?.isUnmarked == false && !ignoresCalls
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
        if let calls, calls.opening.isEmpty, held.count == leading + 1, byte == UInt8(ascii: "{"), !ignoresCalls {
            beginCall(mark: 1, opening: [])
            return readAgain()
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
        if calls != nil || isThinking {
            if partial == 0 { ready = solid }
            while ready > 0, held[ready - 1].isJSONSpace { ready -= 1 }
        }
        guard ready > 0 else { return }
        output.write(held[..<ready], isThinking: isThinking)
        dropHeld(ready)
    }

    // MARK: - Marks

    private mutating func take(_ mark: Mark, count: Int) {
        let before = held.count - count
        switch mark {
        case .callOpen(let rest):
            guard let rest else {
                let bytes = Array(held[before...])
                beginCall(mark: count, opening: [])
                attempt?.pending.removeLast(count)
                for byte in bytes { read(byte) }
                return
            }
            let isWord = held[before...].allSatisfy { LiteralCallReader.isNameByte($0) }
            beginCall(mark: count, opening: rest.map(LiteralMatcher.init))
            attempt?.isWord = isWord
            return
        case .thinkingOpen:
            output.hide(held.count)
            place = .thinking(isLeading: true)
        case .thinkingClose:
            // At the beginning it closes nothing.
            let isThinking = isThinking
            // White space around the mark is no part of what was thought.
            let end = held[..<before].lastIndex { !$0.isJSONSpace }.map { $0 + 1 } ?? 0
            output.write(held[..<end], isThinking: isThinking)
            output.hide(held.count - end)
            place = .beginning(isAfterThinking: true)
        case .textOpen:
            isTextMarked = true
            output.hide(held.count)
            place = .beginning(isAfterThinking: true)
        case .textClose:
            isTextMarked = false
            let last = held[..<before].lastIndex { !$0.isJSONSpace }.map { $0 + 1 } ?? 0
            let end = format.textMarks.contains(where: \.ownsSpace) ? last : before
            output.write(held[..<end], isThinking: false)
            output.hide(held.count - end)
            place = .text
        }
        held = []
        solid = 0
        resetFinders()
    }

    // MARK: - Calls

    private func makeBody() -> any CallBodyReader {
        switch calls?.body {
        case .object(let names, let arguments)?:
            ObjectCallReader(names: names, arguments: arguments, needsArguments: calls?.isUnmarked == true)
        case .keyed?, nil: ObjectCallReader()
        case .named(let form)?: NamedCallReader(form)
        case .tagged(let form)?: TaggedCallReader(form, types)
        case .literal(let form)?: LiteralCallReader(form, isUnmarked: calls?.isUnmarked == true)
        }
    }

    /// Begins to read a call whose mark is the last bytes held.
    private mutating func beginCall(mark: Int, opening: [LiteralMatcher]) {
        let before = held.count - mark
        let end = held[..<before].lastIndex { !$0.isJSONSpace }.map { $0 + 1 } ?? 0
        let wasThinking = isThinking
        output.write(held[..<end], isThinking: wasThinking)
        attempt = Attempt(
            pending: Array(held[end...]), origin: wasThinking ? .thinking : .text, opening: opening, body: makeBody())
        held = []
        solid = 0
        resetFinders()
        place = .call
    }

    /// Reads the last pending byte as the first of the body.
    private mutating func readAgain() {
        guard let byte = attempt?.pending.popLast() else { return }
        readCall(byte)
    }

    private mutating func readCall(_ byte: UInt8) {
        guard var attempt else { return }
        self.attempt = nil
        if attempt.isCertain { output.hide(1) } else { attempt.pending.append(byte) }
        if !attempt.opening.isEmpty {
            switch attempt.opening[0].read(byte) {
            case .more: self.attempt = attempt
            case .end:
                attempt.opening.removeFirst()
                self.attempt = attempt
            case .wrong: fail(attempt, byte)
            }
            return
        }
        let step = attempt.body.read(byte, into: &attempt.call)
        if attempt.call.isCertain, !attempt.isCertain {
            attempt.isCertain = true
            output.hide(attempt.pending.count)
            attempt.pending = []
            output.beginCall(attempt.call.name ?? [])
        }
        switch step {
        case .more:
            if !attempt.isCertain, attempt.pending.count > ReplyLimits.undecidedBytes { return fail(attempt, byte) }
            self.attempt = attempt
        case .end: endCall(attempt, again: [])
        case .endBefore(let bytes): endCall(attempt, again: bytes)
        case .wrong: fail(attempt, byte)
        }
    }

    private mutating func endCall(_ attempt: Attempt, again: [UInt8]) {
        var attempt = attempt
        output.continueCall(attempt.call.takeArguments())
        unhide(again.count)
        let close = LiteralMatcher(calls?.close ?? "")
        place = close.isEmpty ? .between(isSeparated: false) : .closing(close)
        for byte in again { read(byte) }
    }

    /// Takes back bytes that were counted as a part of the call and are read again.
    private mutating func unhide(_ count: Int) { output.unhide(count) }

    /// What was a call until this byte goes on as text; what was none yet becomes text.
    private mutating func fail(_ attempt: Attempt, _ byte: UInt8) {
        var attempt = attempt
        if attempt.isCertain {
            failedCalls += 1
            attempt.body.close(into: &attempt.call)
            output.continueCall(attempt.call.takeArguments())
            unhide(1)
            place = .text
        } else {
            attempt.pending.removeLast()
            giveUp(attempt)
        }
        read(byte)
    }

    private mutating func giveUp(_ attempt: Attempt) {
        let isWord = attempt.isWord && !attempt.opening.isEmpty
        if calls?.isUnmarked == false, !isWord { failedCalls += 1 }
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

    private mutating func readClosing(_ byte: UInt8, _ literal: LiteralMatcher) {
        var literal = literal
        hold(byte)
        switch literal.read(byte) {
        case .more: place = .closing(literal)
        case .end:
            output.hide(held.count)
            held = []
            solid = 0
            place = .between(isSeparated: false)
        case .wrong:
            // The mark is missing: what was read may be another one.
            let bytes = held
            held = []
            solid = 0
            place = .between(isSeparated: false)
            for byte in bytes { readBetween(byte, isSeparated: false) }
        }
    }

    /// Marks that may follow, and what each leads to.
    private enum Next { case separator, sectionEnd, call, body, thinkingClose }

    /// The marks around all calls.
    private var sections: [SectionMarks] {
        guard let calls else { return [] }
        return [SectionMarks(calls.sectionOpen, calls.sectionClose)] + calls.aliases
    }

    private func candidates(isSeparated: Bool) -> [(text: [UInt8], next: Next)] {
        guard let calls else { return [] }
        var result: [(text: [UInt8], next: Next)] = []
        func add(_ text: String, _ next: Next) {
            if !text.isEmpty { result.append((Array(text.utf8), next)) }
        }
        if !isSeparated {
            add(calls.separator.filter { !$0.isWhitespace }, .separator)
            for marks in sections { add(marks.close.first ?? "", .sectionEnd) }
        }
        if !calls.open.isEmpty {
            add(calls.open, .call)
        } else if isSeparated || calls.separator.allSatisfy(\.isWhitespace) {
            switch calls.body {
            case .object, .keyed: add("{", .body)
            case .named(let form): add(form.prefix, .body)
            case .tagged(let form): add(form.nameOpen, .body)
            case .literal(let form): add(form.prefix, .body)
            }
        }
        // Of thinking that a call stood in.
        if !isSeparated, let thinking = format.thinking { add(thinking.close, .thinkingClose) }
        if !isSeparated, let first = calls.sectionOpen.first, !calls.isUnmarked { add(first, .call) }
        return result
    }

    private mutating func readBetween(_ byte: UInt8, isSeparated: Bool) {
        // A reply read again may have left this place.
        guard case .between = place else { return read(byte) }
        hold(byte)
        if solid == 0 { return }
        let start = held.prefix { $0.isJSONSpace }.count
        let mark = held[start...]
        let possible = candidates(isSeparated: isSeparated)
        // A mark may be the beginning of a longer one.
        let isOpen = possible.contains { $0.text.count > mark.count && $0.text.starts(with: mark) }
        if isOpen { return }
        if let exact = possible.first(where: { $0.text.elementsEqual(mark) }) {
            return takeBetween(exact.next, Array(mark))
        }
        // One that was, and did not go on.
        if let shorter = possible.filter({ mark.starts(with: $0.text) }).max(by: { $0.text.count < $1.text.count }) {
            let rest = Array(mark[(mark.startIndex + shorter.text.count)...])
            held.removeLast(rest.count)
            solid = held.count
            takeBetween(shorter.next, Array(shorter.text))
            for byte in rest { read(byte) }
            return
        }
        if isSeparated || calls?.separator.allSatisfy(\.isWhitespace) == true, case .literal(let form)? = calls?.body,
            form.prefix.isEmpty, calls?.open.isEmpty == true, LiteralCallReader.isNameByte(byte)
        {
            let bytes = Array(mark)
            beginCall(mark: mark.count, opening: [])
            attempt?.pending.removeLast(bytes.count)
            for byte in bytes { read(byte) }
            return
        }
        // Text behind the call.
        hideLines()
        let bytes = held
        held = []
        solid = 0
        resetFinders()
        place = .text
        for byte in bytes { read(byte) }
    }

    /// Goes on behind a mark, which is the last thing held.
    private mutating func takeBetween(_ next: Next, _ mark: [UInt8]) {
        switch next {
        case .separator:
            output.hide(held.count)
            held = []
            solid = 0
            place = .between(isSeparated: true)
        case .sectionEnd:
            output.hide(held.count)
            held = []
            solid = 0
            // Of several sections that close so, the one with more marks: those that are missing are not missed.
            let marks = sections.filter { $0.close.first.map { Array($0.utf8).elementsEqual(mark) } ?? false }
                .max { $0.close.count < $1.close.count }
            let rest = Array(marks?.close.dropFirst() ?? [])
            place = rest.isEmpty ? .between(isSeparated: false) : .sectionEnd(rest)
        case .thinkingClose:
            output.hide(held.count)
            held = []
            solid = 0
            resetFinders()
            place = .beginning(isAfterThinking: true)
        case .call:
            let isSection = calls?.sectionOpen.first.map { Array($0.utf8).elementsEqual(mark) } ?? false
            let rest = isSection ? calls?.opening.dropFirst().map(LiteralMatcher.init) ?? [] : []
            beginCall(mark: mark.count, opening: rest)
        case .body:
            let bytes = Array(mark)
            beginCall(mark: mark.count, opening: [])
            attempt?.pending.removeLast(bytes.count)
            for byte in bytes { read(byte) }
        }
    }

    private mutating func readSectionEnd(_ byte: UInt8, _ parts: [String]) {
        hold(byte)
        if solid == 0 { return }
        let start = held.prefix { $0.isJSONSpace }.count
        let mark = held[start...]
        let part = Array(parts[0].utf8)
        if part.elementsEqual(mark) {
            output.hide(held.count)
            held = []
            solid = 0
            place = parts.count == 1 ? .between(isSeparated: false) : .sectionEnd(Array(parts.dropFirst()))
        } else if !part.starts(with: mark) {
            let bytes = held
            held = []
            solid = 0
            place = .between(isSeparated: false)
            for byte in bytes { read(byte) }
        }
    }
}
