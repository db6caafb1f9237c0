import PinionJSON
import PinionWire
import TextGeneration

/// What a body's `thinking` says.
struct ThinkingFields {
    private enum Kind: String, CaseIterable {
        case enabled, adaptive, disabled
    }

    /// Nil for `adaptive`: the model's template then decides.
    let isEnabled: Bool?
    /// Tokens of thinking at most.
    let budget: Int?
    let display: MessagesRequest.ThinkingDisplay?

    /// - Returns: nil where the field is absent.
    /// - Throws: ``APIError`` naming the field at fault.
    init?(_ fields: FieldReader) throws(APIError) {
        guard let thinking = try fields.nested("thinking") else { return nil }
        let kind = try thinking.requiredWord("type", as: Kind.self)
        try ForeignField.refuseUnknown(
            besides: ["type", "budget_tokens", "display"], and: [ForeignField.blockBinding], in: thinking)
        let (budgetPath, displayPath) = (thinking.path(of: "budget_tokens"), thinking.path(of: "display"))
        // Anthropic's least is 1,024. A smaller one can be honoured, so that it is.
        budget = try thinking.integer("budget_tokens", in: 1...MessagesRequest.maximumTokenNumber).map { Int($0) }
        display = try thinking.word("display", as: MessagesRequest.ThinkingDisplay.self)
        switch kind {
        case .enabled:
            guard budget != nil else { throw .missingParameter(budgetPath) }
            isEnabled = true
        case .adaptive: isEnabled = nil
        case .disabled:
            if display != nil { throw .onlyAllowed(displayPath, when: "'thinking.type' is 'enabled' or 'adaptive'") }
            isEnabled = false
        }
        if kind != .enabled, budget != nil { throw .onlyAllowed(budgetPath, when: "'thinking.type' is 'enabled'") }
    }
}
