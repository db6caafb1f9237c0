import OpenAIAPI
import PinionWire
import Testing
import TextGeneration

@Suite("A last message that is continued")
struct FinalMessageTests {
    private func decode(_ messages: String, _ fields: String = "") throws -> ChatCompletionRequest {
        try ChatCompletionRequest.decode(
            Array(#"{"model":"m","messages":[\#(messages)],"continue_final_message":true\#(fields)}"#.utf8))
    }

    private let asked = #"{"role":"user","content":"Count."}"#

    @Test("The text of the last message begins the reply, and is no turn any more")
    func prefill() throws {
        let request = try decode(asked + #",{"role":"assistant","content":"One, two,"}"#)
        #expect(request.generation.prefill == "One, two,")
        #expect(request.generation.conversation.messages.map(\.text) == ["Count."])
    }

    @Test("Without the field, or with false, the last message is a turn")
    func off() throws {
        let messages = #"[\#(asked),{"role":"assistant","content":"One"}]"#
        for field in ["", #","continue_final_message":false"#] {
            let request = try ChatCompletionRequest.decode(
                Array(#"{"model":"m","messages":\#(messages)\#(field)}"#.utf8))
            #expect(request.generation.prefill == nil)
            #expect(request.generation.conversation.messages.count == 2)
        }
    }

    @Test(
        "What no reply can begin with is refused by its place",
        arguments: [
            (#"{"role":"user","content":"Count."}"#, "", "messages[1].role"),
            (#"{"role":"assistant","content":""}"#, "", "messages[1].content"),
            (#"{"role":"assistant","content":"One, "}"#, "", "messages[1].content"),
            (
                #"{"role":"assistant","content":"One","tool_calls":[{"id":"a","type":"function","function":"#
                    + #"{"name":"f","arguments":"{}"}}]}"#,
                "", "messages[1]"
            ),
            (#"{"role":"assistant","content":"One"}"#, #","response_format":{"type":"json_object"}"#, "messages[1]"),
            (#"{"role":"assistant","content":"One"}"#, #","reasoning_effort":"low""#, "messages[1]"),
        ])
    func refused(last: String, fields: String, param: String) throws {
        let error = #expect(throws: APIError.self) { try decode(asked + "," + last, fields) }
        #expect(error?.status == 400)
        #expect(error?.code == "invalid_value")
        #expect(error?.param == param)
    }

    @Test("A message that answers nothing, and a field of another type, are refused")
    func alone() throws {
        #expect(throws: APIError.self) { try decode(#"{"role":"assistant","content":"One"}"#) }
        let error = #expect(throws: APIError.self) {
            try ChatCompletionRequest.decode(
                Array(#"{"model":"m","messages":[\#(asked)],"continue_final_message":1}"#.utf8))
        }
        #expect(error?.code == "invalid_type")
    }
}
