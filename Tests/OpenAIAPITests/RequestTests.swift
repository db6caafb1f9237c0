import OpenAIAPI
import PinionJSON
import PinionWire
import Testing
import TextGeneration

@Suite("Chat completion request")
struct RequestTests {
    @Test("The specification's example decodes, with every default filled in")
    func example() throws {
        let body = #"{"stream": true, "model": "name/version", "messages": [{"role": "user", "content": "Hello!"}]}"#
        var expected = ChatCompletionRequest(
            model: "name/version", generation: GenerationRequest(Conversation([Message(.user, "Hello!")])))
        expected.stream = true
        let request = try ChatCompletionRequest.decode(Array(body.utf8))
        #expect(request == expected)
        #expect(request.generation.sampling == SamplingOptions())
        #expect(request.generation.choices == 1)
        #expect(request.generation.maximumTokens == nil)
        #expect(!request.includeUsage)
    }

    @Test("The specification's spelling `message` is accepted, both at once are not")
    func message() throws {
        let list = #"[{"role":"user","content":"Hi"}]"#
        func decode(_ body: String) throws -> ChatCompletionRequest {
            try ChatCompletionRequest.decode(Array(body.utf8))
        }
        #expect(try decode(#"{"model":"m","message":\#(list)}"#).generation.conversation.messages.count == 1)
        #expect(
            try decode(#"{"model":"m","message":null,"messages":\#(list)}"#).generation.conversation.messages.count == 1
        )
        #expect(
            try decode(#"{"model":"m","message":\#(list),"messages":null}"#).generation.conversation.messages.count == 1
        )
        let both = #expect(throws: APIError.self) {
            try decode(#"{"model":"m","message":\#(list),"messages":\#(list)}"#)
        }
        #expect(both?.code == "invalid_value")
        #expect(both?.param == "message")
        let bad = #expect(throws: APIError.self) { try decode(#"{"model":"m","message":[{"role":"user"}]}"#) }
        #expect(bad?.param == "message[0].content")
    }

    @Test(
        "What a body lacks or gets wrong is named",
        arguments: [
            ("[]", "invalid_type", nil), ("3", "invalid_type", nil),
            (#"{"messages":[{"role":"user","content":"a"}]}"#, "missing_required_parameter", "model"),
            (#"{"model":null,"messages":[{"role":"user","content":"a"}]}"#, "invalid_type", "model"),
            (#"{"model":"","messages":[{"role":"user","content":"a"}]}"#, "invalid_value", "model"),
            (#"{"model":7,"messages":[{"role":"user","content":"a"}]}"#, "invalid_type", "model"),
            (#"{"model":"m"}"#, "missing_required_parameter", "messages"),
            (#"{"model":"m","messages":null}"#, "invalid_type", "messages"),
            (#"{"model":"m","messages":[]}"#, "invalid_value", "messages"),
            (#"{"model":"m","messages":"a"}"#, "invalid_type", "messages"),
            (#"{"model":"m","messages":["a"]}"#, "invalid_type", "messages[0]"),
        ] as [(String, String, String?)])
    func missing(_ body: String, _ code: String, _ param: String?) {
        let error = #expect(throws: APIError.self) { try ChatCompletionRequest.decode(Array(body.utf8)) }
        #expect(error?.status == 400)
        #expect(error?.code == code)
        #expect(error?.param == param)
    }

    @Test("Messages are read in every role and form")
    func messages() throws {
        let body = """
            {"model":"m","messages":[
            {"role":"system","content":"s"},{"role":"developer","content":"d","name":"dev"},
            {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
            {"role":"assistant","content":"","refusal":null,"annotations":[],"audio":null,"tool_calls":null},
            {"role":"tool","content":"t","tool_call_id":"call_1"}]}
            """
        #expect(
            try ChatCompletionRequest.decode(Array(body.utf8)).generation.conversation.messages == [
                Message(.system, "s"), Message(.developer, "d", name: "dev"),
                Message(.user, [.text("a"), .text("b")]), Message(.assistant, ""),
                Message(.tool, "t", toolCallID: "call_1"),
            ])
    }

    @Test(
        "A faulty message is refused with the path of its field",
        arguments: [
            (#"{"content":"a"}"#, "missing_required_parameter", "role"),
            (#"{"role":"user"}"#, "missing_required_parameter", "content"),
            (#"{"role":"user","content":null}"#, "invalid_type", "content"),
            (#"{"role":"assistant","content":null}"#, "invalid_type", "content"),
            (#"{"role":"user","content":{}}"#, "invalid_type", "content"),
            (#"{"role":"user","content":[]}"#, "invalid_value", "content"),
            (#"{"role":"user","content":["a"]}"#, "invalid_type", "content[0]"),
            (#"{"role":"user","content":[{"text":"a"}]}"#, "missing_required_parameter", "content[0].type"),
            (#"{"role":"user","content":[{"type":"text"}]}"#, "missing_required_parameter", "content[0].text"),
            (#"{"role":"user","content":[{"type":"text","text":1}]}"#, "invalid_type", "content[0].text"),
            (#"{"role":"user","content":[{"type":"text","text":"","x":1}]}"#, "unknown_parameter", "content[0].x"),
            (
                #"{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"u"}}]}"#,
                "unsupported_value", "content[1].type"
            ),
            (#"{"role":"user","content":[{"type":"x"}]}"#, "invalid_value", "content[0].type"),
            (#"{"role":"function","content":"a"}"#, "missing_required_parameter", "name"),
            (#"{"role":"User","content":"a"}"#, "invalid_value", "role"),
            (#"{"role":1,"content":"a"}"#, "invalid_type", "role"),
            (#"{"role":"user","content":"a","name":1}"#, "invalid_type", "name"),
            (#"{"role":"user","content":"a","foo":null}"#, "unknown_parameter", "foo"),
            (#"{"role":"tool","content":"a"}"#, "missing_required_parameter", "tool_call_id"),
            (#"{"role":"user","content":"a","tool_call_id":"x"}"#, "invalid_value", "tool_call_id"),
        ])
    func badMessage(_ message: String, _ code: String, _ param: String) {
        let body = #"{"model":"m","messages":[{"role":"user","content":"ok"},\#(message)]}"#
        let error = #expect(throws: APIError.self) { try ChatCompletionRequest.decode(Array(body.utf8)) }
        #expect(error?.status == 400)
        #expect(error?.code == code)
        #expect(error?.param == "messages[1].\(param)")
    }

    @Test(
        "A field that cannot be honoured is refused by name",
        arguments: [
            (#""foo":1"#, "unknown_parameter", "foo"), (#""Temperature":1"#, "unknown_parameter", "Temperature"),
            (#""stream":true,"stream_options":{"foo":1}"#, "unknown_parameter", "stream_options.foo"),
            (#""stream":"true""#, "invalid_type", "stream"), (#""stream":1"#, "invalid_type", "stream"),
            (#""stream_options":{"include_usage":true}"#, "invalid_value", "stream_options"),
            (#""stream":true,"stream_options":true"#, "invalid_type", "stream_options"),
            (#""stream":true,"stream_options":{"include_usage":1}"#, "invalid_type", "stream_options.include_usage"),
            (
                #""stream":true,"stream_options":{"include_obfuscation":true}"#, "unsupported_value",
                "stream_options.include_obfuscation"
            ),
            (#""top_logprobs":2"#, "invalid_value", "top_logprobs"),
            (#""logprobs":true,"top_logprobs":21"#, "integer_above_max_value", "top_logprobs"),
            (#""logprobs":2"#, "invalid_type", "logprobs"),
            (#""stop":"""#, "invalid_value", "stop"), (#""stop":["a",""]"#, "invalid_value", "stop[1]"),
            (#""stop":["a",1]"#, "invalid_type", "stop[1]"), (#""stop":1"#, "invalid_type", "stop"),
            (#""stop":["a","b","c","d","e"]"#, "invalid_value", "stop"),
            (#""stop":"\#(String(repeating: "x", count: 4_097))""#, "invalid_value", "stop"),
            (#""logit_bias":[]"#, "invalid_type", "logit_bias"),
            (#""logit_bias":{"x":1}"#, "invalid_value", "logit_bias"),
            (#""logit_bias":{"-1":1}"#, "invalid_value", "logit_bias"),
            (#""logit_bias":{"01":1}"#, "invalid_value", "logit_bias"),
            (#""logit_bias":{"2147483648":1}"#, "invalid_value", "logit_bias"),
            (#""logit_bias":{"5":101}"#, "decimal_above_max_value", "logit_bias.5"),
            (#""logit_bias":{"5":-1e308}"#, "decimal_below_min_value", "logit_bias.5"),
            (#""logit_bias":{"5":"1"}"#, "invalid_type", "logit_bias.5"),
            (#""logit_bias":{"5":null}"#, "invalid_type", "logit_bias.5"),
            (#""response_format":"text""#, "invalid_type", "response_format"),
            (#""response_format":{}"#, "missing_required_parameter", "response_format.type"),
            (#""response_format":{"type":"xml"}"#, "invalid_value", "response_format.type"),
            (#""store":true"#, "unsupported_value", "store"), (#""store":"no""#, "invalid_type", "store"),
            (#""metadata":"x""#, "invalid_type", "metadata"),
            (#""service_tier":"flex""#, "unsupported_value", "service_tier"),
            (#""prediction":{}"#, "unsupported_parameter", "prediction"),
            (#""audio":{}"#, "unsupported_parameter", "audio"),
            (#""modalities":["text","audio"]"#, "unsupported_value", "modalities"),
            (#""verbosity":"low""#, "unsupported_value", "verbosity"),
            (#""web_search_options":{}"#, "unsupported_parameter", "web_search_options"),
            (#""user":5"#, "invalid_type", "user"), (#""ignore_eos":0"#, "invalid_type", "ignore_eos"),
            (#""chat_template_kwargs":[]"#, "invalid_type", "chat_template_kwargs"),
        ])
    func refused(_ fields: String, _ code: String, _ param: String) {
        let error = requestError(fields)
        #expect(error?.status == 400)
        #expect(error?.type == "invalid_request_error")
        #expect(error?.code == code)
        #expect(error?.param == param)
    }

    @Test(
        "Another engine's name for a field is refused with ours",
        arguments: [
            ("repeat_penalty", "repetition_penalty"), ("num_predict", "max_tokens"), ("n_predict", "max_tokens"),
            ("max_new_tokens", "max_tokens"), ("max_length", "max_tokens"), ("max_output_tokens", "max_tokens"),
            ("max_tokens_to_sample", "max_tokens"), ("stop_sequences", "stop"), ("stop_strings", "stop"),
            ("num_return_sequences", "n"), ("n_probs", "top_logprobs"), ("random_seed", "seed"),
        ])
    func foreignSpelling(_ name: String, _ ours: String) {
        let error = requestError(#""\#(name)":1"#)
        #expect(error?.message == "Unknown parameter: '\(name)'. Did you mean '\(ours)'?")
        #expect(error?.code == "unknown_parameter")
        #expect(error?.param == name)
        #expect(requestError(#""num_ctx":1"#)?.message == "Unknown parameter: 'num_ctx'.")
        // Only fields of the body have such names.
        #expect(requestError(#""stream":true,"stream_options":{"\#(name)":1}"#)?.message.hasSuffix("'.") == true)
    }

    @Test(
        "A field of OpenAI's that changes nothing is accepted",
        arguments: [
            #""store":false"#, #""store":null"#, #""metadata":{"a":"b"}"#, #""service_tier":"auto""#,
            #""service_tier":"default""#, #""modalities":["text"]"#, #""prediction":null"#, #""audio":null"#,
            #""safety_identifier":"x""#, #""prompt_cache_key":"k""#, #""verbosity":"medium""#,
            #""reasoning_effort":null"#, #""prompt_cache_options":{"mode":"implicit","ttl":"30m"}"#,
            #""prompt_cache_options":null"#,
            #""response_format":{"type":"text"}"#, #""response_format":null"#, #""tools":[]"#, #""tools":null"#,
            #""tool_choice":null"#, #""tool_choice":"none""#, #""tools":[],"tool_choice":"auto""#,
            #""parallel_tool_calls":null"#, #""functions":null"#, #""functions":[]"#, #""function_call":"none""#,
            #""function_call":"auto""#, #""thinking":null,"enable_thinking":null,"include_reasoning":true"#,
            #""reasoning_budget":-1"#, #""stream_options":null"#, #""stop":null"#, #""stop":[]"#,
            #""logprobs":false"#, #""top_logprobs":0"#, #""logit_bias":{}"#, #""stream":null"#,
        ])
    func accepted(_ fields: String) throws {
        var request = try decodeRequest(fields)
        // What the ledger keeps changes no reply.
        request.generation.client = ClientNote()
        #expect(request == (try decodeRequest()))
    }

    @Test("What a client says of itself is kept for the ledger")
    func clientNote() throws {
        let note = try decodeRequest(#""user":"u","metadata":{"a":"b"},"safety_identifier":"s""#).generation.client
        #expect(note.user == "u")
        #expect(note.metadata?["a"] == .string("b"))
        #expect(try decodeRequest(#""safety_identifier":"s""#).generation.client.user == "s")
    }

    @Test("Every other field reaches the request")
    func fields() throws {
        let request = try decodeRequest(
            """
            "stop":["a","b"],"logit_bias":{"0":-100,"50256":1.5},"seed":7,"logprobs":true,"top_logprobs":20,"stream":true,
            "stream_options":{"include_usage":true,"include_obfuscation":false},"user":"u","ignore_eos":true,
            "chat_template_kwargs":{"enable_thinking":false,"x":[1]}
            """)
        let generation = request.generation
        #expect(generation.stop == ["a", "b"])
        #expect(generation.sampling.logitBias == [0: -100, 50_256: 1.5])
        #expect(generation.sampling.seed == 7)
        #expect(generation.reportedAlternatives == 20)
        #expect(request.stream && request.includeUsage)
        #expect(request.user == "u")
        #expect(generation.ignoresEnd)
        let arguments = JSONObject([
            .init(name: "enable_thinking", value: .bool(false)), .init(name: "x", value: .array([.integer(1)])),
        ])
        #expect(generation.templateArguments == arguments)
        #expect(try decodeRequest(#""stop":"END""#).generation.stop == ["END"])
    }

    @Test("Too many logit biases are refused")
    func manyBiases() throws {
        func fields(_ count: Int) -> String {
            #""logit_bias":{\#((0..<count).map { "\"\($0)\":1" }.joined(separator: ","))}"#
        }
        #expect(try decodeRequest(fields(1_024)).generation.sampling.logitBias.count == 1_024)
        #expect(requestError(fields(1_025))?.param == "logit_bias")
    }

    @Test("Unknown fields pass when the server allows them, known ones are still checked")
    func unknownAllowed() throws {
        let options = DecodingOptions(allowsUnknownFields: true)
        let body =
            #"{"model":"m","foo":1,"messages":[{"role":"user","content":[{"type":"text","text":"a","x":1}],"y":2}]"#
        #expect(
            try ChatCompletionRequest.decode(
                Array((body + #","stream":true,"stream_options":{"z":3}}"#).utf8), options: options
            ).generation.conversation.messages == [Message(.user, "a")])
        let error = #expect(throws: APIError.self) {
            try ChatCompletionRequest.decode(Array((body + #","n":0}"#).utf8), options: options)
        }
        #expect(error?.code == "integer_below_min_value")
    }
}
