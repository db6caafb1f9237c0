import PinionTerminal
import TextGeneration

/// Everything that a chat asks for beside its messages.
struct ChatSettings: Sendable {
    var system: String?
    var temperature: Double?
    var topP: Double?
    var topK: Int?
    var minP: Double?
    var presencePenalty: Double?
    var frequencyPenalty: Double?
    var repetitionPenalty: Double?
    var maximumTokens: Int?
    var seed: Int?
    var stop: [String] = []
    var thinks: Bool?
    var effort: String?
    var thinkingBudget: Int?
    var showsThinking = true
    var format = OutputFormat.text

    /// The request for a reply to messages, of which the last is the user's.
    func request(_ messages: [Message]) -> GenerationRequest {
        let first = system.map { [Message(.system, $0)] } ?? []
        var request = GenerationRequest(Conversation(first + messages))
        request.sampling.temperature = temperature
        request.sampling.topP = topP
        request.sampling.topK = topK
        request.sampling.minP = minP
        request.sampling.presencePenalty = presencePenalty ?? 0
        request.sampling.frequencyPenalty = frequencyPenalty ?? 0
        request.sampling.repetitionPenalty = repetitionPenalty
        request.sampling.seed = seed.map(Int64.init)
        request.maximumTokens = maximumTokens
        request.stop = stop
        request.reasoning.isEnabled = thinks
        request.reasoning.effort = effort
        request.reasoning.budget = thinkingBudget
        request.format = format
        return request
    }
}

/// A parameter that `/set` and an option of the same name set.
struct ChatParameter: Sendable {
    let name: String
    /// What its values are, for help and errors.
    let expected: String
    let read: @Sendable (ChatSettings) -> String?
    /// Takes a value, and nil for the source's own; false for a value that it does not take.
    let write: @Sendable (inout ChatSettings, String?) -> Bool

    static let all: [ChatParameter] = [
        decimal("temperature", SamplingOptions.temperatureRange, \.temperature),
        decimal("top-p", SamplingOptions.topPRange, \.topP, excludesMinimum: true),
        integer("top-k", 0...Int(Int32.max), \.topK),
        decimal("min-p", SamplingOptions.minPRange, \.minP),
        decimal("presence-penalty", -2...2, \.presencePenalty),
        decimal("frequency-penalty", -2...2, \.frequencyPenalty),
        decimal("repetition-penalty", SamplingOptions.repetitionPenaltyRange, \.repetitionPenalty),
        integer("max-tokens", 1...Int(Int32.max), \.maximumTokens),
        integer("seed", 0...Int.max, \.seed),
        ChatParameter(
            name: "stop", expected: "a text that ends the reply before it",
            read: { $0.stop.isEmpty ? nil : $0.stop.joined(separator: ", ") },
            write: { settings, value in
                settings.stop = value.map { [$0] } ?? []
                return value.map { !$0.isEmpty } ?? true
            }),
        toggle("thinking", ("on", "off"), read: { $0.thinks }, write: { $0.thinks = $1 }),
        ChatParameter(
            name: "effort", expected: "low, medium or high, or another word of the model's", read: { $0.effort },
            write: { settings, value in
                settings.effort = value
                return value.map { !$0.isEmpty && $0.allSatisfy { $0.isLetter } } ?? true
            }),
        integer("thinking-budget", 0...Int(Int32.max), \.thinkingBudget),
        toggle(
            "reasoning", ("show", "hide"), read: { $0.showsThinking },
            write: { $0.showsThinking = $1 ?? true }),
    ]

    /// The parameter of a name, which may be spelled with `_`.
    static func named(_ name: String) -> ChatParameter? {
        let name = name.lowercased().replacing("_", with: "-")
        return all.first { $0.name == name }
    }

    /// Sets the parameter.
    ///
    /// - Parameter place: What to call it in the error.
    /// - Throws: ``CommandFailure`` that says which values there are.
    func set(_ value: String?, in settings: inout ChatSettings, place: String) throws {
        var changed = settings
        guard write(&changed, value) else {
            throw CommandFailure("\(place): expected \(expected), found '\(TerminalText.line(value ?? ""))'")
        }
        settings = changed
    }

    private static func decimal(
        _ name: String, _ range: ClosedRange<Double>, _ path: any WritableKeyPath<ChatSettings, Double?> & Sendable,
        excludesMinimum: Bool = false
    ) -> ChatParameter {
        let ends = "\(number(range.lowerBound)) to \(number(range.upperBound))"
        return ChatParameter(
            name: name,
            expected: "a number from \(ends)" + (excludesMinimum ? ", but not \(number(range.lowerBound))" : ""),
            read: { $0[keyPath: path].map(number) },
            write: { settings, value in
                guard let value else {
                    settings[keyPath: path] = nil
                    return true
                }
                // Spellings such as "nan" and "inf" are numbers to Swift, and lie in no range.
                guard let number = Double(value), range.contains(number),
                    !(excludesMinimum && number == range.lowerBound)
                else { return false }
                settings[keyPath: path] = number
                return true
            })
    }

    private static func integer(
        _ name: String, _ range: ClosedRange<Int>, _ path: any WritableKeyPath<ChatSettings, Int?> & Sendable
    ) -> ChatParameter {
        let ends =
            range.upperBound >= Int(Int32.max)
            ? "from \(range.lowerBound) on" : "from \(range.lowerBound) to \(range.upperBound)"
        return ChatParameter(
            name: name, expected: "a whole number \(ends)", read: { $0[keyPath: path].map(String.init) },
            write: { settings, value in
                guard let value else {
                    settings[keyPath: path] = nil
                    return true
                }
                guard let number = Int(value), range.contains(number) else { return false }
                settings[keyPath: path] = number
                return true
            })
    }

    private static func toggle(
        _ name: String, _ words: (on: String, off: String), read: @escaping @Sendable (ChatSettings) -> Bool?,
        write: @escaping @Sendable (inout ChatSettings, Bool?) -> Void
    ) -> ChatParameter {
        ChatParameter(
            name: name, expected: "\(words.on) or \(words.off)", read: { read($0).map { $0 ? words.on : words.off } },
            write: { settings, value in
                guard let value else {
                    write(&settings, nil)
                    return true
                }
                guard [words.on, words.off].contains(value.lowercased()) else { return false }
                write(&settings, value.lowercased() == words.on)
                return true
            })
    }

    private static func number(_ value: Double) -> String {
        Int(exactly: value).map(String.init) ?? "\(value)"
    }
}
