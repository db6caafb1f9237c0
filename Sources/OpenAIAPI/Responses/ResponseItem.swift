import TextGeneration

/// An item of a response's output.
struct ResponseItem: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// What the model says.
        case message
        /// What it thought.
        case reasoning
        case functionCall(ToolCallDelta.Start)
        case customCall(ToolCallDelta.Start)
    }

    enum Status: String, Sendable {
        case inProgress = "in_progress"
        case completed
        case incomplete
    }

    let kind: Kind
    let id: String
    /// The message, the thought, or what the tool is given.
    var text = ""
    /// Of a message, where they were asked for.
    var reports: [TokenReport] = []
    var status = Status.inProgress
    /// Of reasoning that has ended.
    var encrypted: String?

    init(_ kind: Kind) {
        self.kind = kind
        let prefix =
            switch kind {
            case .message: "msg"
            case .reasoning: "rs"
            case .functionCall: "fc"
            case .customCall: "ctc"
            }
        id = ResponseID.random(prefix)
    }
}

/// The items that the events of a generation make, one after the other.
struct ResponseOutput: Sendable {
    /// What an event changes; items count from 0.
    enum Change: Sendable {
        /// A new item, still empty.
        case added(Int, ResponseItem)
        /// More of an item's text.
        case text(Int, String, [TokenReport])
        /// An item is whole, or cut.
        case done(Int)
    }

    private(set) var items: [ResponseItem] = []
    /// Why the reply ended; nil before its end.
    private(set) var end: FinishReason?
    private var order = EventOrder(choices: 1)
    /// The call that the last item tells, as the contract counts it; nil for an item that is no call.
    private var call: Int?
    /// Reports of tokens that came before the text which they begin.
    private var early: [TokenReport] = []
    private let shape: ReplyShape
    private let seal: @Sendable (String) -> String

    /// - Parameter seal: Closes what the model thought.
    init(_ shape: ReplyShape, seal: @escaping @Sendable (String) -> String) {
        self.shape = shape
        self.seal = seal
    }

    /// - Throws: ``TextGeneration/GenerationError`` for an event out of order.
    mutating func add(_ event: GenerationEvent) throws(GenerationError) -> [Change] {
        try order.advance(event)
        switch event {
        case .accepted, .warned, .usage: return []
        case .text(_, let text, let reports): return append(text, reports, to: .message)
        case .reasoning(_, let text, let reports): return append(text, reports, to: .reasoning)
        case .toolCall(_, let delta): return try append(delta)
        case .finished(_, let reason):
            end = reason
            return close(as: reason.isCut ? .incomplete : .completed)
        }
    }

    /// Ends the item that is open, of which nothing more comes.
    mutating func cut() { _ = close(as: .incomplete) }

    /// - Throws: ``TextGeneration/GenerationError`` when events are missing.
    func completeUsage() throws(GenerationError) -> Usage { try order.completeUsage() }

    private mutating func append(_ text: String, _ reports: [TokenReport], to kind: ResponseItem.Kind) -> [Change] {
        var changes: [Change] = []
        let isOpen = items.last.map { $0.kind == kind && $0.status == .inProgress } ?? false
        var reports = reports
        if !isOpen {
            guard !text.isEmpty else {
                // A token that begins a character, whose text comes with the character's last token. Alone it opens no
                // item: what follows may be anything.
                early += reports
                return []
            }
            reports = early + reports
            changes = open(kind)
        }
        early = []
        items[items.count - 1].text += text
        items[items.count - 1].reports += reports
        changes.append(.text(items.count - 1, text, reports))
        return changes
    }

    private mutating func append(_ delta: ToolCallDelta) throws(GenerationError) -> [Change] {
        var changes: [Change] = []
        if let start = delta.start {
            changes = open(shape.call(of: start.name) == .custom ? .customCall(start) : .functionCall(start))
            call = delta.index
        } else if delta.index != call {
            // Clients read items one after the other; the contract's calls may interleave, but no generator's do.
            throw GenerationError(.internal, "more of call \(delta.index) comes after something else has begun")
        }
        if !delta.arguments.isEmpty {
            items[items.count - 1].text += delta.arguments
            changes.append(.text(items.count - 1, delta.arguments, []))
        }
        return changes
    }

    private mutating func open(_ kind: ResponseItem.Kind) -> [Change] {
        let changes = close(as: .completed)
        call = nil
        early = []
        let item = ResponseItem(kind)
        items.append(item)
        return changes + [.added(items.count - 1, item)]
    }

    private mutating func close(as status: ResponseItem.Status) -> [Change] {
        guard let last = items.last, last.status == .inProgress else { return [] }
        items[items.count - 1].status = status
        if last.kind == .reasoning { items[items.count - 1].encrypted = seal(last.text) }
        return [.done(items.count - 1)]
    }
}

extension FinishReason {
    /// Whether the reply was ended by a limit.
    var isCut: Bool {
        switch self {
        case .length, .contextEnd: true
        case .stop, .stopString, .toolCalls: false
        }
    }
}
