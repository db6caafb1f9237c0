import PinionJSON
import PinionWire

/// Fields of OpenAI's that mean nothing here.
extension ForeignField {
    static let table: [ForeignField] = [
        // Labels for the client's own books.
        ForeignField("metadata", .any("an object"), "Metadata must be an object."),
        ForeignField("safety_identifier", .any("a string"), "The identifier must be a string."),
        // Hints that change no reply.
        ForeignField("prompt_cache_key", .any("a string"), "The key must be a string."),
        ForeignField("prompt_cache_options", .any("an object"), "Options of a cache must be an object."),
        ForeignField(
            "prompt_cache_retention", .only(["in-memory", "in_memory"]), "Prompts are cached in memory only."),
        ForeignField("service_tier", .only(["auto", "default"]), "There is one tier of service, 'default'."),
        ForeignField("prediction", .never, "Predicted outputs are not supported."),
        // Services around the model.
        ForeignField("store", .only([.bool(false)]), "Completions are never stored."),
        ForeignField("web_search_options", .never, "There is no web search."),
        ForeignField("moderation", .never, "There is no moderation service."),
        // What the models cannot do.
        ForeignField("modalities", .only([.array(["text"])]), "Models answer with text only."),
        ForeignField("audio", .never, "Models answer with text only."),
        ForeignField("verbosity", .only(["medium"]), "Ask for the length you want in a message."),
    ]

    /// The same of the Responses route.
    static let responsesTable: [ForeignField] = [
        // Labels for the client's own books, which the reply repeats.
        ForeignField("metadata", .any("an object"), "Metadata must be an object."),
        ForeignField("client_metadata", .any("an object"), "Metadata must be an object."),
        ForeignField("safety_identifier", .any("a string"), "The identifier must be a string."),
        ForeignField("user", .any("a string"), "The user must be a string."),
        // Hints that change no reply.
        ForeignField("prompt_cache_key", .any("a string"), "The key must be a string."),
        ForeignField("prompt_cache_options", .any("an object"), "Options of a cache must be an object."),
        ForeignField(
            "prompt_cache_retention", .only(["in-memory", "in_memory"]), "Prompts are cached in memory only."),
        ForeignField("service_tier", .only(["auto", "default"]), "There is one tier of service, 'default'."),
        ForeignField("access_programs", .any("an object"), "Programs must be an object."),
        ForeignField("image", .any("an object"), "Options of images must be an object."),
        ForeignField("max_tool_calls", .any("an integer"), "The number must be an integer."),
        // A reply is made while its client waits, and nothing of it is kept.
        ForeignField("store", .only([.bool(false)]), "Responses are never stored."),
        ForeignField("background", .only([.bool(false)]), "Responses are made while the client waits."),
        ForeignField("background_options", .never, "Responses are made while the client waits."),
        ForeignField("previous_response_id", .never, "Nothing is stored here: send the earlier items in 'input'."),
        ForeignField("conversation", .never, "Nothing is stored here: send the earlier items in 'input'."),
        ForeignField("prompt", .never, "There are no stored prompts."),
        ForeignField("context_management", .never, "Nothing is left out of what is sent."),
        ForeignField("truncation", .only(["disabled"]), "Nothing is left out of what is sent."),
        ForeignField("moderation", .never, "There is no moderation service."),
    ]

    /// What a tool may carry along in the Responses route.
    static let toolTable: [ForeignField] =
        hints + [
            ForeignField("defer_loading", .any("a boolean"), "The value must be a boolean."),
            ForeignField("allowed_callers", .any("an array"), "The value must be an array."),
            ForeignField("output_schema", .any("an object"), "A schema must be an object."),
            ForeignField("async", .only([.bool(false)]), "A call is answered before the model goes on."),
        ]

    /// What a message of an earlier reply may carry along when a client sends it back.
    static let messageTable: [ForeignField] =
        hints + [
            // Where a hosted search found what the text says.
            ForeignField("annotations", .any("an array"), "Annotations must be an array."),
            // What openai's package made of the content, beside the content.
            ForeignField("parsed", .anything, "It repeats the content."),
            // What litellm keeps beside the thinking, which it sends back as `reasoning_content`.
            ForeignField("provider_specific_fields", .anything, "It repeats other fields."),
            ForeignField("thinking_blocks", .anything, "They repeat the thinking."),
            ForeignField("audio", .never, "Models read text only."),
        ]

    /// What a part of a message and a tool may carry along: where a prompt's beginning is worth keeping.
    static let hints: [ForeignField] = [
        ForeignField("cache_control", .any("an object"), "A hint for a cache must be an object."),
        ForeignField("prompt_cache_breakpoint", .any("an object"), "A hint for a cache must be an object."),
    ]
}
