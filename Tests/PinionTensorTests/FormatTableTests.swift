import CPinionKernels
import PinionTensor
import Testing

@Suite("Table of formats")
struct FormatTableTests {
    @Test("Every tensor type has a row of its own, and every row a type")
    func rows() {
        let types = (0..<PN_FORMAT_COUNT.rawValue).map {
            TensorType(rawValue: pn_traits_of_format(.init($0)).pointee.file_type)
        }
        #expect(types.allSatisfy { $0 != nil })
        #expect(Set(types) == Set(TensorType.allCases.map(Optional.init)))
        #expect(pn_format_of_file_type(9) == PN_FORMAT_COUNT)
    }

    @Test("A packed unit holds its blocks' quants before its scales, and ends on a whole cache line")
    func units() {
        for index in 0..<PN_FORMAT_COUNT.rawValue {
            let traits = pn_traits_of_format(.init(index)).pointee
            guard traits.bits > 0 else { continue }
            let blocks = traits.layout.columns / Int(PN_BLOCK_COLUMNS)
            #expect(traits.layout.block_bytes == Int(PN_GROUP_ROWS * PN_BLOCK_COLUMNS) * Int(traits.bits) / 8)
            #expect(traits.layout.scales == blocks * traits.layout.block_bytes)
            #expect(traits.layout.bytes % 64 == 0)
            #expect(traits.layout.columns % traits.file_elements == 0)
        }
    }
}
