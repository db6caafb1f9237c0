import Foundation
import PinionCommand
import PinionModelFiles
import TestSupport
import Testing

/// What a token costs, from the numbers of a model's configuration.
@Suite("The work of a token")
struct TokenWorkTests {
    private static let vocabulary = FamilyFixture.vocabulary

    private func work(_ name: String, prompt: Int, _ spelling: FamilyFixture.Spelling) throws -> TokenWork {
        let folder = FileManager.default.temporaryDirectory.appending(path: "work-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FamilyFixture.named(name).write(spelling, .f32, to: folder)
        return try TokenWork(ModelPackage(path: folder.path(percentEncoded: false)), prompt: prompt)
    }

    /// Three layers of width 96, six heads of 32 for queries and two for keys, and nine experts of 48, three a token.
    @Test("Of experts only those that a token takes", arguments: [FamilyFixture.Spelling.old, .new])
    func experts(_ spelling: FamilyFixture.Spelling) throws {
        let found = try work("qwen3moe-a", prompt: 5, spelling)
        let keys = 2 * 96 * 2 * 32
        let attention = 2 * 96 * 6 * 32 + keys
        let experts = 3 * 3 * 48 * 96
        let layer = attention + 9 * 96 + experts
        #expect(found.multiplyAdds == 3 * layer + Self.vocabulary * 96)
        #expect(found.promptMultiplyAdds == 2 * layer + keys)
        #expect(found.weightBytes == 4 * found.multiplyAdds)
        #expect(found.expertBytes == 4 * 3 * experts)
        #expect(found.allExpertBytes == 3 * found.expertBytes)
        // Five tokens see 1 to 5 of them: 3 on average.
        #expect(found.promptAttentionMultiplyAdds == 2 * 2 * 6 * 32 * 3)
    }

    /// Four layers of width 256, eight heads of 64 for queries and two for keys, and eight experts of 256, two a token.
    @Test("Experts in MXFP4 are counted as weights, with the exponents of their blocks and without biases")
    func splitExperts() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "work-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FamilyFixture.named("gptoss-b").writeMXFP4(to: folder)
        let found = try TokenWork(ModelPackage(path: folder.path(percentEncoded: false)), prompt: 5)
        let attention = 2 * 256 * (8 + 2) * 64
        let experts = 2 * 3 * 256 * 256
        #expect(found.multiplyAdds == 4 * (attention + 8 * 256 + experts) + Self.vocabulary * 256)
        // 17 bytes for 32 weights.
        #expect(found.expertBytes == 4 * experts / 32 * 17)
        #expect(found.allExpertBytes == 4 * found.expertBytes)
        #expect(found.weightBytes == 2 * (found.multiplyAdds - 4 * experts) + found.expertBytes)
    }

    /// Seven layers, of which the sixth has no window of 32.
    @Test("Of attention only what a window lets a token see")
    func window() throws {
        let found = try work("gemma3-a", prompt: 64, .new)
        let whole = 64 * 65 / 2
        let windowed = 32 * 33 / 2 + 32 * 32
        #expect(found.promptAttentionMultiplyAdds == 2 * 6 * 32 * (5 * windowed + whole) / 64)
        #expect(found.expertBytes == 0 && found.allExpertBytes == 0)
    }
}
