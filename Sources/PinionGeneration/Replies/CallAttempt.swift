/// A call that is being read, from its mark to the end of its body.
///
/// Until the name and the beginning of the arguments are there it may turn out to be text: its bytes are kept, and nothing
/// of it is told. From then on it is certain, and its arguments are told as they come.
struct CallAttempt: Sendable {
    /// Where a call was begun.
    enum Origin: Sendable { case text, thinking }

    /// What a byte did to the call.
    enum Step: Sendable {
        /// The byte belongs to the call, which goes on.
        case more
        /// The call has ended. `again` are bytes behind it, the byte last; empty where the byte is the call's own.
        case end(again: [UInt8])
        /// The byte cannot stand there and is no part of the call, which has ended if it was certain.
        case wrong
    }

    let origin: Origin
    /// Bytes that become text if this is no call, the white space before its mark included. Empty once the call is certain.
    private(set) var pending: [UInt8]
    private(set) var isCertain = false
    /// Whether its first mark is an ordinary word, such as `functools`, which begins a call only where the next mark
    /// follows.
    private let isWord: Bool
    /// Bytes of a certain call that no piece accounts for yet, because they may be read again.
    private var unhidden = 0
    /// Parts of the opening that are to come.
    private var opening: [LiteralMatcher]
    private var body: any CallBodyReader
    private var call = CallWriter()

    /// - Parameters:
    ///   - pending: The bytes that were read of it, and the white space before them.
    ///   - opening: The marks that follow, but for that in front of the tool's name.
    init(_ form: CallFormat, _ types: ToolTypes, pending: [UInt8], opening: [String], origin: Origin, isWord: Bool) {
        self.origin = origin
        self.pending = pending
        self.isWord = isWord
        self.opening = (opening + [form.body.prefix]).filter { !$0.isEmpty }.map(LiteralMatcher.init)
        body =
            switch form.body {
            case .object(let names, let arguments, _):
                ObjectCallReader(names: names, arguments: arguments, needsArguments: form.isUnmarked)
            case .keyed: ObjectCallReader()
            case .named(let named): NamedCallReader(named)
            case .tagged(let tagged): TaggedCallReader(tagged, types)
            case .literal(let literal): LiteralCallReader(literal, isUnmarked: form.isUnmarked)
            }
    }

    /// Whether what was read ends within the arguments.
    var isWithinArguments: Bool { isCertain && !body.isWhole }

    /// Whether nothing but an ordinary word was read of it.
    var isOnlyWord: Bool { isWord && !opening.isEmpty }

    /// Takes a byte of the reply.
    ///
    /// - Parameter callable: The names of tools where nothing else tells a call from any other text; nil where every name
    ///   may be one.
    mutating func read(_ byte: UInt8, callable: Set<[UInt8]>?, into output: inout ReplyOutput) -> Step {
        if isCertain { unhidden += 1 } else { pending.append(byte) }
        guard opening.isEmpty else {
            switch opening[0].read(byte) {
            case .more: return goOn(into: &output)
            case .end:
                opening.removeFirst()
                return .more
            case .wrong: return refuse(into: &output)
            }
        }
        let step = body.read(byte, into: &call)
        if let callable, let name = call.name, !isCertain, !callable.contains(name) { return refuse(into: &output) }
        let begins = call.isCertain && !isCertain
        if begins {
            isCertain = true
            unhidden = pending.count
            pending = []
        }
        if isCertain { hide(before: step, into: &output) }
        if begins { output.beginCall(call.name ?? []) }
        switch step {
        case .more: return goOn(into: &output)
        case .end: return end(again: [], into: &output)
        case .endBefore(let bytes): return end(again: bytes, into: &output)
        case .wrong: return refuse(into: &output)
        }
    }

    /// Hides what was read of a certain call, but for bytes that are or may be read again.
    private mutating func hide(before step: CallStep, into output: inout ReplyOutput) {
        let again =
            switch step {
            case .more: body.heldBytes
            case .end: 0
            case .endBefore(let bytes): bytes.count
            case .wrong: 1
            }
        output.hide(unhidden - again)
        unhidden = again
    }

    /// Keeps the call, unless it has been uncertain for too long.
    private mutating func goOn(into output: inout ReplyOutput) -> Step {
        !isCertain && pending.count > ReplyLimits.undecidedBytes ? refuse(into: &output) : .more
    }

    private mutating func end(again: [UInt8], into output: inout ReplyOutput) -> Step {
        tellArguments(to: &output)
        output.endCall()
        return .end(again: again)
    }

    /// Ends a certain call in front of the last byte; takes that byte back from one that was none yet.
    private mutating func refuse(into output: inout ReplyOutput) -> Step {
        if isCertain {
            body.close(into: &call)
            tellArguments(to: &output)
            output.endCall()
        } else {
            pending.removeLast()
        }
        return .wrong
    }

    /// Tells what was read of the arguments since the last time.
    mutating func tellArguments(to output: inout ReplyOutput) { output.continueCall(call.takeArguments()) }

    /// Ends a certain call where the reply ends.
    ///
    /// - Parameter isCut: Whether the reply was ended by a limit: its arguments stay open then.
    /// - Returns: Whether the call is whole; true for a reply that was cut, because its call may have gone on.
    mutating func finish(isCut: Bool, into output: inout ReplyOutput) -> Bool {
        output.hide(unhidden)
        unhidden = 0
        var isWhole = true
        if isCut || !body.isWhole { body.flush(into: &call) }
        if !isCut {
            let count = call.untold
            body.close(into: &call)
            isWhole = body.isWhole || call.untold > count
        }
        tellArguments(to: &output)
        output.endCall()
        return isWhole
    }
}
