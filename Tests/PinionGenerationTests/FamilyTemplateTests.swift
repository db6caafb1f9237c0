import PinionGeneration
import PinionModelFiles
import PinionTemplate
import PinionTokenizer
import Testing
import TextGeneration

@Suite("Formats of models without a chat template")
struct FamilyTemplateTests {
    /// A format, by what a vocabulary of it holds and what it makes of a conversation.
    struct Format: CustomTestStringConvertible, Sendable {
        let name: String
        let family: ModelFamily
        let marks: [String]
        let prompt: String

        var testDescription: String { name }
    }

    static let formats = [
        Format(
            name: "ChatML", family: .qwen2, marks: ["<|im_start|>", "<|im_end|>"],
            prompt: """
                <|im_start|>system
                Be brief.<|im_end|>
                <|im_start|>user
                Hi?<|im_end|>
                <|im_start|>assistant
                Yes.<|im_end|>
                <|im_start|>user
                 Why?<|im_end|>
                <|im_start|>assistant

                """),
        Format(
            name: "Llama 3", family: .llama, marks: ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
            prompt: """
                <s><|start_header_id|>system<|end_header_id|>

                Be brief.<|eot_id|><|start_header_id|>user<|end_header_id|>

                Hi?<|eot_id|><|start_header_id|>assistant<|end_header_id|>

                Yes.<|eot_id|><|start_header_id|>user<|end_header_id|>

                Why?<|eot_id|><|start_header_id|>assistant<|end_header_id|>


                """),
        Format(
            name: "Gemma", family: .gemma3, marks: ["<start_of_turn>", "<end_of_turn>"],
            prompt: """
                <s><start_of_turn>user
                Be brief.

                Hi?<end_of_turn>
                <start_of_turn>model
                Yes.<end_of_turn>
                <start_of_turn>user
                Why?<end_of_turn>
                <start_of_turn>model

                """),
        Format(
            name: "Phi 3", family: .phi3, marks: ["<|user|>", "<|assistant|>", "<|end|>"],
            prompt: """
                <|system|>
                Be brief.<|end|>
                <|user|>
                Hi?<|end|>
                <|assistant|>
                Yes.<|end|>
                <|user|>
                 Why?<|end|>
                <|assistant|>

                """),
        Format(
            name: "Phi 4", family: .phi3, marks: ["<|im_start|>", "<|im_sep|>", "<|im_end|>"],
            prompt: """
                <|im_start|>system<|im_sep|>Be brief.<|im_end|><|im_start|>user<|im_sep|>Hi?<|im_end|>\
                <|im_start|>assistant<|im_sep|>Yes.<|im_end|><|im_start|>user<|im_sep|> Why?<|im_end|>\
                <|im_start|>assistant<|im_sep|>
                """),
        Format(
            name: "Granite 3", family: .granite,
            marks: ["<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>"],
            prompt: """
                <|start_of_role|>system<|end_of_role|>Be brief.<|end_of_text|>
                <|start_of_role|>user<|end_of_role|>Hi?<|end_of_text|>
                <|start_of_role|>assistant<|end_of_role|>Yes.<|end_of_text|>
                <|start_of_role|>user<|end_of_role|> Why?<|end_of_text|>
                <|start_of_role|>assistant<|end_of_role|>
                """),
    ]

    /// A vocabulary of control tokens, and ordinary ones.
    private static func tokenizer(_ controls: [String], ordinary: [String] = []) throws -> Tokenizer {
        let texts = ["<s>"] + controls + ordinary + ["a"]
        return try Tokenizer(
            TokenizerMetadata(
                preTokenizer: "llama-bpe", tokens: texts.map { Array($0.utf8) },
                types: [3] + controls.map { _ in 3 } + ordinary.map { _ in 1 } + [1], merges: [], beginToken: 0))
    }

    @Test("Control tokens tell the format, and the prompt is the one that it is known for", arguments: formats)
    func certain(_ format: Format) throws {
        let tokenizer = try Self.tokenizer(format.marks)
        let found = try #require(FamilyTemplate.certain(format.family, tokenizer))
        #expect(found.name == format.name)
        let renderer = PromptRenderer(try ChatTemplate(source: found.source), tokenizer.specialTexts)
        let conversation = Conversation([
            Message(.system, "Be brief."), Message(.user, "Hi?"), Message(.assistant, "Yes."), Message(.user, " Why?"),
        ])
        let prompt = try renderer.render(GenerationRequest(conversation)).text
        #expect(String(decoding: prompt, as: UTF8.self) == format.prompt)
    }

    @Test("Without one of its marks, or where one is ordinary text, a format is not certain", arguments: formats)
    func uncertain(_ format: Format) throws {
        for mark in format.marks {
            let others = format.marks.filter { $0 != mark }
            for tokenizer in [try Self.tokenizer(others), try Self.tokenizer(others, ordinary: [mark])] {
                #expect(FamilyTemplate.certain(format.family, tokenizer)?.name != format.name, "\(mark)")
            }
        }
    }

    @Test(
        "Results of tools, and system messages that Gemma has no place for, become turns of the user",
        arguments: formats)
    func others(_ format: Format) throws {
        let tokenizer = try Self.tokenizer(format.marks)
        let found = try #require(FamilyTemplate.certain(format.family, tokenizer))
        let renderer = PromptRenderer(try ChatTemplate(source: found.source), tokenizer.specialTexts)
        func text(_ messages: Message...) throws -> String {
            String(decoding: try renderer.render(GenerationRequest(Conversation(messages))).text, as: UTF8.self)
        }
        let result = "<tool_response>\n42\n</tool_response>"
        #expect(
            try text(Message(.user, "Hi?"), Message(.tool, "42")) == text(Message(.user, "Hi?"), Message(.user, result))
        )
        let late = try text(Message(.user, "Hi?"), Message(.system, "Be brief."))
        #expect(late.contains("Be brief."))
        if format.name == "Gemma" {
            #expect(try late == text(Message(.user, "Hi?"), Message(.user, "Be brief.")))
        }
    }

    @Test("A vocabulary that two formats share belongs to neither")
    func sharedVocabulary() throws {
        let phi = ["<|user|>", "<|assistant|>", "<|end|>", "<|endofprompt|>"]
        #expect(FamilyTemplate.certain(.phi3, try Self.tokenizer(phi)) == nil)
        let glm = ["[gMASK]", "<sop>", "<|user|>", "<|assistant|>"]
        #expect(FamilyTemplate.certain(.glm4, try Self.tokenizer(glm)) == nil)
    }

    @Test("A format of one family is not taken for that of another")
    func otherFamily() throws {
        let gemma = try Self.tokenizer(["<start_of_turn>", "<end_of_turn>"])
        #expect(FamilyTemplate.certain(.llama, gemma) == nil)
        let phi = try Self.tokenizer(["<|user|>", "<|assistant|>", "<|end|>"])
        #expect(FamilyTemplate.certain(.olmo2, phi) == nil)
        #expect(FamilyTemplate.certain(.llama, try Self.tokenizer(["[INST]", "[/INST]"])) == nil)
    }
}
