import Foundation
import PinionTensor
import TestSupport
import Testing

/// Folders of eight-bit floats, in the three ways in which factors are stored, against transformers.
@Suite("Eight-bit folders against transformers")
struct Float8OracleTests {
    @Test("There is a fixture of every way to store factors")
    func fixtures() throws {
        let ways = try FamilyFixture.float8Names.map { try FamilyFixture.named($0).float8?.way }
        #expect(Set(ways) == [.blocks, .tensor, .rows])
    }

    @Test("The logits of eight-bit floats are the oracle's", arguments: FamilyFixture.float8Names)
    func logits(_ name: String) throws {
        let fixture = try FamilyFixture.named(name)
        let expected = try fixture.logits("logits-float8.f32")
        // Other weights than those of the model's other folders, and so another spread.
        let spread = FamilyOracleTests.deviation(expected)
        try FamilyOracleTests.inTemporaryPlace { url in
            try fixture.writeFloat8(to: url)
            let model = try ModelFixtures.load(
                url.path(percentEncoded: false), kernels: .forThisMachine(), workers: 2)
            for cacheType in [KVCache.ElementType.f32, .f16] {
                let found = try FamilyOracleTests.rows(model, cacheType: cacheType)
                try FamilyOracleTests.check(name, "folder F8_E4M3", cacheType, found, expected, deviation: spread)
            }
        }
        let others = FamilyOracleTests.errors(try fixture.logits(), expected, deviation: spread)
        #expect(others.mean > 0.1, "the fixture's weights are those of the other folders: \(others)")
    }
}
