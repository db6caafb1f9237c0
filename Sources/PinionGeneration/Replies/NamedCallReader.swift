/// Reads a call whose name stands in front of its arguments: `weather[ARGS]{"city": "Bern"}`.
struct NamedCallReader: CallBodyReader {
    private enum Place: Sendable {
        case name
        case argumentsOpen(LiteralMatcher)
        case arguments(JSONSpan)
        case argumentsClose(LiteralMatcher)
    }

    private let form: NamedCall
    private var place = Place.name
    private var end: MarkFinder
    /// Name, identifier and the mark behind them, as far as they were read.
    private var head: [UInt8] = []

    init(_ form: NamedCall) {
        self.form = form
        end = MarkFinder(Array(form.nameEnd.utf8))
    }

    var isWhole: Bool {
        if case .argumentsClose = place { true } else { false }
    }

    mutating func read(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        switch place {
        case .name: return readName(byte, into: &call)
        case .argumentsOpen(var literal):
            switch literal.read(byte) {
            case .more: place = .argumentsOpen(literal)
            case .end: place = .arguments(JSONSpan())
            case .wrong:
                // Some leave it out.
                guard literal.count == 0, byte == UInt8(ascii: "{") else { return .wrong }
                place = .arguments(JSONSpan())
                return read(byte, into: &call)
            }
            return .more
        case .arguments(var span):
            if !call.isBegun, byte.isJSONSpace { return .more }
            let step = span.read(byte)
            switch step {
            case .more, .end:
                guard call.isBegun || byte == UInt8(ascii: "{") else { return .wrong }
                call.append(byte)
                place = .arguments(span)
                guard case .end = step else { return .more }
                if form.argumentsClose.isEmpty { return .end }
                place = .argumentsClose(LiteralMatcher(form.argumentsClose))
                return .more
            case .endBefore, .wrong: return .wrong
            }
        case .argumentsClose(var literal):
            switch literal.read(byte) {
            case .more: place = .argumentsClose(literal)
            case .end: return .end
            case .wrong: return literal.count == 0 ? .endBefore([byte]) : .wrong
            }
            return .more
        }
    }

    private mutating func readName(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        head.append(byte)
        guard end.advance(byte) else {
            // White space within a name, and an end that is not its own: a text about marks.
            let isInside = head.dropLast().contains { !$0.isJSONSpace } && end.matched == 0
            let isWrong = byte.isJSONSpace && isInside || byte == UInt8(ascii: "{")
            return head.count <= ReplyLimits.nameBytes && !isWrong ? .more : .wrong
        }
        var name = head.dropLast(end.count)
        if let mark = form.identifierMark, let start = name.firstRange(of: Array(mark.utf8)) {
            name = name[..<start.lowerBound]
        }
        if let mark = form.indexMark?.utf8.first, let index = name.lastIndex(of: mark),
            name[(index + 1)...].allSatisfy(\.isDigit)
        {
            name = name[..<index]
        }
        let trimmed = name.trimmed
        guard !trimmed.isEmpty else { return .wrong }
        call.setName(trimmed)
        place =
            form.argumentsOpen.isEmpty
            ? .arguments(JSONSpan()) : .argumentsOpen(LiteralMatcher(form.argumentsOpen))
        return .more
    }
}
