import TextGeneration

/// Turns the text of one choice into pieces: cut at a stop string, and taken apart into thinking, text and calls.
///
/// Stop strings are looked for in what the model says, calls included, and not in what it thinks.
package struct ReplyWriter: Sendable {
    typealias Piece = ReplyReader.Piece

    private var reader: ReplyReader?
    private var stops: StopStringMatcher
    /// Whether a stop string may yet take back what is only begun.
    let hasStops: Bool
    private var tellsReasoning = true
    private var marks: ReplyMarks?
    private var format: ReplyFormat?
    /// Whether calls are asked for, and told by marks of their own.
    private var expectsCalls = false

    /// For plain text.
    package init(stop: [String] = []) {
        stops = StopStringMatcher(stop)
        hasStops = !stop.isEmpty
    }

    init(_ plan: ReplyPlan, tellsReasoning: Bool, stop: [String], _ marks: ReplyMarks) {
        self.init(stop: stop)
        self.tellsReasoning = tellsReasoning
        self.marks = marks
        format = plan.format
        expectsCalls = plan.readsCalls && plan.format?.calls?.isUnmarked == false
        guard let format = plan.format, format.thinking != nil || plan.readsCalls || format.hasChannels else { return }
        reader = ReplyReader(format, plan.readerOptions)
    }

    /// Whether a stop string ended the text.
    var isStopped: Bool { stopString != nil }
    var stopString: String? { stops.stopString }
    var isThinking: Bool { reader?.isThinking ?? false }
    var calls: Int { reader?.calls ?? 0 }
    /// Whether a stop string ended the text within the arguments of a call.
    var isCallCut: Bool { isStopped && reader?.isWithinCall == true }
    var formatName: String { format?.name ?? "" }
    /// Whether something began as a call that was asked for, and was none.
    var isDegraded: Bool { expectsCalls && (reader?.failedCalls ?? 0) > 0 }

    /// The text of a special token that is a mark of this model's replies; nil for any other.
    func mark(_ token: Int32) -> String? {
        guard reader != nil, let format else { return nil }
        return marks?.text(of: token, in: format)
    }

    /// Takes more text.
    ///
    /// - Returns: What is certain now, of the whole's bytes in their order.
    mutating func append(_ text: String) -> [Piece] {
        if reader == nil {
            let released = stops.append(text).released
            return released.isEmpty ? [] : [.text(Array(released.utf8))]
        }
        guard hasStops else { return shown(reader?.append(text.utf8) ?? []) }
        var pieces: [Piece] = []
        // By character, because a stop string counts from where thinking ends.
        for character in text.unicodeScalars {
            if isThinking {
                pieces += reader?.append(String(character).utf8) ?? []
                continue
            }
            let (released, stopped) = stops.append(String(character))
            pieces += reader?.append(released.utf8) ?? []
            if stopped {
                pieces += reader?.finish() ?? []
                break
            }
        }
        return shown(pieces)
    }

    /// What was held back, once no more text comes.
    ///
    /// - Parameter isCut: Whether the reply was ended by a limit, and not by the model.
    mutating func finish(isCut: Bool) -> [Piece] {
        let rest = stops.finish()
        guard reader != nil else { return rest.isEmpty ? [] : [.text(Array(rest.utf8))] }
        var pieces = reader?.append(rest.utf8) ?? []
        pieces += reader?.finish(isCut: isCut) ?? []
        return shown(pieces)
    }

    private func shown(_ pieces: [Piece]) -> [Piece] {
        guard !tellsReasoning else { return pieces }
        return pieces.map { piece in
            if case .reasoning(let bytes) = piece { .hidden(bytes.count) } else { piece }
        }
    }
}
