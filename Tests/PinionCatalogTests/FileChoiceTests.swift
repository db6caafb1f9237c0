import PinionCatalog
import Testing

@Suite("Choosing a repository's files")
struct FileChoiceTests {
    private static let folder = [
        "config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors", "README.md",
        "consolidated.safetensors",
        "original/params.json", "additional_chat_templates/tools.jinja",
    ]

    @Test(
        "Without a quantisation the first of the stated ones is taken",
        arguments: [
            (["m-Q8_0.gguf", "m-Q4_K_M.gguf", "m-F16.gguf"], "m-Q4_K_M.gguf"),
            (["m-q8_0.gguf", "m.q5_k_m.gguf"], "m.q5_k_m.gguf"),
            (["m-f16.gguf", "m-BF16.gguf"], "m-BF16.gguf"),
            (["m-Q4_0_4_4.gguf", "m-IQ4_NL.gguf", "m_Q8_0.gguf"], "m_Q8_0.gguf"),
            (["Q6_K/m.gguf", "Q8_0/m.gguf"], "Q6_K/m.gguf"),
            (["only.gguf", "mmproj-Q4_K_M.gguf", "m.imatrix.gguf"], "only.gguf"),
            (["m-IQ3_S.gguf", "m.mmproj-Q8_0.gguf", "m-mmproj-f16.gguf"], "m-IQ3_S.gguf"),
            (["m-Q8_0.gguf"] + folder, "m-Q8_0.gguf"),
        ])
    func automatic(names: [String], chosen: String) throws {
        let choice = try FileChoice(.automatic, from: Self.files(names), source: "hf:a/b")
        #expect(choice.entry == chosen)
        #expect(choice.files.map(\.name) == [chosen])
    }

    @Test("A quantisation is a word of the name, in letters of any case")
    func named() throws {
        let files = Self.files(["m-Q4_K_M.gguf", "m-Q4_K_S.gguf", "m-UD-Q4_K_XL.gguf", "m-IQ4_XS.gguf"])
        #expect(try FileChoice(.quantisation("q4_k_s"), from: files, source: "").entry == "m-Q4_K_S.gguf")
        #expect(try FileChoice(.quantisation("UD-Q4_K_XL"), from: files, source: "").entry == "m-UD-Q4_K_XL.gguf")
        for label in ["Q4_K", "Q4", "4_K_M", "K_M", "XS", "S", "Q8_0"] {
            let error = #expect(throws: CatalogError.self) {
                try FileChoice(.quantisation(label), from: files, source: "hf:a/b")
            }
            #expect(error?.code == .notFound)
            #expect(error?.message.contains("m-IQ4_XS.gguf") == true)
        }
    }

    @Test("Several files of one quantisation are named and none is guessed")
    func ambiguous() {
        let files = Self.files(["a-Q4_0.gguf", "b-Q4_0.gguf", "a-Q8_0.gguf"])
        let error = #expect(throws: CatalogError.self) { try FileChoice(.automatic, from: files, source: "hf:a/b") }
        #expect(error?.code == .unsuitable)
        #expect(error?.message.contains("'a-Q4_0.gguf', 'b-Q4_0.gguf'") == true)
    }

    @Test("All shards come, in order, whichever was named")
    func shards() throws {
        let shards = (1...3).map { "d/m-Q4_0-0000\($0)-of-00003.gguf" }
        let files = Self.files(shards.reversed() + ["m-Q8_0.gguf", "d/m-Q4_0-00001-of-00002.gguf"])
        for selection in [HubRepository.Selection.path(shards[0]), .path(shards[1])] {
            #expect(try FileChoice(selection, from: files, source: "").files.map(\.name) == shards)
        }
        let error = #expect(throws: CatalogError.self) {
            try FileChoice(.path("d/m-Q4_0-00001-of-00002.gguf"), from: files, source: "hf:a/b")
        }
        #expect(error?.message.contains("of the 2 shards") == true)
        let twice = Self.files(["m-00001-of-00002.gguf", "M-00001-of-00002.gguf"])
        #expect(throws: CatalogError.self) { try FileChoice(.automatic, from: twice, source: "") }
    }

    @Test("Of a folder come what the reader reads, and nothing else")
    func folders() throws {
        let choice = try FileChoice(.automatic, from: Self.files(Self.folder), source: "")
        #expect(choice.entry.isEmpty && choice.index == nil)
        #expect(
            choice.files.map(\.name) == [
                "config.json", "tokenizer.json", "tokenizer_config.json", "additional_chat_templates/tools.jinja",
                "model.safetensors",
            ])
        let below = try FileChoice(.path("sub"), from: Self.files(Self.folder.map { "sub/" + $0 }), source: "")
        #expect(below.entry == "sub" && below.files.count == 5)
    }

    @Test("Weights in several files are left to their index")
    func index() throws {
        let names = [
            "config.json", "tokenizer.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors",
        ]
        let choice = try FileChoice(.automatic, from: Self.files(names), source: "")
        #expect(choice.index?.name == "model.safetensors.index.json")
        #expect(choice.files.map(\.name) == ["config.json", "tokenizer.json"])
    }

    @Test(
        "A repository that is no model says what it lacks",
        arguments: [
            ([], "config.json"), (["config.json", "model.safetensors"], "tokenizer.json"),
            (["config.json", "tokenizer.json", "pytorch_model.bin"], "'pytorch_model.bin'"),
            (["mmproj-Q4_0.gguf"], "expected a GGUF file"),
        ])
    func nothing(names: [String], words: String) {
        let error = #expect(throws: CatalogError.self) {
            try FileChoice(.automatic, from: Self.files(names), source: "hf:a/b")
        }
        #expect(error?.code == .unsuitable)
        #expect(error?.message.contains(words) == true)
    }

    @Test("A chosen name that leaves the store is refused, one that is not chosen does no harm")
    func hostileNames() throws {
        let error = #expect(throws: CatalogError.self) {
            try FileChoice(.automatic, from: Self.files(["../m-Q4_0.gguf"]), source: "")
        }
        #expect(error?.code == .hostileName)
        #expect(try FileChoice(.automatic, from: Self.files(["../x", "m-Q4_0.gguf"]), source: "").files.count == 1)
    }

    private static func files(_ names: [String]) -> [RemoteFile] {
        names.map { RemoteFile(name: $0, size: 10, hash: nil) }
    }
}
