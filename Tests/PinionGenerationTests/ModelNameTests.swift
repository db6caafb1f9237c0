import Foundation
import PinionGeneration
import PinionModelFiles
import Testing

@Suite("Model name")
struct ModelNameTests {
    /// A GGUF file of string metadata and no tensors.
    private static func name(_ metadata: [String: String], file: String = "some file.gguf") throws -> ModelName {
        var bytes = Data("GGUF".utf8)
        func append(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        func append(_ text: String) {
            append(UInt64(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
        append(UInt32(3))
        append(UInt64(0))
        append(UInt64(metadata.count))
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            append("general.\(key)")
            append(UInt32(8))
            append(value)
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = folder.appending(path: file)
        try bytes.write(to: url)
        return ModelName(try ModelPackage(path: url.path(percentEncoded: false)).naming)
    }

    @Test("Base name, size, fine-tune and version make name and version")
    func parts() throws {
        let full = try Self.name([
            "basename": "SmolLM2", "name": "ignored", "size_label": "135M", "finetune": "Instruct", "version": "v1.5",
        ])
        #expect(full.description == "smollm2/135m-instruct-v1.5")
        #expect(try Self.name(["name": "Tiny Llama"]).description == "tiny-llama/default")
        #expect(try Self.name([:]).description == "some-file/default")
        #expect(try Self.name([:], file: "….gguf").description == "model/default")
    }

    @Test(
        "Whatever a file calls itself, its name can stand in a URL, a path and a shell",
        arguments: [
            "../../etc/passwd", "..", ".", "/", "", "---", "a b\tc\nd", "$(rm -rf ~)", "`id`;|&<>", "模型", "ÀÉÎ",
            "İstanbul",
            "x\0y", "\u{202E}gnp.exe", "%2e%2e%2f", "-rf", ".hidden", "A_B-C.D", "trailing.",
            String(repeating: "x", count: 9_999),
            String(repeating: "-.", count: 5_000), "\u{FF0E}\u{FF0E}\u{FF0F}",
        ])
    func sanitised(_ text: String) throws {
        let name = try Self.name(["basename": text, "finetune": text])
        for part in [name.name, name.version] {
            #expect(!part.isEmpty && part.utf8.count <= 64)
            #expect(part.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789._-".utf8.contains($0) }, "\(part)")
            #expect(!part.hasPrefix(".") && !part.hasPrefix("-") && !part.hasSuffix(".") && !part.hasSuffix("-"))
        }
    }
}
