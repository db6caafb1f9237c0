import Foundation
import PinionCatalog
import Testing

@Suite("Catalog and data directory")
struct CatalogTests {
    @Test("Every entry has a plain id, a digest and a pinned package")
    func entries() throws {
        #expect(ModelCatalog.all.contains(ModelCatalog.defaultModel))
        #expect(Set(ModelCatalog.all.map(\.id)).count == ModelCatalog.all.count)
        for model in ModelCatalog.all {
            #expect(try CatalogName(model.id).components.count >= 2)
            #expect(model.sha256.wholeMatch(of: /[0-9a-f]{64}/) != nil)
            #expect(model.requirement.contains("=="))
            #expect(model.size > 0)
            #expect(model.member.hasSuffix(model.fileName))
        }
    }

    @Test("A model is found by its id and by its bare name")
    func find() throws {
        #expect(try ModelCatalog.find("smollm2/135m-instruct").id == "smollm2/135m-instruct")
        #expect(try ModelCatalog.find("smollm2").id == "smollm2/135m-instruct")
    }

    @Test("An unknown name is answered with the known ones", arguments: ["smol", "smollm2/", "smollm2/9b", "gpt-4"])
    func unknown(name: String) throws {
        let error = #expect(throws: CatalogError.self) { try ModelCatalog.find(name) }
        if !name.hasSuffix("/") {
            #expect(error?.code == .unknownModel)
            #expect(error?.message.contains("smollm2/135m-instruct") == true)
        }
    }

    @Test(
        "A name that is no plain relative path is refused",
        arguments: [
            "", "/", "..", "a/..", "../a", "a/../b", "/a", "a/", "a//b", ".a", "a/.b", "A", "a b", "a\\b", "a\u{0}b",
            "é", "a/b/c/d/e", String(repeating: "a", count: CatalogName.maximumComponentLength + 1),
        ])
    func invalidNames(name: String) {
        let error = #expect(throws: CatalogError.self) { try CatalogName(name) }
        #expect(error?.code == .invalidName)
    }

    @Test("The data directory comes from the flag, the variable, XDG, then home")
    func precedence() {
        var environment = ["HOME": "/h", "XDG_DATA_HOME": "/x", "PINION_DATA_DIR": "/p"]
        #expect(DataDirectory("/given", environment: environment).path == "/given")
        #expect(DataDirectory(nil, environment: environment).path == "/p")
        environment["PINION_DATA_DIR"] = ""
        #expect(DataDirectory(nil, environment: environment).path == "/x/pinion")
        environment["XDG_DATA_HOME"] = "relative"
        #expect(DataDirectory(nil, environment: environment).path == "/h/.local/share/pinion")
        environment["XDG_DATA_HOME"] = nil
        #expect(DataDirectory(nil, environment: environment).path == "/h/.local/share/pinion")
    }

    @Test("A relative data directory is taken from the current one")
    func relative() {
        let here = FileManager.default.currentDirectoryPath
        #expect(DataDirectory("some/where", environment: [:]).path == here + "/some/where")
    }

    @Test("A created data directory belongs to its owner alone")
    func mode() throws {
        let root = try TemporaryDirectory()
        let data = DataDirectory(root.path + "/a/b")
        try data.create()
        try data.create()
        let attributes = try FileManager.default.attributesOfItem(atPath: data.path)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
    }

    @Test("The digest of a file is that of its bytes")
    func digest() throws {
        let root = try TemporaryDirectory()
        let path = root.path + "/abc"
        try Data("abc".utf8).write(to: URL(fileURLWithPath: path))
        // FIPS 180-4, appendix: the one-block example.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(try FileDigest.sha256(ofFile: path) == expected)
        let error = #expect(throws: CatalogError.self) { try FileDigest.sha256(ofFile: root.path + "/none") }
        #expect(error?.message.contains(root.path + "/none") == true)
    }
}
