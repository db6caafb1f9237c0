package import PinionModelFiles
package import PinionTokenizer

/// A chat format for models whose files have no template, chosen by their control tokens.
///
/// A vocabulary with the control token `<|start_header_id|>` belongs to a model that was trained on Llama 3's format.
/// Formats whose marks are ordinary text, whose spaces changed between versions (Mistral's), or whose models share a
/// vocabulary (GLM 4, and Z1 that thinks first) have no row: a wrong format makes replies worse, and no error shows it.
package struct FamilyTemplate: Sendable {
    /// For messages.
    package let name: String
    /// Families that the format belongs to; empty for all of them.
    let families: Set<ModelFamily>
    /// Texts that must all be control tokens.
    let marks: [String]
    /// Control tokens of another format: the row does not apply to a vocabulary with one of them.
    var foreignMarks: [String] = []
    /// The template, but for what all formats refuse.
    private let layout: String

    /// The template.
    package var source: String { Self.refusals + layout }

    /// Each model writes the results of tools in its own way, which its vocabulary does not tell.
    private static let refusals = """
        {%- for message in messages if message.role == 'tool' %}
        {{- raise_exception('results of tools need the chat template of the model') }}
        {%- endfor %}

        """

    /// The format of a model; nil where none is certain.
    package static func certain(_ family: ModelFamily, _ tokenizer: Tokenizer) -> FamilyTemplate? {
        func isMark(_ text: String) -> Bool {
            tokenizer.token(forText: text).map(tokenizer.isControl) ?? false
        }
        return table.first { row in
            (row.families.isEmpty || row.families.contains(family)) && row.marks.allSatisfy(isMark)
                && !row.foreignMarks.contains(where: isMark)
        }
    }

    private static let table = [
        FamilyTemplate(
            name: "ChatML", families: [], marks: ["<|im_start|>", "<|im_end|>"], foreignMarks: ["<|im_sep|>"],
            layout: """
                {%- for message in messages %}
                {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
                {%- endfor %}
                {%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{% endif %}
                """),
        FamilyTemplate(
            name: "Llama 3", families: [.llama],
            marks: ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
            layout: """
                {{- bos_token }}
                {%- for message in messages %}
                {{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' }}
                {{- message.content | trim }}{{- '<|eot_id|>' }}
                {%- endfor %}
                {%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}
                """),
        FamilyTemplate(
            name: "Gemma", families: [.gemma, .gemma2, .gemma3], marks: ["<start_of_turn>", "<end_of_turn>"],
            // Gemma was trained without system messages, so that their text goes in front of the next user turn.
            layout: """
                {{- bos_token }}
                {%- set system = namespace(text='') %}
                {%- for message in messages %}
                {%- if message.role == 'system' %}
                {%- set system.text = system.text + message.content + '\\n\\n' %}
                {%- else %}
                {{- '<start_of_turn>' + ('model' if message.role == 'assistant' else message.role) + '\\n' }}
                {%- if message.role == 'user' %}{{- system.text }}{% set system.text = '' %}{% endif %}
                {{- message.content | trim }}{{- '<end_of_turn>\\n' }}
                {%- endif %}
                {%- endfor %}
                {%- if system.text %}{{- raise_exception('a system message needs a user message after it') }}{% endif %}
                {%- if add_generation_prompt %}{{- '<start_of_turn>model\\n' }}{% endif %}
                """),
        FamilyTemplate(
            name: "Phi 3", families: [.phi3], marks: ["<|user|>", "<|assistant|>", "<|end|>"],
            // Phi 4 mini has the same marks and the latter two, and its format has no line ends.
            foreignMarks: ["<|im_start|>", "<|endofprompt|>", "<|tool_call|>"],
            layout: """
                {%- for message in messages %}
                {{- '<|' + message.role + '|>\\n' + message.content + '<|end|>\\n' }}
                {%- endfor %}
                {%- if add_generation_prompt %}{{- '<|assistant|>\\n' }}{% endif %}
                """),
        FamilyTemplate(
            name: "Phi 4", families: [.phi3], marks: ["<|im_start|>", "<|im_sep|>", "<|im_end|>"],
            layout: """
                {%- for message in messages %}
                {{- '<|im_start|>' + message.role + '<|im_sep|>' + message.content + '<|im_end|>' }}
                {%- endfor %}
                {%- if add_generation_prompt %}{{- '<|im_start|>assistant<|im_sep|>' }}{% endif %}
                """),
        FamilyTemplate(
            name: "Granite 3", families: [.granite],
            marks: ["<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>"],
            layout: """
                {%- for message in messages %}
                {{- '<|start_of_role|>' + message.role + '<|end_of_role|>' + message.content + '<|end_of_text|>\\n' }}
                {%- endfor %}
                {%- if add_generation_prompt %}{{- '<|start_of_role|>assistant<|end_of_role|>' }}{% endif %}
                """),
    ]
}
