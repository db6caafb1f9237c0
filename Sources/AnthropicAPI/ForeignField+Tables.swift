import PinionJSON
import PinionWire

/// Fields of Anthropic's that change nothing here, or ask for what there is not.
extension ForeignField {
    static let table: [ForeignField] = [
        // Labels for the client's own books.
        ForeignField("metadata", .any("an object"), "Metadata must be an object."),
        ForeignField("user_profile_id", .any("a string"), "The profile must be a string."),
        // Hints that change no reply.
        cacheControl,
        ForeignField("service_tier", .only(["auto", "standard_only"]), "There is one tier of service."),
        ForeignField("speed", .only(["standard"]), "There is one speed, 'standard'."),
        ForeignField("diagnostics", .any("an object"), "Diagnostics must be an object."),
        // A header's list, which some clients put into the body, too.
        ForeignField("betas", .any("an array"), "Betas must be an array."),
        // Edits that keep a long conversation within the context of Anthropic's models: what the client sent is read
        // whole.
        ForeignField("context_management", .any("an object"), "Edits of the context must be an object."),
        // Services around the model.
        ForeignField("container", .never, "There are no containers."),
        ForeignField("mcp_servers", .only([.array([])]), "The server connects to no others; list tools of your own."),
        ForeignField("inference_geo", .never, "There is one place of inference."),
        ForeignField("fallbacks", .never, "The model that is named answers."),
        ForeignField("fallback_credit_token", .never, "The model that is named answers."),
        ForeignField("billing_policy", .never, "There is no billing."),
        ForeignField("compaction", .never, "Conversations are not summarized here."),
        ForeignField("thread", .never, "Conversations are never stored."),
    ]

    /// Where a prompt's beginning is worth keeping: on blocks, on tools and on the body. The prefix cache needs no such
    /// hint.
    static let cacheControl = ForeignField("cache_control", .any("an object"), "A hint for a cache must be an object.")

    /// Of `thinking`: what becomes of thinking from another conversation. Here it is bound to none.
    static let blockBinding = ForeignField(
        "block_binding", .any("an object"), "What is said of other conversations' thinking must be an object.")

    /// What a reply holds beside `role` and `content`, when a client sends all of it back as a message.
    static let replyTable: [ForeignField] = [
        ForeignField("id", .any("a string"), "The id of a reply must be a string."),
        ForeignField("type", .only(["message"]), "Messages are of the type 'message'."),
        ForeignField("model", .any("a string"), "The model of a reply must be a string."),
        ForeignField("stop_reason", .any("a string"), "The reason must be a string."),
        ForeignField("stop_sequence", .any("a string"), "The sequence must be a string."),
        ForeignField("stop_details", .anything, "They say why the reply ended."),
        ForeignField("usage", .any("an object"), "The usage must be an object."),
        ForeignField("container", .anything, "It says where the reply was made."),
        ForeignField("context_management", .anything, "It says how the reply was made."),
        ForeignField("diagnostics", .anything, "They say how the reply was made."),
        ForeignField("input_transformations", .anything, "They say how the reply was made."),
    ]

    /// What a text of a reply may carry along: where it was found, and what a client's package made of it.
    static let textTable: [ForeignField] = [
        cacheControl,
        ForeignField("citations", .any("an array"), "Citations must be an array."),
        ForeignField("parsed_output", .anything, "It repeats the text."),
    ]

    /// What a call of a reply may carry along: by whom the tool is called.
    static let callTable: [ForeignField] = [
        cacheControl,
        ForeignField("caller", .any("an object"), "The caller must be an object."),
        ForeignField("toolset_name", .never, "There are no toolsets."),
    ]

    static let resultTable: [ForeignField] = [
        cacheControl, ForeignField("toolset_name", .never, "There are no toolsets."),
    ]
}
