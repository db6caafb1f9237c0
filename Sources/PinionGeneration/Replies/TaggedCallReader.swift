import PinionJSON

/// Reads a call whose arguments stand between marks, each by itself:
/// `<function=weather><parameter=city>Bern</parameter></function>`.
///
/// What it tells are the arguments as one JSON object. A value is a text where the tool's schema says so, and else the JSON
/// that it is, or a text when it is none.
struct TaggedCallReader: CallBodyReader {
    private enum Place: Sendable {
        case name
        /// Between two arguments: what was read of the next mark.
        case gap
        case key
        /// Behind the key: what stands in front of the value.
        case sign
        case value
    }

    /// What of a value was read as JSON.
    private enum JSONPart: Sendable {
        /// White space at most.
        case front
        case open(JSONSpan)
        /// JSON that has ended, or anything else.
        case over
    }

    private let form: TaggedCall
    private let types: ToolTypes
    private var place = Place.name
    private var mark: [UInt8] = []
    private var nameEnd: MarkFinder
    private var keyEnd: MarkFinder
    private var valueOpen: MarkFinder?
    private var valueEnd: MarkFinder
    /// The same with the padding in front of it.
    private var paddedEnd: MarkFinder
    private var text: [UInt8] = []
    private var key: [UInt8] = []
    /// The JSON types that this value is read as; a text where the set is empty.
    private var readable = JSONTypes.all
    private var json = JSONPart.front
    /// Bytes up to and including the first closing mark, which may turn out to stand within a JSON string.
    private var firstEnd: Int?
    private var arguments = 0
    /// Whether the padding in front of a text value was already looked for.
    private var isPadded = false
    private let keyOpen: [UInt8]
    private let padding: [UInt8]
    private let bodyEnd: [UInt8]

    init(_ form: TaggedCall, _ types: ToolTypes) {
        self.form = form
        self.types = types
        nameEnd = MarkFinder(Array(form.nameEnd.utf8))
        keyEnd = MarkFinder(Array(form.keyEnd.utf8))
        valueOpen = form.valueOpen.isEmpty ? nil : MarkFinder(Array(form.valueOpen.utf8))
        valueEnd = MarkFinder(Array(form.valueEnd.utf8))
        paddedEnd = MarkFinder(Array((form.padding + form.valueEnd).utf8))
        keyOpen = Array(form.keyOpen.utf8)
        padding = Array(form.padding.utf8)
        bodyEnd = Array(form.end.utf8)
    }

    mutating func read(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        switch place {
        case .name: return readName(byte, into: &call)
        case .gap: return readGap(byte, into: &call)
        case .key: return readKey(byte, into: &call)
        case .sign: return readSign(byte, into: &call)
        case .value: return readValue(byte, into: &call)
        }
    }

    private mutating func readName(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        if text.isEmpty, byte.isJSONSpace { return .more }
        // Where the name stands by itself, what follows ends it, too.
        if form.nameOpen.isEmpty, form.nameEnd == "\n", byte == UInt8(ascii: "<") {
            guard !text.isEmpty else { return .wrong }
            return endName(into: &call) ? readGap(byte, into: &call) : .wrong
        }
        text.append(byte)
        guard nameEnd.advance(byte) else { return text.count <= ReplyLimits.nameBytes ? .more : .wrong }
        text.removeLast(nameEnd.count)
        return endName(into: &call) ? .more : .wrong
    }

    private mutating func endName(into call: inout CallWriter) -> Bool {
        let name = Array(text.prefix(text.solidCount))
        text = []
        // A name holds no white space and no brackets: what has them is a text about marks.
        guard !name.isEmpty,
            !name.contains(where: { $0.isJSONSpace || $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "<") })
        else { return false }
        call.setName(name)
        if !form.nameOpen.isEmpty { call.begin() }
        place = .gap
        return true
    }

    private mutating func readGap(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        if mark.isEmpty, byte.isJSONSpace { return .more }
        if mark.isEmpty, bodyEnd.isEmpty, byte != keyOpen[0] {
            finish(&call)
            return .endBefore([byte])
        }
        mark.append(byte)
        if mark == keyOpen {
            mark = []
            text = []
            keyEnd.reset()
            place = .key
            return .more
        }
        if mark == bodyEnd {
            finish(&call)
            return .end
        }
        if keyOpen.starts(with: mark) || bodyEnd.starts(with: mark) { return .more }
        // A call that is ended by the mark behind it.
        guard bodyEnd.isEmpty else { return .wrong }
        finish(&call)
        return .endBefore(mark)
    }

    var isWhole: Bool { false }

    var heldBytes: Int {
        switch place {
        // Behind the first closing mark of a value that is yet to be found to be JSON.
        case .value: firstEnd.map { text.count - $0 } ?? 0
        // A mark that may follow a call which has no mark at its end.
        case .gap: bodyEnd.isEmpty ? mark.count : 0
        case .name, .key, .sign: 0
        }
    }

    mutating func flush(into call: inout CallWriter) {
        guard case .value = place, readable.isEmpty else { return }
        call.appendText(text)
        text = []
    }

    mutating func close(into call: inout CallWriter) {
        if case .gap = place { finish(&call) }
    }

    private mutating func finish(_ call: inout CallWriter) {
        call.append(arguments == 0 ? "{}" : "}")
    }

    private mutating func readKey(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        text.append(byte)
        guard keyEnd.advance(byte) else { return text.count <= ReplyLimits.nameBytes ? .more : .wrong }
        key = Array(text.dropLast(keyEnd.count))
        text = []
        readable = types.types(of: key, in: call.name ?? [])
        call.append(arguments == 0 ? "{" : ",")
        arguments += 1
        call.appendString(key)
        call.append(":")
        valueOpen?.reset()
        valueEnd.reset()
        paddedEnd.reset()
        isPadded = false
        if valueOpen == nil { beginValue(&call) } else { place = .sign }
        return .more
    }

    private mutating func readSign(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        text.append(byte)
        guard valueOpen?.advance(byte) == true else { return text.count <= ReplyLimits.nameBytes ? .more : .wrong }
        text.removeLast(form.valueOpen.utf8.count)
        if let sign = form.textSign, text.elementsEqual(sign.utf8) { readable = [] }
        if let sign = form.jsonSign, text.elementsEqual(sign.utf8) { readable = .all }
        text = []
        beginValue(&call)
        return .more
    }

    private mutating func beginValue(_ call: inout CallWriter) {
        place = .value
        json = .front
        firstEnd = nil
        if readable.isEmpty { call.append("\"") }
    }

    private mutating func readValue(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        text.append(byte)
        let isEnd = valueEnd.advance(byte)
        _ = paddedEnd.advance(byte)
        guard readable.isEmpty else { return readJSON(byte, isEnd: isEnd, into: &call) }
        if isEnd { text.removeLast(valueEnd.count) }
        if !isPadded, text.count >= padding.count || isEnd {
            isPadded = true
            if text.starts(with: padding) { text.removeFirst(padding.count) }
        }
        if isEnd {
            if !padding.isEmpty, text.reversed().starts(with: padding.reversed()) { text.removeLast(padding.count) }
            call.appendText(text)
            call.append("\"")
            text = []
            place = .gap
        } else if isPadded {
            // What may be the mark behind the value, and the padding in front of it, waits.
            let ready = text.count - max(valueEnd.matched, paddedEnd.matched)
            if ready > 0 {
                call.appendText(text[..<ready])
                text.removeFirst(ready)
            }
        }
        return .more
    }

    /// Reads more of a value that may be JSON, within which the mark behind the value is none.
    private mutating func readJSON(_ byte: UInt8, isEnd: Bool, into call: inout CallWriter) -> CallStep {
        if case .front = json, !byte.isJSONSpace { json = mayBegin(byte) ? .open(JSONSpan()) : .over }
        if case .open(var span) = json {
            switch span.read(byte) {
            case .more: json = .open(span)
            case .end:
                // The marks so far stood within it.
                json = .over
                firstEnd = nil
            case .endBefore, .wrong: json = .over
            }
        }
        if isEnd, firstEnd == nil { firstEnd = text.count }
        if case .open = json { return .more }
        guard let end = firstEnd else { return .more }
        write(value: text[..<(end - valueEnd.count)].trimmed, to: &call)
        let rest = Array(text[end...])
        text = []
        place = .gap
        // It was no JSON: the first mark was the end.
        for (index, byte) in rest.enumerated() {
            let step = read(byte, into: &call)
            if case .more = step { continue }
            let others = Array(rest[(index + 1)...])
            switch step {
            case .end: return others.isEmpty ? .end : .endBefore(others)
            case .endBefore(let bytes): return .endBefore(bytes + others)
            case .wrong:
                finish(&call)
                return .endBefore([byte] + others)
            case .more: break
            }
        }
        return .more
    }

    /// Whether JSON that may hold marks begins with this byte, of a type that the argument has.
    private func mayBegin(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "{"): readable.contains(.object)
        case UInt8(ascii: "["): readable.contains(.array)
        case UInt8(ascii: "\""): readable.contains(.string)
        default: false
        }
    }

    /// Writes JSON of a type that the argument has as it is, and anything else as a text.
    private func write(value: [UInt8], to call: inout CallWriter) {
        if let json = try? JSONValue.parse(value, limits: ToolTypes.valueLimits) {
            return readable.contains(JSONTypes(json)) ? call.append(value) : call.appendString(value)
        }
        // Python's words, which models write as often as JSON's.
        guard let word = LiteralWord.spelled(value), readable.contains(word.type) else {
            return call.appendString(value)
        }
        call.append(Array(word.json.utf8))
    }
}
