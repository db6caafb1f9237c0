import PinionJSON
import TextGeneration

/// The message of a whole reply. It has a key only where it has something to say: the specification's sample has `role` and
/// `content` alone, and OpenAI's `refusal` and `annotations` would be null and empty here always.
extension JSONWriter {
    mutating func message(of choice: ChatCompletion.Choice, _ shape: ReplyShape) {
        raw(#"{"role":"assistant","content":"#)
        if choice.content.isEmpty, !choice.toolCalls.isEmpty { raw("null") } else { string(choice.content) }
        if !choice.reasoning.isEmpty {
            raw(",")
            string(shape.reasoningField.rawValue)
            raw(":")
            string(choice.reasoning)
        }
        if shape.usesFunctions {
            if let call = choice.toolCalls.first {
                raw(#","function_call":"#)
                function(call)
            }
        } else if !choice.toolCalls.isEmpty {
            raw(#","tool_calls":["#)
            list(choice.toolCalls) { $0.toolCall($1, isCustom: shape.call(of: $1.name) == .custom) }
            raw("]")
        }
        raw("}")
    }

    private mutating func toolCall(_ call: ToolCall, isCustom: Bool) {
        raw(#"{"id":"#)
        string(call.id)
        if isCustom {
            raw(#","type":"custom","custom":{"name":"#)
            string(call.name)
            raw(#","input":"#)
            string(call.arguments)
            raw("}}")
        } else {
            raw(#","type":"function","function":"#)
            function(call)
            raw("}")
        }
    }

    private mutating func function(_ call: ToolCall) {
        raw(#"{"name":"#)
        string(call.name)
        raw(#","arguments":"#)
        string(call.arguments)
        raw("}")
    }
}
