import PinionTokenizer
import Testing

@Suite("Files of a folder")
struct TokenizerFilesTests {
    /// A vocabulary of pairs with the given sections.
    private static func files(
        vocabulary: String = #"{"<s>":0,"</s>":1,"<unk>":2,"a":3,"b":4,"ab":5,"▁":6,"▁a":7,"<x>":8}"#,
        merges: String = #"["a b","▁ a"]"#, model: String = "", added: String = "[]", sections: String = "",
        configuration: String? = nil, specialTokens: String? = nil
    ) -> TokenizerFiles {
        let text =
            #"{"version":"1.0","added_tokens":"# + added + sections
            + #","model":{"type":"BPE","vocab":"# + vocabulary + #","merges":"# + merges + model + "}}"
        return TokenizerFiles(
            tokenizer: Array(text.utf8), configuration: configuration.map { Array($0.utf8) },
            specialTokens: specialTokens.map { Array($0.utf8) })
    }

    private static func tokenizer(_ files: TokenizerFiles) throws -> Tokenizer {
        try Tokenizer(TokenizerDescription(files))
    }

    private static let special =
        #"[{"id":0,"content":"<s>","special":true},{"id":1,"content":"</s>","special":true}]"#
    private static let template =
        #","post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},"#
        + #"{"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[0],"tokens":["<s>"]}}}"#

    @Test("Merges written as strings and as pairs are the same")
    func mergesBothWays() throws {
        let strings = try Self.tokenizer(Self.files())
        let pairs = try Self.tokenizer(Self.files(merges: #"[["a","b"],["▁","a"]]"#))
        #expect(strings.encode("abba▁ab") == [5, 4, 3, 6, 5])
        #expect(pairs.encode("abba▁ab") == strings.encode("abba▁ab"))
    }

    @Test("A template puts its tokens around a text, and never twice")
    func surrounds() throws {
        let tokenizer = try Self.tokenizer(Self.files(added: Self.special, sections: Self.template))
        #expect(tokenizer.prefix == [0] && tokenizer.suffix == [])
        #expect(tokenizer.beginToken == 0 && tokenizer.addsBeginToken)
        #expect(tokenizer.surrounded(tokenizer.encode("ab")) == [0, 5])
        #expect(tokenizer.surrounded([0, 5]) == [0, 5])
        #expect(tokenizer.surrounded([]) == [0])
    }

    @Test("The configuration's flags count before the post-processor")
    func configurationFirst() throws {
        let off = try Self.tokenizer(
            Self.files(
                added: Self.special, sections: Self.template,
                configuration: #"{"add_bos_token":false,"bos_token":"<s>","eos_token":{"content":"</s>"}}"#))
        #expect(off.prefix == [] && off.beginToken == 0 && off.endToken == 1)
        #expect(!off.addsBeginToken)
        let end = try Self.tokenizer(
            Self.files(
                added: Self.special, sections: Self.template, configuration: #"{"add_eos_token":true}"#,
                specialTokens: #"{"eos_token":"</s>","bos_token":null}"#))
        #expect(end.prefix == [] && end.suffix == [1])
        #expect(end.surrounded([5, 1]) == [5, 1])
    }

    @Test("Ends that another file names end a generation, and no request can forge them")
    func furtherEnds() throws {
        var description = try TokenizerDescription(Self.files())
        description.addEndTokens([8, 99, -1])
        let tokenizer = try Tokenizer(description)
        #expect(tokenizer.endOfGenerationTokens == [8])
        #expect(tokenizer.isControl(8) && !tokenizer.encode("<x>").contains(8))
    }

    @Test("Canonically equal texts are different tokens")
    func comparesBytes() throws {
        let tokenizer = try Self.tokenizer(
            Self.files(
                vocabulary: #"{"é":0,"e\u0301":1,"e":2,"\u0301":3}"#, merges: #"["e \u0301"]"#,
                sections: #","decoder":{"type":"Fuse"}"#))
        #expect(tokenizer.encode("\u{E9}") == [0])
        #expect(tokenizer.encode("e\u{301}") == [1])
        #expect(tokenizer.bytes(of: 1) == Array("e\u{301}".utf8))
        #expect(tokenizer.token(forText: "e\u{301}") == 1 && tokenizer.token(forText: "\u{E9}") == 0)
    }

    @Test("A token of a request's text is never a control token, whatever its flags")
    func requestNeverForges() throws {
        let added =
            #"[{"id":0,"content":"<s>","special":true,"lstrip":true,"rstrip":true},"#
            + #"{"id":8,"content":"<x>","special":true,"normalized":true,"single_word":false}]"#
        let tokenizer = try Self.tokenizer(
            Self.files(added: added, sections: #","normalizer":{"type":"Lowercase"}"#))
        for text in ["<s>", "<x>", "<X>", " <s> ", "a<x>b"] {
            #expect(!tokenizer.encode(text).contains { [0, 8].contains($0) }, "\(text)")
        }
        #expect(tokenizer.encode("a <s> b<x>", parsingSpecialTokens: true) == [3, 0, 4, 8])
        let spans = [TextSpan("<s> ", origin: .template), TextSpan(" <x>a", origin: .request)]
        #expect(tokenizer.encode(spans) == [0, 3])
    }

    @Test("The unknown token is made of text unless it has another meaning")
    func unknown() throws {
        let plain = try Self.tokenizer(Self.files(model: #","unk_token":"<unk>","fuse_unk":true"#))
        #expect(plain.encode("aééb") == [3, 2, 4])
        #expect(plain.unknownToken == 2 && plain.isControl(2))
        let shared = try Self.tokenizer(
            Self.files(
                model: #","unk_token":"</s>""#, added: Self.special, configuration: #"{"eos_token":"</s>"}"#))
        // What is left out leaves neighbours that merge.
        #expect(shared.encode("aéb") == [5])
    }

    @Test("Tokens beyond the vocabulary and gaps between ids are taken")
    func gaps() throws {
        let tokenizer = try Self.tokenizer(
            Self.files(
                added: #"[{"id":12,"content":"<y>","special":false,"normalized":false}]"#,
                configuration: ##"{"added_tokens_decoder":{"14":{"content":"<z>","special":true}}}"##))
        #expect(tokenizer.vocabularyCount == 15)
        #expect(tokenizer.encode("a<y>b<z>", parsingSpecialTokens: true) == [3, 12, 4, 14])
        #expect(tokenizer.bytes(of: 10) == [] && tokenizer.isControl(14) && !tokenizer.isControl(12))
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        var words: [String]
        var files: TokenizerFiles
        var testDescription: String { words.joined(separator: " ") }
    }

    static let faults: [Fault] = [
        Fault(words: ["tokenizer.json", "empty"], files: TokenizerFiles(tokenizer: [])),
        Fault(words: ["tokenizer.json", "an object"], files: TokenizerFiles(tokenizer: Array("[]".utf8))),
        Fault(words: ["model.vocab"], files: TokenizerFiles(tokenizer: Array("{}".utf8))),
        Fault(words: ["'a'", "'b'", "same id, 3"], files: files(vocabulary: #"{"a":3,"b":3}"#)),
        Fault(words: ["id -1"], files: files(vocabulary: #"{"a":-1}"#)),
        Fault(words: ["id 3999999", "below"], files: files(vocabulary: #"{"a":3999999}"#)),
        Fault(words: ["no integer"], files: files(vocabulary: #"{"a":1.5}"#)),
        Fault(words: ["merge 0", "3 pieces"], files: files(merges: #"[["a","b","c"]]"#)),
        Fault(words: ["merge 1", "'ab'"], files: files(merges: #"["a b","ab"]"#)),
        Fault(words: ["merge 0", "'z'"], files: files(merges: #"["z a"]"#)),
        Fault(words: ["end_of_word_suffix"], files: files(model: #","end_of_word_suffix":"</w>""#)),
        Fault(words: ["dropout"], files: files(model: #","dropout":0.1"#)),
        Fault(
            words: ["pre_tokenizer", "UnicodeScripts"],
            files: files(sections: #","pre_tokenizer":{"type":"UnicodeScripts"}"#)),
        Fault(
            words: ["pre_tokenizer.pretokenizers[1]", "Fancy"],
            files: files(
                sections:
                    #","pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Fancy"}]}"#
            )),
        Fault(
            words: ["pattern", "look-behind"],
            files: files(
                sections:
                    #","pre_tokenizer":{"type":"Split","behavior":"Isolated","invert":false,"pattern":{"Regex":"(?<=a)b"}}"#
            )),
        Fault(
            words: ["empty text"],
            files: files(
                sections:
                    #","pre_tokenizer":{"type":"Metaspace","replacement":"","prepend_scheme":"always","split":true}"#)),
        Fault(
            words: ["normalizer.content", "65 bytes", "64"],
            files: files(
                sections: #","normalizer":{"type":"Replace","pattern":{"String":"a"},"content":""#
                    + String(repeating: "x", count: 65) + #""}"#)),
        Fault(words: ["normalizer", "no 'type'"], files: files(sections: #","normalizer":{}"#)),
        Fault(words: ["decoder", "CTC"], files: files(sections: #","decoder":{"type":"CTC"}"#)),
        Fault(words: ["post_processor", "token 99"], files: files(sections: template.replacing("[0]", with: "[99]"))),
        Fault(words: ["<y>", "id 3", "'a'"], files: files(added: #"[{"id":3,"content":"<y>"}]"#)),
        Fault(words: ["tokenizer_config.json", "bos_token"], files: files(configuration: #"{"bos_token":5}"#)),
        Fault(words: ["special_tokens_map.json", "byte 0"], files: files(specialTokens: "x")),
    ]

    @Test("Files that cannot be used are refused with what was found", arguments: faults)
    func refusesFaults(fault: Fault) {
        #expect {
            try Self.tokenizer(fault.files)
        } throws: { error in
            guard let error = error as? TokenizerError else { return false }
            return error.code == .invalid && fault.words.allSatisfy(error.message.contains)
        }
    }
}

extension String {
    fileprivate func replacing(_ text: String, with replacement: String) -> String {
        split(separator: text, omittingEmptySubsequences: false).joined(separator: replacement)
    }
}
