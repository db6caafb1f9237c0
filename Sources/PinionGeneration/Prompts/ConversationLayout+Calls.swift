import PinionJSON
import TextGeneration

/// Steps for templates that show calls and results only in part, or in one order.
extension ConversationLayout {
    /// For templates that show no calls: calls are text, in the form in which the model writes them where that is
    /// known.
    func withWrittenCalls(_ messages: [Message], _ tools: [Tool]) -> [Message] {
        let custom = Set(tools.filter(\.takesText).map { ProtocolWord($0.name) })
        let showsCalls = traits.calls != nil && !choice.isGeneric
        let ownForm = choice.isGeneric ? nil : choice.format.calls.flatMap { CallText($0, custom: custom) }
        let form = ownForm ?? ReplyFormat.generic.calls.flatMap { CallText($0, custom: custom) }
        // A model that has learned another form than ours has learned turns of results, too.
        let showsResults = traits.showsResults && (showsCalls || ownForm != nil)
        return messages.map { message in
            var message = message
            if message.isCalling, !showsCalls, let form {
                let texts = (message.text.isEmpty ? [] : [message.text]) + [form.text(of: message.toolCalls)]
                message.content = [.text(texts.joined(separator: "\n"))]
                message.toolCalls = []
            }
            if message.role == .tool, !showsResults { message = Self.resultAsText(message) }
            return message
        }
    }

    private static func resultAsText(_ message: Message) -> Message {
        Message(.user, ToolInstructions.result(message.text))
    }

    /// For templates that lose a result unless it stands directly behind its call: a system message between the two
    /// goes behind the results.
    func withResultsBehindCalls(_ messages: [Message]) -> [Message] {
        guard !traits.showsResultsBehindSystem else { return messages }
        var result: [Message] = []
        var waiting: [Message] = []
        var isStep = false
        for message in messages {
            if isStep, message.isSystem {
                waiting.append(message)
                continue
            }
            isStep = message.isCalling || isStep && message.role == .tool
            if !isStep || message.isCalling {
                result += waiting
                waiting = []
            }
            result.append(message)
        }
        return result + waiting
    }

    /// For templates that refuse or lose a result whose call is not there, as in a conversation that was cut: it is a
    /// text of the user.
    func withLoneResultsAsText(_ messages: [Message]) -> [Message] {
        guard !traits.showsLoneResults else { return messages }
        var calls: Set<ProtocolWord> = []
        var isStep = false
        return messages.map { message in
            switch message.role {
            case .tool:
                let isAnswer = message.toolCallID.map { calls.contains(ProtocolWord($0)) } ?? isStep
                return isAnswer ? message : Self.resultAsText(message)
            case .assistant where message.isCalling:
                if !isStep { calls = [] }
                calls.formUnion(message.toolCalls.map { ProtocolWord($0.id) })
                isStep = true
            case .system, .developer: break
            case .assistant, .user:
                calls = []
                isStep = false
            }
            return message
        }
    }

    /// For templates that show one call of a message, or refuse several: each call is a message of its own with its
    /// result behind it. The text and the thought stay with the first.
    func withSingleCalls(_ messages: [Message]) -> [Message] {
        guard !traits.showsParallelCalls else { return messages }
        var result: [Message] = []
        var rest = messages[...]
        while let first = rest.first {
            guard first.isCalling else {
                result.append(first)
                rest = rest.dropFirst()
                continue
            }
            let calling = rest.prefix(while: \.isCalling)
            let results = rest.dropFirst(calling.count).prefix { $0.role == .tool }
            rest = rest.dropFirst(calling.count + results.count)
            var waiting = Dictionary(grouping: results) { ProtocolWord($0.toolCallID ?? "") }
            for message in calling {
                for (place, call) in message.toolCalls.enumerated() {
                    var single = place == 0 ? message : Message(.assistant, "")
                    single.toolCalls = [call]
                    result.append(single)
                    result += waiting.removeValue(forKey: ProtocolWord(call.id)) ?? []
                }
            }
            result += results.filter { waiting[ProtocolWord($0.toolCallID ?? "")] != nil }
        }
        return result
    }

    /// For templates that lose the text beside a call: it is an assistant's message in front of the call.
    func withTextBeforeCalls(_ messages: [Message]) -> [Message] {
        guard traits.callContent != .always else { return messages }
        let lastAnswer = messages.lastIndex(where: \.isAnswer) ?? 0
        return messages.enumerated().flatMap { place, message in
            let isLost = traits.callContent == .never || place < lastAnswer
            guard message.isCalling, !message.text.isEmpty, isLost else { return [message] }
            var call = message
            call.content = [.text("")]
            return [Message(.assistant, message.text, name: message.name), call]
        }
    }

    /// For templates that refuse a call with both a thought and a text: the text ends the thought.
    func withContentAsThought(_ messages: [Message]) -> [Message] {
        guard !traits.allowsThoughtBesideContent else { return messages }
        return messages.map { message in
            guard message.isCalling, let reasoning = message.reasoning, !message.text.isEmpty else { return message }
            var message = message
            message.reasoning = reasoning + Self.joint + message.text
            message.content = [.text("")]
            return message
        }
    }

    /// For templates that refuse a result without the name of its tool where they cannot tell it themselves.
    func withResultNames(_ messages: [Message]) -> [Message] {
        guard traits.wantsResultNames else { return messages }
        var names: [ProtocolWord: String] = [:]
        return messages.map { message in
            for call in message.toolCalls { names[ProtocolWord(call.id)] = call.name }
            guard message.role == .tool, message.name == nil, let id = message.toolCallID else { return message }
            var message = message
            message.name = names[ProtocolWord(id)]
            return message
        }
    }
}
