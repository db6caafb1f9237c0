import Foundation
import PinionTemplate

/// What a chat template understands of a conversation, found by rendering small ones.
///
/// Templates differ in what they show of tools, calls and results, in where they take a system message, and in what they
/// refuse. Nothing in a template's text says so reliably, and what it writes does.
struct TemplateTraits: Sendable, Equatable {
    /// How a call's arguments are handed to the template.
    enum Arguments: Sendable, Equatable { case object, text }

    /// Where a system message may stand.
    enum System: Sendable, Equatable { case anywhere, first, nowhere }

    /// Whether it tells the model of tools.
    var showsTools = false
    /// Whether it shows calls of earlier turns, and how it takes their arguments.
    var calls: Arguments?
    /// Whether it shows the results of tools as a turn of their own.
    var showsResults = false
    var system = System.anywhere
    /// Whether a system message may be the last one.
    var allowsLastSystem = true
    /// Whether two messages of one role may follow each other.
    var allowsRepeatedRoles = true
    /// Whether identifiers of calls have to be nine letters and digits.
    var wantsShortIdentifiers = false
    /// The field in which it reads what an assistant thought; nil where it reads none.
    var reasoningField: String?

    /// Words that no template holds.
    private static let tool = "zyqtool"
    private static let words = ["zyqone", "zyqtwo", "zyqthree", "zyqfour"]

    private let template: ChatTemplate
    private let specials: [TemplateName: TemplateValue]

    static func == (left: TemplateTraits, right: TemplateTraits) -> Bool {
        left.showsTools == right.showsTools && left.calls == right.calls
            && left.allowsLastSystem == right.allowsLastSystem && left.showsResults == right.showsResults
            && left.system == right.system && left.allowsRepeatedRoles == right.allowsRepeatedRoles
            && left.wantsShortIdentifiers == right.wantsShortIdentifiers && left.reasoningField == right.reasoningField
    }

    init(_ template: ChatTemplate, specials: [TemplateName: TemplateValue]) {
        self.template = template
        self.specials = specials
        let user = Self.message("user", Self.words[0])
        showsTools = render([user], tools: true)?.contains(Self.tool) ?? false
        // Of a template that shows nothing of a message nothing can be told.
        guard shows([user], Self.words[0]) else {
            showsResults = true
            calls = .object
            return
        }
        probeSystem(user)
        allowsRepeatedRoles = shows([user, Self.message("user", Self.words[1])], Self.words[0], Self.words[1])
        probeCalls(user)
        for field in ["reasoning_content", "thinking", "reasoning"] where reasoningField == nil {
            let thoughtful = Self.message("assistant", Self.words[1], (field, TemplateValue(Self.words[2])))
            if shows([user, thoughtful], Self.words[2])
                || shows(
                    [user, Self.call(.object, id: Self.identifier, (field, TemplateValue(Self.words[2])))],
                    Self.words[2])
            {
                reasoningField = field
            }
        }
    }

    private static let identifier = "abcdefghi"

    private mutating func probeSystem(_ user: TemplateValue) {
        let system = Self.message("system", Self.words[3])
        allowsLastSystem = shows([user, system], Self.words[0], Self.words[3])
        let later = [user, Self.message("assistant", Self.words[1]), system, Self.message("user", Self.words[2])]
        if shows(later, Self.words[3], Self.words[2]) {
            self.system = .anywhere
        } else {
            self.system = shows([system, user], Self.words[3], Self.words[0]) ? .first : .nowhere
        }
    }

    private mutating func probeCalls(_ user: TemplateValue) {
        for form in [Arguments.object, .text] where calls == nil {
            guard let prompt = render([user, Self.call(form, id: Self.identifier)], tools: true),
                prompt.contains(Self.tool), prompt.contains(Self.words[2])
            else { continue }
            // Arguments that were quoted once too often, or shown as Python shows them, were meant in the other form.
            let isQuoted = prompt.contains("\\\"\(Self.words[2])") || prompt.contains("'\(Self.words[2])'")
            if !isQuoted { calls = form }
        }
        // A template that shows both in the wrong way still shows them.
        if calls == nil,
            render([user, Self.call(.object, id: Self.identifier)], tools: true)?.contains(Self.tool) == true
        {
            calls = .object
        }
        guard let calls else {
            let result = Self.message("tool", Self.words[3], ("tool_call_id", TemplateValue(Self.identifier)))
            showsResults = shows([user, Self.message("assistant", Self.words[1]), result], Self.words[3])
            return
        }
        func turn(_ id: String) -> [TemplateValue] {
            let result = Self.message(
                "tool", Self.words[3], ("tool_call_id", TemplateValue(id)), ("name", TemplateValue(Self.tool)))
            return [user, Self.call(calls, id: id), result]
        }
        showsResults = render(turn(Self.identifier), tools: true)?.contains(Self.words[3]) ?? false
        let long = "call_" + String(repeating: "x", count: 24)
        wantsShortIdentifiers = showsResults && render(turn(long), tools: true) == nil
    }

    // MARK: - Rendering

    private func shows(_ messages: [TemplateValue], _ words: String...) -> Bool {
        guard let prompt = render(messages, tools: false) else { return false }
        return words.allSatisfy { prompt.contains($0) }
    }

    private func render(_ messages: [TemplateValue], tools: Bool) -> String? {
        var context = specials
        context["messages"] = .list(messages)
        context["add_generation_prompt"] = .bool(true)
        context["documents"] = .null
        context["tools"] = tools ? .list([Self.toolValue]) : .null
        guard let prompt = try? template.render(context, now: Date(timeIntervalSince1970: 0)) else { return nil }
        return String(decoding: prompt.text, as: UTF8.self)
    }

    private static func message(
        _ role: String, _ content: String, _ fields: (String, TemplateValue)...
    ) -> TemplateValue {
        TemplateValue([("role", TemplateValue(role)), ("content", TemplateValue(content))] + fields)
    }

    private static func call(
        _ form: Arguments, id: String, _ fields: (String, TemplateValue)...
    ) -> TemplateValue {
        let arguments: TemplateValue =
            switch form {
            case .object: TemplateValue([(words[2], TemplateValue(words[1]))])
            case .text: TemplateValue("{\"\(words[2])\": \"\(words[1])\"}")
            }
        let function = TemplateValue([("name", TemplateValue(tool)), ("arguments", arguments)])
        let call = TemplateValue([
            ("id", TemplateValue(id)), ("type", TemplateValue("function")), ("function", function),
        ])
        return TemplateValue(
            [("role", TemplateValue("assistant")), ("content", TemplateValue("")), ("tool_calls", .list([call]))]
                + fields)
    }

    private static let toolValue: TemplateValue = {
        let parameters = TemplateValue([
            ("type", TemplateValue("object")),
            (
                "properties",
                TemplateValue([
                    (words[2], TemplateValue([("type", TemplateValue("string")), ("description", TemplateValue("x"))]))
                ])
            ), ("required", .list([TemplateValue(words[2])])),
        ])
        let function = TemplateValue([
            ("name", TemplateValue(tool)), ("description", TemplateValue("x")), ("parameters", parameters),
        ])
        return TemplateValue([("type", TemplateValue("function")), ("function", function)])
    }()
}
