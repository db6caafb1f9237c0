package import TextGeneration

/// Takes a reply apart as it is written: what the model thinks, what it says, and what it calls.
///
///     var options = ReplyReader.Options()
///     options.tools = [weather]
///     var reader = ReplyReader(hermes, options)
///     pieces += reader.append(Array("One moment. <tool_c".utf8))   // "One moment."
///     pieces += reader.append(Array("all>{...}".utf8))             // the call
///     pieces += reader.finish()
///
/// The pieces, joined, do not depend on how the reply is cut. A mark that is only begun is held back for as long as it may
/// still be one, and so is the beginning of a call until its name is known; each byte costs a bounded number of steps.
/// Nothing is lost: what does not become a call is text.
package struct ReplyReader: Sendable {
    /// A part of a reply, in its order.
    package enum Piece: Sendable, Equatable {
        case text([UInt8])
        case reasoning([UInt8])
        case call(ToolCallDelta)
        /// So many bytes of the reply that show nothing: marks, the white space around them, and what calls are made of.
        case hidden(Int)
    }

    package struct Options: Sendable {
        /// Whether the prompt ends within the model's thinking.
        package var isThinking = false
        /// Whether calls are looked for.
        package var readsCalls = true
        /// Whether a call is the whole reply but for its thinking: what stands within a text is none then.
        package var callsStandAlone = false
        /// How many calls are looked for; what looks like another one is text. nil for any number.
        package var maximumCalls: Int?
        /// The names of the tools that may be called; nil for any. Only formats in which nothing but the name tells a call
        /// ask for them: elsewhere a name that no tool has passes as the model said it.
        package var callable: Set<[UInt8]>?
        /// The tools, for the types of their arguments.
        package var tools: [Tool] = []
        /// Makes the identifier of a call.
        package var makeIdentifier: @Sendable () -> String = { CallIdentifier.random() }

        package init() {}
    }

    private var reader: any ReplyPartReader

    package init(_ format: ReplyFormat, _ options: Options = Options()) {
        reader = format.hasChannels ? ChannelReader(format, options) : MarkedReplyReader(format, options)
    }

    /// Whether the model is thinking, by what was read so far.
    package var isThinking: Bool { reader.isThinking }
    /// Calls that have begun for certain.
    package var calls: Int { reader.calls }
    /// Beginnings of calls that turned out to be text, and calls that did not end as they should.
    package var failedCalls: Int { reader.failedCalls }
    /// Whether what was read so far ends within the arguments of a call.
    package var isWithinCall: Bool { reader.isWithinCall }

    /// Takes more of the reply; whole characters only.
    package mutating func append(_ bytes: some Sequence<UInt8>) -> [Piece] { reader.append(bytes) }

    /// What was held back, once the reply has ended.
    ///
    /// - Parameter isCut: Whether it was ended by a limit, so that what is only begun is nobody's mistake.
    package mutating func finish(isCut: Bool = true) -> [Piece] { reader.finish(isCut: isCut) }
}

/// Takes a reply apart by the rules of one kind of format; see ``ReplyReader``.
protocol ReplyPartReader: Sendable {
    var isThinking: Bool { get }
    var calls: Int { get }
    var failedCalls: Int { get }
    var isWithinCall: Bool { get }

    mutating func append(_ bytes: some Sequence<UInt8>) -> [ReplyReader.Piece]
    mutating func finish(isCut: Bool) -> [ReplyReader.Piece]
}

/// Collects the pieces of a reply, and joins those of a kind.
struct ReplyOutput: Sendable {
    private(set) var pieces: [ReplyReader.Piece] = []
    /// Calls that have begun.
    private(set) var calls = 0
    /// Calls of tools that take a text whose text turned out to be no JSON string.
    private(set) var failedInputs = 0
    private let makeIdentifier: @Sendable () -> String
    /// Names of tools that take a text.
    private let custom: Set<[UInt8]>
    /// Of a call of such a tool.
    private var input: CustomInputReader?

    init(_ options: ReplyReader.Options) {
        makeIdentifier = options.makeIdentifier
        custom = Set(options.tools.filter(\.takesText).map { Array($0.name.utf8) })
    }

    mutating func write(_ bytes: some Collection<UInt8>, isThinking: Bool) {
        guard !bytes.isEmpty else { return }
        switch pieces.last {
        case .text(var known)? where !isThinking, .reasoning(var known)? where isThinking:
            pieces.removeLast()
            known += bytes
            pieces.append(isThinking ? .reasoning(known) : .text(known))
        default: pieces.append(isThinking ? .reasoning(Array(bytes)) : .text(Array(bytes)))
        }
    }

    mutating func hide(_ count: Int) {
        guard count > 0 else { return }
        if case .hidden(let known)? = pieces.last {
            pieces[pieces.count - 1] = .hidden(known + count)
        } else {
            pieces.append(.hidden(count))
        }
    }

    mutating func beginCall(_ name: [UInt8]) {
        let start = ToolCallDelta.Start(id: makeIdentifier(), name: String(decoding: name, as: UTF8.self))
        pieces.append(.call(ToolCallDelta(index: calls, start: start, arguments: "")))
        calls += 1
        input = custom.contains(name) ? CustomInputReader() : nil
    }

    mutating func continueCall(_ arguments: [UInt8]) { tell(input?.read(arguments) ?? arguments) }

    /// Ends the last call.
    mutating func endCall() {
        guard var input else { return }
        tell(input.finish())
        if input.isFailed { failedInputs += 1 }
        self.input = nil
    }

    private mutating func tell(_ arguments: [UInt8]) {
        guard !arguments.isEmpty else { return }
        let text = String(decoding: arguments, as: UTF8.self)
        pieces.append(.call(ToolCallDelta(index: calls - 1, arguments: text)))
    }

    mutating func take() -> [ReplyReader.Piece] {
        defer { pieces = [] }
        return pieces
    }
}

/// Names of calls, by which their results are told apart.
enum CallIdentifier {
    /// Letters and digits behind the prefix.
    private static let length = 24

    static func random() -> String { "call_" + Alphanumerics.random(length) }
}
