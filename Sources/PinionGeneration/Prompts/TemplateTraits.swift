import Foundation
import PinionJSON
import PinionTemplate
import TextGeneration

/// What a chat template understands of a conversation, found by rendering small ones.
///
/// Templates differ in what they show of tools, calls and results, in where they take a system message, and in what
/// they refuse. Nothing in a template's text says so reliably, and what it writes does.
struct TemplateTraits: Sendable, Equatable {
    /// How a call's arguments are handed to the template.
    enum Arguments: Sendable, Equatable { case object, text }

    /// Where a system message may stand.
    enum System: Sendable, Equatable { case anywhere, first, nowhere }

    /// How what an assistant thought is handed to the template.
    enum Reasoning: Sendable, Equatable {
        /// In a field of the message with this name.
        case field(String)
        /// In front of the text, as a part of the content with the type `thinking`.
        case part
    }

    /// Until when the template shows the text that stands beside a call.
    enum CallContent: Sendable, Equatable {
        case always
        /// Until an answer follows: the template takes such a text for a thought.
        case untilAnswer
        case never
    }

    /// Something that may be otherwise in a request with tools.
    struct ToolDependent: Sendable, Equatable {
        var withoutTools = true
        var withTools = true

        subscript(hasTools hasTools: Bool) -> Bool { hasTools ? withTools : withoutTools }
    }

    // MARK: Tools

    var toolVariable = ToolVariable.tools
    /// Whether it tells the model of tools.
    var showsTools = false
    /// Whether the type of an argument may be a list of types.
    var allowsTypeLists = true

    // MARK: Calls and results

    /// How it takes the arguments of earlier calls; nil where it shows no calls.
    var calls: Arguments?
    /// Whether it shows all calls of a message that has several.
    var showsParallelCalls = true
    /// When it shows the text that stands beside a call.
    var callContent = CallContent.always
    /// Whether it takes a call with both a text and a thought.
    var allowsThoughtBesideContent = true
    /// Whether it shows the results of tools as a turn of their own.
    var showsResults = true
    /// Whether it shows a result whose call is not in the conversation.
    var showsLoneResults = true
    /// Whether it shows a result that a system message parts from its call.
    var showsResultsBehindSystem = true
    /// Whether each result has to name its tool.
    var wantsResultNames = false
    /// Whether identifiers of calls have to be nine letters and digits.
    var wantsShortIdentifiers = false

    // MARK: System messages

    var system = System.anywhere
    /// Whether a system message may be the last one.
    var allowsLastSystem = true
    /// Whether a conversation may be one system message.
    var allowsSystemAlone = ToolDependent()
    /// Whether it shows the system message where the last message is not a user's, as after the result of a tool.
    var showsSystemInSteps = true

    // MARK: The order of roles

    /// Whether two messages of one role may follow each other.
    var allowsRepeatedRoles = true
    /// Whether the first message, or the one behind the system message, may be an assistant's.
    var allowsAssistantFirst = ToolDependent()
    /// Whether an assistant's message with a call may be there.
    var allowsCallFirst = ToolDependent()
    /// Whether an assistant may say something in front of a call and again behind its result.
    var allowsAnswersAroundCalls = true
    /// Whether a user's message may follow a result.
    var allowsUserBehindResult = true
    /// Whether an assistant's message may be empty.
    var allowsEmptyAnswer = true

    // MARK: Thinking

    /// How it reads what an assistant thought; nil where it reads none.
    var reasoning: Reasoning?
    /// For each effort of reasoning that it refuses, the nearest one that it takes.
    var otherEfforts: [ProtocolWord: String] = [:]
}

extension TemplateTraits {
    /// The variable in which a template looks for tools.
    enum ToolVariable: Sendable, Equatable, CaseIterable {
        /// `tools`, which is none where there are no tools, as in transformers.
        case tools
        /// `tools`, which is a list even where there are no tools.
        case toolList
        /// `functions`, a JSON text, beside the day as `datetime`.
        case functions

        /// Hands tools over; what the request's own variables say stays where there are none.
        ///
        /// - Parameter now: The time that the template is told, as a day: prompts of one day share their beginning.
        func set(_ tools: [Tool], now: Date, in context: inout [TemplateName: TemplateValue]) {
            func set(_ name: TemplateName, _ value: TemplateValue, isOurs: Bool = false) {
                if isOurs || context[name] == nil { context[name] = value }
            }
            let declarations = TemplateValue.list(tools.map { TemplateValue($0.declaration) })
            switch self {
            // Templates are written for a library that always gives the variable, as none where there are no tools.
            case .tools: set("tools", tools.isEmpty ? .null : declarations, isOurs: !tools.isEmpty)
            case .toolList: set("tools", declarations, isOurs: !tools.isEmpty)
            case .functions:
                var writer = JSONWriter()
                writer.value(.array(tools.map(\.function)))
                let text = TemplateValue(String(decoding: writer.bytes, as: UTF8.self))
                set("functions", text, isOurs: !tools.isEmpty)
                set("datetime", TemplateValue(now.formatted(.iso8601.year().month().day())))
                set("tools", .null)
            }
        }
    }
}
