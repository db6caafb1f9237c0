/// One block of 256 weights as the packed format ``TensorType/coded`` has it in place of a file.
///
/// A float that scales all, 16 bytes of what the codes stand for, 16 signed bytes that scale 16 columns each, and nibbles:
/// for each 32 columns 16 bytes with columns 0-15 in the low and 16-31 in the high ones.
struct CodedBlock {
    static let scale = 0
    static let values = 4
    static let subscales = 20
    static let nibbles = 36

    private let bytes: UnsafeMutableRawPointer

    /// Clears a block, which has room at `bytes` for what the table of formats says.
    init(at bytes: UnsafeMutableRawPointer, type: CodedType, scale: Float) {
        self.bytes = bytes
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: TensorType.coded.blockBytes)
        bytes.storeBytes(of: scale, toByteOffset: Self.scale, as: Float.self)
        bytes.storeBytes(of: type.values, toByteOffset: Self.values, as: SIMD16<UInt8>.self)
    }

    /// Scales columns 16 j and up.
    func setSubscale(_ j: Int, _ value: UInt8) {
        bytes.storeBytes(of: Int8(value), toByteOffset: Self.subscales + j, as: Int8.self)
    }

    /// Scales columns 32 j and up.
    func setSubscales(ofBlock j: Int, _ value: UInt8) {
        setSubscale(2 * j, value)
        setSubscale(2 * j + 1, value)
    }

    /// The codes of columns 8 i and up, the first in the lowest byte.
    func setCodes(_ i: Int, _ codes: UInt64) {
        let offset = Self.nibbles + i / 4 * 16 + i % 2 * 8
        let others = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        // The second half of a block of 32 has the high nibbles.
        let placed = i % 4 < 2 ? codes : codes &<< 4
        bytes.storeBytes(of: (others | placed.littleEndian), toByteOffset: offset, as: UInt64.self)
    }

    func setCode(column: Int, _ code: UInt8) {
        let offset = Self.nibbles + column / 32 * 16 + column % 16
        let other = bytes.load(fromByteOffset: offset, as: UInt8.self)
        bytes.storeBytes(of: other | (column % 32 < 16 ? code : code << 4), toByteOffset: offset, as: UInt8.self)
    }
}
