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
        /// Behind a call.
        case trailer
    }

    private var output: ReplyOutput
    /// Beginnings of calls that became text, and calls that ended too early.
    private var givenUp = 0
    private let form: CallFormat?
    /// Whether calls are looked for that a mark tells.
    private let hasMarkedCalls: Bool
    private let types: ToolTypes
    /// Whether white space around a text that stands between marks is part of the marks.
    private let textOwnsSpace: Bool
    private let callsStandAlone: Bool
    private let maximumCalls: Int?
    /// The names of tools where nothing else tells a call from any other text; nil where every name may be one.
    private let callable: Set<[UInt8]>?
    private var place: Place
    private var attempt: CallAttempt?
    private var trailer: CallTrailerReader
    private var search: ReplyMarkSearch
    /// What may become a mark or stand in front of one.
    private var held = HeldBytes()
    /// Whether a mark of text was opened.
    private var isTextMarked = false
    /// Whether marks of calls are passed over, because what is read began as a call and was none.
    private var ignoresCalls = false

    init(_ format: ReplyFormat, _ options: ReplyReader.Options) {
        let calls = options.readsCalls ? format.calls : nil
        form = calls
        hasMarkedCalls = calls?.isUnmarked == false
        if case .tagged? = calls?.body { types = ToolTypes(options.tools) } else { types = ToolTypes() }
        textOwnsSpace = format.textMarks.contains(where: \.ownsSpace)
        callsStandAlone = options.callsStandAlone
        maximumCalls = options.maximumCalls
        callable = calls?.isUnmarked == true ? options.callable : nil
        output = ReplyOutput(options)
        trailer = CallTrailerReader(format, calls)
        search = ReplyMarkSearch(format, calls)
        place =
            options.isThinking && format.thinking != nil
            ? .thinking(isLeading: true) : .beginning(isAfterThinking: false)
    }

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
        return attempt.isWithinArguments
    }

    mutating func append(_ bytes: some Sequence<UInt8>) -> [ReplyReader.Piece] {
        for byte in bytes { read(byte) }
        release()
        tellArguments()
        return output.take()
    }

    mutating func finish(isCut: Bool) -> [ReplyReader.Piece] {
        switch place {
        case .call: finishCall(isCut: isCut)
        case .trailer:
            let text = trailer.finish(into: &output)
            output.write(text, isThinking: false)
        case .beginning, .text, .thinking: break
        }
        if case .beginning(isAfterThinking: true) = place, held.isBlank {
            output.hide(&held)
        } else {
            writeHeld(held.count)
        }
        tellArguments()
        return output.take()
    }

    private mutating func read(_ byte: UInt8) {
        switch place {
        case .beginning, .text, .thinking: readText(byte)
        case .call: readCall(byte)
        case .trailer: readTrailer(byte)
        }
    }

    // MARK: - Text and thinking

    /// The marks that may stand here.
    private var active: ReplyMarkSearch.Kinds {
        var kinds: ReplyMarkSearch.Kinds
        let hasCalls: Bool
        switch place {
        case .beginning:
            kinds = [.thinkingOpen, .thinkingClose, isTextMarked ? .textClose : .textOpen]
            hasCalls = true
        case .text:
            kinds = isTextMarked ? .textClose : []
            hasCalls = hasMarkedCalls && !callsStandAlone
        case .thinking:
            kinds = .thinkingClose
            hasCalls = hasMarkedCalls
        case .call, .trailer: return []
        }
        if hasCalls, looksForCalls { kinds.insert(.callOpen) }
        return kinds
    }

    private mutating func readText(_ byte: UInt8) {
        held.append(byte)
        if let match = search.advance(byte, active) { return take(match) }
        if case .thinking(isLeading: true) = place, !byte.isJSONSpace {
            output.hideLines(of: &held)
            place = .thinking(isLeading: false)
        }
        guard case .beginning(let isAfterThinking) = place, !byte.isJSONSpace else { return }
        let leading = held.bytes.prefix { $0.isJSONSpace }.count
        // A call without a mark is begun by its own first byte.
        if let form, form.opening.isEmpty, held.count == leading + 1, byte == UInt8(ascii: "{"), looksForCalls {
            return beginBody(1)
        }
        guard search.partial(active) < held.count - leading else { return }
        if isAfterThinking { output.hideLines(of: &held) }
        place = .text
    }

    private mutating func take(_ match: ReplyMarkSearch.Match) {
        let before = held.count - match.count
        switch match.mark {
        case .callOpen(let rest):
            guard let rest else { return beginBody(match.count) }
            let isWord = held.bytes[before...].allSatisfy { LiteralCallReader.isNameByte($0) }
            return beginCall(mark: match.count, opening: rest, isWord: isWord)
        case .thinkingOpen: place = .thinking(isLeading: true)
        case .thinkingClose:
            // White space around the mark is no part of what was thought. At the beginning the mark closes nothing.
            writeHeld(held.solid(before: before))
            place = .beginning(isAfterThinking: true)
        case .textOpen:
            isTextMarked = true
            place = .beginning(isAfterThinking: true)
        case .textClose:
            isTextMarked = false
            writeHeld(textOwnsSpace ? held.solid(before: before) : before)
            place = .text
        }
        output.hide(&held)
        search.reset()
    }

    /// Writes what is certain, at the end of what was given.
    private mutating func release() {
        switch place {
        case .text, .thinking(isLeading: false): break
        default: return
        }
        let partial = search.partial(active)
        var ready = held.count - partial
        // White space may stand in front of a mark.
        if form != nil || isThinking { ready = partial == 0 ? held.solid : held.solid(before: ready) }
        if ready > 0 { writeHeld(ready) }
    }

    /// Writes so many of the bytes held.
    private mutating func writeHeld(_ count: Int) {
        output.write(held.bytes[..<count], isThinking: isThinking)
        held.removeFirst(count)
    }

    // MARK: - Calls

    /// Begins to read a call whose mark is the last bytes held.
    ///
    /// - Parameter opening: The marks that follow, but for that in front of the tool's name.
    private mutating func beginCall(mark: Int, opening: [String], isWord: Bool) {
        writeHeld(held.solid(before: held.count - mark))
        beginCall(pending: held.take(), opening: opening, isWord: isWord)
    }

    /// Begins to read a call that begins with the last bytes held, without a mark in front of them.
    private mutating func beginBody(_ count: Int) {
        writeHeld(held.solid(before: held.count - count))
        let bytes = held.take()
        beginCall(pending: Array(bytes.dropLast(count)), opening: [])
        for byte in bytes.suffix(count) { read(byte) }
    }

    /// Begins to read a call.
    ///
    /// - Parameter pending: What was read of the call, and the white space before it.
    private mutating func beginCall(pending: [UInt8], opening: [String], isWord: Bool = false) {
        guard let form else { preconditionFailure("a call was found where none is looked for") }
        attempt = CallAttempt(
            form, types, pending: pending, opening: opening, origin: isThinking ? .thinking : .text, isWord: isWord)
        search.reset()
        place = .call
    }

    private mutating func readCall(_ byte: UInt8) {
        guard var attempt else { return }
        self.attempt = nil
        switch attempt.read(byte, callable: callable, into: &output) {
        case .more: self.attempt = attempt
        case .end(let again):
            trailer.begin()
            place = .trailer
            for byte in again { read(byte) }
        case .wrong:
            // What was a call until this byte goes on as text; what was none yet becomes text.
            if attempt.isCertain {
                givenUp += 1
                place = .text
            } else {
                giveUp(attempt)
            }
            read(byte)
        }
    }

    /// Reads as text what might have become a call.
    private mutating func giveUp(_ attempt: CallAttempt) {
        if hasMarkedCalls, !attempt.isOnlyWord { givenUp += 1 }
        self.attempt = nil
        search.reset()
        place = attempt.origin == .thinking ? .thinking(isLeading: false) : .text
        // Marks of thinking may stand in it; calls would be looked for again and again.
        ignoresCalls = true
        for byte in attempt.pending { readText(byte) }
        ignoresCalls = false
    }

    private mutating func finishCall(isCut: Bool) {
        guard var attempt else { return }
        if attempt.isCertain {
            if !attempt.finish(isCut: isCut, into: &output) { givenUp += 1 }
            self.attempt = attempt
        } else {
            // A limit cut the reply, so the model made no mistake.
            let known = givenUp
            giveUp(attempt)
            if isCut { givenUp = known }
        }
    }

    private mutating func tellArguments() {
        guard attempt?.isCertain == true else { return }
        attempt?.tellArguments(to: &output)
    }

    private mutating func readTrailer(_ byte: UInt8) {
        let (step, again) = trailer.read(byte, looksForCalls: looksForCalls, into: &output)
        switch step {
        case .more: break
        case .call(let pending, let opening): beginCall(pending: pending, opening: opening)
        case .thinkingEnd:
            search.reset()
            place = .beginning(isAfterThinking: true)
        case .text:
            search.reset()
            place = .text
        }
        for byte in again { read(byte) }
    }
}
