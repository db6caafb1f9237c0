import OpenAIAPI
import PinionJSON
import PinionWire
import Testing
import TextGeneration

@Suite("What a request says of thinking")
struct ReasoningFieldTests {
    private static func options(
        isEnabled: Bool? = nil, effort: String? = nil, budget: Int? = nil, isTold: Bool = true
    ) -> ReasoningOptions {
        var options = ReasoningOptions()
        options.isEnabled = isEnabled
        options.effort = effort
        options.budget = budget
        options.isTold = isTold
        return options
    }

    static let spellings: [(String, ReasoningOptions)] = [
        (#""reasoning_effort":"none""#, options(isEnabled: false)),
        (#""reasoning_effort":"minimal""#, options(isEnabled: true, effort: "minimal")),
        (#""reasoning_effort":"low""#, options(isEnabled: true, effort: "low")),
        (#""reasoning_effort":"medium""#, options(isEnabled: true, effort: "medium")),
        (#""reasoning_effort":"high""#, options(isEnabled: true, effort: "high")),
        (#""reasoning_effort":"xhigh""#, options(isEnabled: true, effort: "xhigh")),
        (#""reasoning_effort":"max""#, options(isEnabled: true, effort: "max")),
        (#""thinking":true"#, options(isEnabled: true)), (#""thinking":false"#, options(isEnabled: false)),
        (#""thinking":{"type":"enabled"}"#, options(isEnabled: true)),
        (#""thinking":{"type":"disabled","budget_tokens":null}"#, options(isEnabled: false)),
        (#""thinking":{"type":"enabled","budget_tokens":1024}"#, options(isEnabled: true, budget: 1_024)),
        (#""enable_thinking":true"#, options(isEnabled: true)),
        (#""enable_thinking":false"#, options(isEnabled: false)),
        (#""chat_template_kwargs":{"enable_thinking":false}"#, options(isEnabled: false)),
        (#""chat_template_kwargs":{"thinking":true}"#, options(isEnabled: true)),
        (#""chat_template_kwargs":{"thinking":"yes","enable_thinking":1}"#, options()),
        (
            #""thinking":true,"enable_thinking":true,"reasoning_effort":"low","chat_template_kwargs":{"thinking":true}"#,
            options(isEnabled: true, effort: "low")
        ),
        (#""thinking_budget":0"#, options(budget: 0)), (#""thinking_token_budget":1"#, options(budget: 1)),
        (#""reasoning_budget_tokens":2"#, options(budget: 2)), (#""thinking_budget_tokens":3"#, options(budget: 3)),
        (#""reasoning_budget":2147483647"#, options(budget: 2_147_483_647)),
        (#""reasoning_budget":-1"#, options()),
        (#""reasoning_budget_tokens":-1,"thinking_budget_tokens":-1"#, options()),
        (
            #""thinking_budget":5,"reasoning_budget":5,"thinking":{"type":"enabled","budget_tokens":5}"#,
            options(isEnabled: true, budget: 5)
        ),
        (#""include_reasoning":false"#, options(isTold: false)), (#""include_reasoning":true"#, options()),
    ]

    @Test("Every spelling asks for what it means", arguments: spellings)
    func spelling(_ fields: String, _ options: ReasoningOptions) throws {
        #expect(try decodeRequest(fields).generation.reasoning == options)
    }

    @Test("Variables of the template reach it all the same")
    func arguments() throws {
        let request = try decodeRequest(#""enable_thinking":true,"chat_template_kwargs":{"enable_thinking":true}"#)
        #expect(
            request.generation.templateArguments
                == JSONObject([.init(name: "enable_thinking", value: .bool(true))]))
        #expect(try decodeRequest(#""enable_thinking":true"#).generation.templateArguments == JSONObject())
    }

    @Test(
        "What is faulty or contradicts itself is refused with the path of its field",
        arguments: [
            (#""reasoning_effort":"extreme""#, "invalid_value", "reasoning_effort"),
            (#""reasoning_effort":"Low""#, "invalid_value", "reasoning_effort"),
            (#""reasoning_effort":1"#, "invalid_type", "reasoning_effort"),
            (#""thinking":"enabled""#, "invalid_type", "thinking"),
            (#""thinking":{}"#, "missing_required_parameter", "thinking.type"),
            (#""thinking":{"type":"on"}"#, "invalid_value", "thinking.type"),
            (#""thinking":{"type":true}"#, "invalid_type", "thinking.type"),
            (#""thinking":{"type":"enabled","x":1}"#, "unknown_parameter", "thinking.x"),
            (#""thinking":{"type":"enabled","budget_tokens":-1}"#, "integer_below_min_value", "thinking.budget_tokens"),
            (#""thinking":{"type":"enabled","budget_tokens":1.5}"#, "invalid_type", "thinking.budget_tokens"),
            (#""thinking":{"type":"disabled","budget_tokens":1}"#, "invalid_value", "thinking.budget_tokens"),
            (#""enable_thinking":"true""#, "invalid_type", "enable_thinking"),
            (#""include_reasoning":0"#, "invalid_type", "include_reasoning"),
            (#""thinking":true,"enable_thinking":false"#, "invalid_value", "enable_thinking"),
            (#""reasoning_effort":"none","thinking":{"type":"enabled"}"#, "invalid_value", "thinking.type"),
            (#""reasoning_effort":"low","enable_thinking":false"#, "invalid_value", "enable_thinking"),
            (
                #""enable_thinking":true,"chat_template_kwargs":{"enable_thinking":false}"#, "invalid_value",
                "chat_template_kwargs.enable_thinking"
            ),
            (
                #""chat_template_kwargs":{"enable_thinking":false,"thinking":true}"#, "invalid_value",
                "chat_template_kwargs.thinking"
            ),
            (#""thinking_budget":1,"thinking_token_budget":2"#, "invalid_value", "thinking_token_budget"),
            (#""thinking_budget":1,"reasoning_budget":-1"#, "invalid_value", "reasoning_budget"),
            (
                #""thinking":{"type":"enabled","budget_tokens":1},"thinking_budget_tokens":2"#, "invalid_value",
                "thinking_budget_tokens"
            ),
        ])
    func refused(_ fields: String, _ code: String, _ param: String) {
        let error = requestError(fields)
        #expect(error?.status == 400)
        #expect(error?.code == code)
        #expect(error?.param == param)
    }

    @Test("An error lists the words, and names both fields of a contradiction")
    func wording() {
        #expect(
            requestError(#""reasoning_effort":"x""#)?.message
                == "Invalid value: 'x'. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'."
        )
        #expect(
            requestError(#""thinking_budget":1,"thinking_token_budget":2"#)?.message
                == "Invalid 'thinking_token_budget': 'thinking_budget' and 'thinking_token_budget' contradict each other. "
                + "Send one of them.")
    }
}
