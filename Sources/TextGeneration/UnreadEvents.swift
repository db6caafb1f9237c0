/// Events that a reader has not taken yet, joined so that there are few of them.
struct UnreadEvents {
    /// Reports that are joined to one event: written as JSON, one with twenty alternatives takes some 80 µs, and a reader
    /// gives up its turn between events only.
    private static let joinedReports = 16

    private var events: [GenerationEvent] = []
    /// Bytes of text and reports, about.
    private var byteCount = 0

    var isEmpty: Bool { events.isEmpty }

    /// Adds an event, joined to an earlier one where that is possible.
    ///
    /// - Returns: Whether the events are within ``GenerationQueue/capacity``; one beyond it is not kept.
    mutating func append(_ event: GenerationEvent) -> Bool {
        byteCount += event.unreadBytes
        guard byteCount <= GenerationQueue.capacity else { return false }
        join(event)
        return true
    }

    /// Gives the events away.
    mutating func take() -> [GenerationEvent] {
        byteCount = 0
        defer { events = [] }
        return events
    }

    /// Joins text to what is unread of its choice, so that there are few events, each quickly written.
    private mutating func join(_ event: GenerationEvent) {
        guard let index = events.lastIndex(where: { $0.choice == event.choice }) else { return events.append(event) }
        let earlier = events[index]
        // Emptied first, so that the longer text is appended to and not copied.
        events[index] = .accepted(promptTokens: 0)
        switch (consume earlier, event) {
        case (.text(let choice, var text, var reports), .text(_, let more, let moreReports))
        where reports.count < Self.joinedReports:
            text += more
            reports += moreReports
            events[index] = .text(choice: choice, text, reports)
        case (.reasoning(let choice, var text, var reports), .reasoning(_, let more, let moreReports))
        where reports.count < Self.joinedReports:
            text += more
            reports += moreReports
            events[index] = .reasoning(choice: choice, text, reports)
        case (.toolCall(let choice, var delta), .toolCall(_, let more))
        where delta.index == more.index && more.start == nil:
            delta.arguments += more.arguments
            events[index] = .toolCall(choice: choice, delta)
        case (let earlier, _):
            events[index] = earlier
            events.append(event)
        }
    }
}

extension GenerationEvent {
    /// Bytes of memory that the event takes while it is unread: an estimate.
    fileprivate var unreadBytes: Int {
        switch self {
        case .text(_, let text, let reports), .reasoning(_, let text, let reports):
            text.utf8.count
                + reports.reduce(0) { $0 + TokenReport.Candidate.estimatedBytes * (1 + $1.alternatives.count) }
        case .toolCall(_, let delta):
            delta.arguments.utf8.count + (delta.start.map { $0.id.utf8.count + $0.name.utf8.count } ?? 0)
        case .warned(_, let warning): warning.message.utf8.count + warning.pointer.utf8.count
        case .accepted, .finished, .usage: 0
        }
    }
}

extension TokenReport.Candidate {
    /// Bytes of memory that a candidate takes, with an array for its few bytes of text.
    fileprivate static let estimatedBytes = 64
}
