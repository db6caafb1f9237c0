import PinionJSON
import PinionWire
import TextGeneration

/// What a body says of thinking. Every engine has its own fields for it; those that say the same thing twice have to agree.
extension ReasoningOptions {
    /// OpenAI's words, of which `none` turns thinking off, and Anthropic's `max`.
    private enum Effort: String, CaseIterable {
        case none, minimal, low, medium, high, xhigh, max
    }

    /// Of Anthropic's `thinking`, which DeepSeek and GLM took over.
    private enum Thinking: String, CaseIterable {
        case enabled, disabled
    }

    /// The names of the budget, and whether -1 means that there is none.
    private static let budgetFields: [(name: String, allowsUnbounded: Bool)] = [
        ("thinking_budget", false),  // Qwen
        ("thinking_token_budget", false),  // vLLM
        ("reasoning_budget", true), ("reasoning_budget_tokens", true), ("thinking_budget_tokens", true),  // llama.cpp
    ]

    static let fieldNames: Set<ProtocolWord> =
        Set(["reasoning_effort", "thinking", "enable_thinking", "include_reasoning"])
        .union(budgetFields.map { ProtocolWord($0.name) })

    /// Reads all spellings.
    ///
    /// - Throws: ``APIError`` naming the field at fault, or two fields that contradict each other.
    mutating func read(_ fields: FieldReader) throws(APIError) {
        var switches = Agreement<Bool>()
        try readEffort(fields, "reasoning_effort")
        if let isEnabled { try switches.add(isEnabled, "reasoning_effort") }
        var budgets = Agreement<Int?>()
        switch fields.value("thinking") {
        case nil: break
        case .bool(let isEnabled)?: try switches.add(isEnabled, "thinking")
        case .object?: try Self.readThinking(fields.requiredNested("thinking"), &switches, &budgets)
        case let other?: throw .invalidType("thinking", expected: "one of a boolean or an object", got: other.typeName)
        }
        if let isEnabled = try fields.boolean("enable_thinking") { try switches.add(isEnabled, "enable_thinking") }
        try Self.readArguments(fields, &switches)
        isEnabled = switches.value

        for field in Self.budgetFields {
            let range = (field.allowsUnbounded ? -1 : 0)...ChatCompletionRequest.maximumTokenNumber
            guard let tokens = try fields.integer(field.name, in: range) else { continue }
            try budgets.add(tokens < 0 ? nil : Int(tokens), field.name)
        }
        budget = budgets.value ?? nil
        isTold = try fields.boolean("include_reasoning") ?? true
    }

    /// Reads one of OpenAI's words.
    mutating func readEffort(_ fields: FieldReader, _ name: String) throws(APIError) {
        guard let word = try fields.word(name, as: Effort.self) else { return }
        if let isEnabled, isEnabled != (word != .none) {
            throw .invalidValue(fields.path(of: name), "another field says the contrary of it. Send one of them.")
        }
        isEnabled = word != .none
        effort = word == .none ? nil : word.rawValue
    }

    /// Reads `{type, budget_tokens}`.
    private static func readThinking(
        _ thinking: FieldReader, _ switches: inout Agreement<Bool>, _ budgets: inout Agreement<Int?>
    ) throws(APIError) {
        try thinking.refuseUnknown(["type", "budget_tokens"])
        let isEnabled = try thinking.requiredWord("type", as: Thinking.self) == .enabled
        try switches.add(isEnabled, thinking.path(of: "type"))
        let path = thinking.path(of: "budget_tokens")
        guard let tokens = try thinking.integer("budget_tokens", in: 0...ChatCompletionRequest.maximumTokenNumber)
        else { return }
        guard isEnabled else { throw .onlyAllowed(path, when: "'thinking.type' is 'enabled'") }
        try budgets.add(Int(tokens), path)
    }

    /// The variables of Qwen's and DeepSeek's templates. They reach the template as they are; what else depends on thinking
    /// has to know of them, too.
    private static func readArguments(_ fields: FieldReader, _ switches: inout Agreement<Bool>) throws(APIError) {
        guard let arguments = try fields.nested("chat_template_kwargs") else { return }
        for name in ["enable_thinking", "thinking"] {
            guard case .bool(let isEnabled)? = arguments.value(name) else { continue }
            try switches.add(isEnabled, arguments.path(of: name))
        }
    }
}

/// A value that several fields may give, if they all give the same.
private struct Agreement<Value: Equatable> {
    private(set) var value: Value?
    private var path = ""

    mutating func add(_ value: Value, _ path: String) throws(APIError) {
        guard let first = self.value else {
            (self.value, self.path) = (value, path)
            return
        }
        guard first == value else {
            throw .invalidValue(path, "'\(self.path)' and '\(path)' contradict each other. Send one of them.")
        }
    }
}
