import TextGeneration

/// Reads replies that are made of messages with headers, as gpt-oss writes them:
/// `<|channel|>analysis<|message|>...<|end|><|start|>assistant<|channel|>final<|message|>...`.
///
/// A message to a function is a call, one in the channel `analysis` is thinking, and any other is text.
struct ChannelReader: ReplyPartReader {
    private enum Place: Sendable {
        /// In front of the first mark.
        case beginning
        case header
        case text, thinking
        /// The arguments of a call, whose name is not told before they begin.
        case call(JSONSpan, name: [UInt8], isBegun: Bool)
        /// Behind the arguments.
        case behindCall
    }

    private static let channel = "<|channel|>"
    private static let message = "<|message|>"
    private static let start = "<|start|>"
    private static let ends = ["<|end|>", "<|call|>", "<|return|>"]
    private static let recipient = "to="
    private static let functions = "functions."

    private var output: ReplyOutput
    private let readsCalls: Bool
    private let maximumCalls: Int
    private var place: Place
    private var finders: [MarkFinder]
    private var marks: [[UInt8]]
    private var held: [UInt8] = []
    /// Whether the reply has only white space so far.
    private var isBlank = true

    init(_ format: ReplyFormat, _ options: ReplyReader.Options) {
        readsCalls = options.readsCalls
        maximumCalls = options.maximumCalls ?? .max
        output = ReplyOutput(options)
        place = options.isThinking ? .thinking : .beginning
        marks = ([Self.channel, Self.message, Self.start] + Self.ends).map { Array($0.utf8) }
        finders = marks.map { MarkFinder($0) }
    }

    var calls: Int { output.calls }
    var isThinking: Bool {
        if case .thinking = place { true } else { false }
    }

    var isWithinCall: Bool {
        if case .call(_, _, isBegun: true) = place { true } else { false }
    }

    mutating func append(_ bytes: some Sequence<UInt8>) -> [ReplyReader.Piece] {
        for byte in bytes { read(byte) }
        release(held.count - (finders.map(\.matched).max() ?? 0))
        flushArguments()
        return output.take()
    }

    mutating func finish(isCut: Bool) -> [ReplyReader.Piece] {
        switch place {
        case .header: if Self.isHeader(held) { output.hide(held.count) } else { output.write(held, isThinking: false) }
        case .behindCall: output.hide(held.count)
        case .call(_, _, let isBegun):
            if !isCut { givenUp += 1 }
            if isBegun { endCall() } else { output.hide(held.count) }
        case .text, .thinking: output.write(held, isThinking: isThinking)
        case .beginning:
            // A part of the first mark is nothing.
            let isMark = (finders.map(\.matched).max() ?? 0) == held.count
            if isMark { output.hide(held.count) } else { output.write(held, isThinking: false) }
        }
        held = []
        flushArguments()
        return output.take()
    }

    /// Calls that ended in the middle of their arguments, or were none.
    private var givenUp = 0
    private var arguments: [UInt8] = []

    var failedCalls: Int { givenUp + output.failedInputs }

    private mutating func flushArguments() {
        output.continueCall(arguments)
        arguments = []
    }

    private mutating func endCall() {
        flushArguments()
        output.endCall()
    }

    private mutating func read(_ byte: UInt8) {
        if case .call(let span, let name, let isBegun) = place { return readCall(byte, span, name, isBegun: isBegun) }
        held.append(byte)
        var found: Int?
        for index in finders.indices where finders[index].advance(byte) { found = index }
        if let found { return take(found) }
        switch place {
        case .beginning:
            // A message to a function may have it in front of its channel.
            if byte.isJSONSpace {
                if !isBlank, held.count > ReplyLimits.nameBytes { place = .text }
                return
            }
            isBlank = false
            let text = held.drop { $0.isJSONSpace }
            let isHeader =
                held.count <= ReplyLimits.nameBytes
                && Array(Self.recipient.utf8).starts(with: text.prefix(Self.recipient.utf8.count))
            if !isHeader, (finders.map(\.matched).max() ?? 0) < text.count { place = .text }
        case .header:
            guard held.count > ReplyLimits.nameBytes else { return }
            place = .text
        case .behindCall:
            if !byte.isJSONSpace, (finders.map(\.matched).max() ?? 0) == 0 { place = .text }
        case .text, .thinking, .call: break
        }
    }

    private mutating func readCall(_ byte: UInt8, _ span: JSONSpan, _ name: [UInt8], isBegun: Bool) {
        var (span, isBegun) = (span, isBegun)
        if !isBegun {
            held.append(byte)
            if byte.isJSONSpace { return }
            guard byte == UInt8(ascii: "{") else {
                // What a tool is told and is no object is text.
                givenUp += 1
                place = .text
                let bytes = held
                held = []
                for byte in bytes { read(byte) }
                return
            }
            isBegun = true
            output.hide(held.count - 1)
            held = []
            output.beginCall(name)
        }
        switch span.read(byte) {
        case .more:
            output.hide(1)
            arguments.append(byte)
            place = .call(span, name: name, isBegun: isBegun)
        case .end:
            output.hide(1)
            arguments.append(byte)
            endCall()
            place = .behindCall
        case .endBefore, .wrong:
            endCall()
            givenUp += 1
            place = .text
            read(byte)
        }
    }

    private mutating func release(_ count: Int) {
        guard count > 0 else { return }
        switch place {
        case .text, .thinking: output.write(held[..<count], isThinking: isThinking)
        case .beginning, .header, .behindCall, .call: return
        }
        held.removeFirst(count)
    }

    private mutating func take(_ index: Int) {
        let mark = marks[index].count
        switch place {
        case .text, .thinking, .behindCall:
            if case .behindCall = place { output.hide(held.count - mark) } else { release(held.count - mark) }
            // A channel is a part of its header.
            if index == 0 {
                held = marks[0]
            } else {
                output.hide(mark)
                held = []
            }
            if index != 1 { place = .header }
        case .beginning, .header:
            guard index == 1 else {
                place = .header
                return
            }
            begin(Array(held.dropLast(mark)))
            held = []
        case .call: break
        }
        for index in finders.indices { finders[index].reset() }
    }

    /// Whether bytes in front of a message can be its header: words of ASCII and marks.
    private static func isHeader(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { $0 < 0x7F && $0 >= 0x20 || $0.isJSONSpace }
    }

    /// Begins the message of a header.
    private mutating func begin(_ header: [UInt8]) {
        guard Self.isHeader(header) else {
            // Words where a header should stand: nothing that was said is lost.
            output.write(header, isThinking: false)
            output.hide(held.count - header.count)
            place = .text
            return
        }
        output.hide(held.count)
        if readsCalls, output.calls < maximumCalls,
            let start = header.firstRange(of: Array(Self.recipient.utf8))?.upperBound
        {
            var name = header[start...].prefix { !$0.isJSONSpace && $0 != UInt8(ascii: "<") }
            if name.starts(with: Self.functions.utf8) { name = name.dropFirst(Self.functions.utf8.count) }
            if !name.isEmpty {
                place = .call(JSONSpan(), name: Array(name), isBegun: false)
                return
            }
        }
        let channel = header.firstRange(of: Array(Self.channel.utf8)).map { header[$0.upperBound...] } ?? []
        place = channel.drop { $0.isJSONSpace }.starts(with: "analysis".utf8) ? .thinking : .text
    }
}
