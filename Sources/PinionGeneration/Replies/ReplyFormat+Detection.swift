import PinionTokenizer

extension ReplyFormat {
    /// Why a format was chosen.
    package struct Choice: Sendable, Equatable {
        /// What told it.
        package enum Reason: Sendable, Equatable {
            /// A text in the template.
            case mark(String)
            /// The operator.
            case given
            /// Nothing: the template shows the model no tools, or in a way that nobody knows.
            case none
        }

        package let format: ReplyFormat
        package let reason: Reason
        /// Whether the model is told of tools in a text of ours.
        var isGeneric: Bool { reason == .none }
    }

    /// A text of a template, those that must stand beside it, and the format that they belong to; the first row that fits.
    private static let signs: [(mark: String, beside: [String], name: String)] = [
        ("<|channel|>", ["<|message|>"], "harmony"),
        ("[TOOL_CALLS]", ["[ARGS]"], "mistral"),
        ("[TOOL_CALLS]", [], "mistral-old"),
        ("<start_function_call>", [], "functiongemma"),
        ("<|tool_call>", [], "gemma4"),
        ("｜DSML｜", [], "deepseek-v3.2"),
        ("<｜tool▁calls▁begin｜>", ["```json"], "deepseek-r1"),
        ("<｜tool▁calls▁begin｜>", [], "deepseek-v3.1"),
        ("<|tool_calls_section_begin|>", [], "kimi-k2"),
        ("<minimax:tool_call>", [], "minimax-m2"),
        ("<seed:tool_call>", [], "seed-oss"),
        ("<TOOLCALL>", [], "nemotron"),
        ("<|tools_prefix|>", [], "apertus"),
        ("<|START_ACTION|>", [], "command-r7b"),
        ("<|tool_call_start|>", [], "lfm2"),
        ("<|tool_list_start|>", [], "lfm2"),
        ("[BEGIN FINAL RESPONSE]", ["<tool_calls>"], "apriel"),
        // Formats that nothing here reads, and whose templates hold marks of others.
        ("]<]minimax[>[", [], "generic"),
        ("<function name=\"function-name\"", [], "generic"),
        ("<|/tool_call|>", [], "phi4-mini"),
        ("<|tool_call|>", [], "granite3"),
        ("<tool_call>", ["<arg_key>"], "glm4"),
        ("<tool_call>", ["<function="], "qwen-coder"),
        ("<tool_call>", [], "hermes"),
        ("<|function_call|>", [], "gigachat3"),
        ("function call", ["<|role_sep|>"], "gigachat3"),
        ("<tool_calls>[", [], "hunyuan"),
        ("<tool_calls>", [], "minimax-m1"),
        ("<tool_sep", [], "hy3"),
        ("functools[", [], "phi4-mini"),
        ("<{start_tag}=", [], "functionary-v3.1"),
        ("<|python_tag|>", [], "llama3-json"),
        ("\"parameters\": dictionary", [], "llama3-json"),
        ("[func_name1(params_name1=params_value1", [], "llama3-pythonic"),
        ("```tool_code", [], "gemma3"),
        // LFM 2.5, whose template has no mark around the tools.
        ("List of tools: [", [], "lfm2"),
    ]

    /// Marks of thinking that a template may hold beside a format's own.
    private static let thoughts: [Thinking] = [
        Thinking("<think>", "</think>"), Thinking("[THINK]", "[/THINK]"),
        Thinking("<seed:think>", "</seed:think>"),
        Thinking("<|START_THINKING|>", "<|END_THINKING|>"), Thinking("<|inner_prefix|>", "<|inner_suffix|>"),
        Thinking("<|channel>thought", "<channel|>", conclusion: "\n<channel|>"),
    ]

    /// The format that a model's template was written for.
    ///
    /// - Parameters:
    ///   - name: What the operator asked for; nil to look at the template.
    ///   - source: The template's text.
    ///   - showsTools: Whether it shows tools to the model.
    static func choose(named name: String?, source: String, showsTools: Bool, _ tokenizer: Tokenizer?) -> Choice {
        let text = Array(source.utf8)
        func holds(_ mark: String) -> Bool { text.firstRange(of: Array(mark.utf8)) != nil }
        // A model thinks if its template knows the marks, or its vocabulary has them as tokens.
        func isKnown(_ thinking: Thinking) -> Bool {
            if holds(thinking.open) || holds(thinking.close) { return true }
            guard let tokenizer, let token = tokenizer.token(forText: thinking.close) else { return false }
            return tokenizer.replyBytes(of: token) == nil
        }
        func thinking(of format: ReplyFormat) -> Thinking? {
            ((format.thinking.map { [$0] } ?? []) + thoughts).first(where: isKnown)
        }
        if var format = name.flatMap({ named($0) }) {
            // An operator names the form of calls, which a distillation has from another model than its thinking.
            if !format.hasChannels, format.calls != nil || format.thinking != nil {
                format.thinking = thinking(of: format) ?? format.thinking
            }
            return Choice(format: format, reason: .given)
        }
        let row = signs.first { holds($0.mark) && $0.beside.allSatisfy(holds) }
        var format = row.map { known($0.name) } ?? generic
        if format.hasChannels { return Choice(format: format, reason: row.map { .mark($0.mark) } ?? .none) }
        format.thinking = thinking(of: format)
        guard let row, showsTools, !row.name.utf8.elementsEqual(generic.name.utf8) else {
            var other = generic
            other.thinking = format.thinking
            return Choice(format: other, reason: .none)
        }
        return Choice(format: format, reason: .mark(row.mark))
    }

    /// The format for models whose template shows no tools.
    static let generic = known("generic")

    /// A format that the table of formats has to have.
    private static func known(_ name: String) -> ReplyFormat {
        guard let format = named(name) else { preconditionFailure("there is no format '\(name)'") }
        return format
    }
}
