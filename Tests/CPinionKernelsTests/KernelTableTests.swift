import CPinionKernels
import Testing

@Suite("Kernel tables")
struct KernelTableTests {
    @Test("Every table that exists here carries its own name", arguments: Variant.all)
    func names(_ variant: Variant) {
        #expect(String(cString: variant.table.name) == variant.name)
    }

    @Test("The portable kernels exist everywhere and the best ones are among the named")
    func best() throws {
        #expect(pn_kernels_named("portable") != nil)
        let best = try #require(pn_kernels_best())
        #expect(pn_kernels_named(best.pointee.name) == best)
    }

    @Test("An unknown name has no kernels", arguments: ["", "AVX2", "avx", "portable ", "neon-something"])
    func unknown(_ name: String) {
        #expect(pn_kernels_named(name) == nil)
    }
}
